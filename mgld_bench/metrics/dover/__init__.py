"""DOVER: the quality of a whole clip without reference, from a technical and an aesthetic view of it.

`variants` defines its scores, `views` makes the two views from the frames as they come, `metric` runs the networks on them.

For use from outside:

- `variants` (`variants`): the family's table for the catalogue; imports no torch
"""

"""Metrics that compare how a restored clip and the ground truth change over time: tOF, tLP, frame difference.

For use from outside:

- `variants` (`variants`): the family's table for the catalogue; imports no torch
"""

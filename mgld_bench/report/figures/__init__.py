"""Figures of scores and strips of frames.

For use from outside:

- `write_pictures`, `Picture` (`pictures`): draw and write every figure that the report card names
"""

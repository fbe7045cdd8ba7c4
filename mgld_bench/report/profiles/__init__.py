"""Temporal profiles for the page: rows and columns of pixels over time, of every side of a clip.

For use from outside:

- `draw_profiles` (`write`): the profiles of a report's clips
"""

"""Metrics without reference that rest on the statistics of natural scenes: NIQE, BRISQUE.

For use from outside:

- `variants` (`niqe`, `brisque`): each family's table for the catalogue; imports no torch
- `load_model` (`statistics`): the models of LIVE that ship with the package
"""

"""Metrics without reference and without a network: NIQE, BRISQUE (statistics of natural scenes), CAMBI (banding).

For use from outside:

- `variants` (`niqe`, `brisque`, `cambi`): each family's table for the catalogue; imports no torch
- `load_model` (`statistics`): the models of LIVE that ship with the package
"""

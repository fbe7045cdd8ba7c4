"""Metrics that run a network on each frame: LPIPS, DISTS, MUSIQ.

For use from outside:

- `variants` (`lpips`, `dists`, `musiq`): each family's table for the catalogue; imports no torch
- `load_lpips`, `load_dists` (`feature_distance`): the networks with their weights
"""

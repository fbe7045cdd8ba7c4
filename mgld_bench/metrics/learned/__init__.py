"""Metrics of a network, frame by frame: LPIPS, DISTS, MUSIQ."""

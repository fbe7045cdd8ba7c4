"""Metrics of warped neighbours: warping error and its relatives, with any flow network."""

"""Metrics: clips to scores, and the scoring pass."""

"""Temporal metrics against the ground truth: tOF, tLP, frame difference."""

"""Methods: LR clip to restored clip."""

"""The degradation: operators, plans that are drawn from a seed, video compression."""

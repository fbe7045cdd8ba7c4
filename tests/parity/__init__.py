"""Our networks, metrics and pipelines beside golden outputs of the authors' code."""

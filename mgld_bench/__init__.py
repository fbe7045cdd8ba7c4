"""mgld_bench: judges real-world video super-resolution."""

from mgld_bench.api import degrade, load_card, restore, run, score

__all__ = ["degrade", "load_card", "restore", "run", "score"]

"""mgld_bench: judges real-world video super-resolution."""

from importlib.metadata import version

from mgld_bench.api import compare, degrade, gate_outcome, load_card, restore, run, score

__all__ = ["__version__", "compare", "degrade", "gate_outcome", "load_card", "restore", "run", "score"]

__version__ = version("mgld-bench")

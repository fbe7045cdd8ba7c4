"""mgld_bench: judges real-world video super-resolution."""

from mgld_bench.api import compare, degrade, gate_outcome, load_card, restore, run, score

__all__ = ["__version__", "compare", "degrade", "gate_outcome", "load_card", "restore", "run", "score"]

__version__: str


def __getattr__(name: str) -> str:
    """``__version__``, looked up once somebody asks: until then, no signal would end the program in one line."""
    if name != "__version__":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib.metadata import version

    return version("mgld-bench")

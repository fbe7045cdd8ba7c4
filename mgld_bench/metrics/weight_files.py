"""The weight files that metrics use: weights.yaml beside this file."""

from __future__ import annotations

from functools import lru_cache
from importlib import resources

import yaml
from pydantic import TypeAdapter

from mgld_bench.cards.schemas import WeightFile


@lru_cache(maxsize=1)
def weight_files() -> dict[str, WeightFile]:
    """Every weight file of the suite's own metrics, by name."""
    text = (resources.files("mgld_bench.metrics") / "weights.yaml").read_text(encoding="utf-8")
    return TypeAdapter(dict[str, WeightFile]).validate_python(yaml.load(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader)))


def weight_file(name: str) -> WeightFile:
    """The weight file of this name. Raises KeyError where weights.yaml has no such entry."""
    return weight_files()[name]

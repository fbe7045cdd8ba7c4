"""Where the cards are that come with the suite."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from mgld_bench.errors import InputError


@lru_cache(maxsize=1)
def shipped_folder() -> Path:
    """The folder of the cards that come with the suite: inside the installed package, or in the checkout."""
    here = Path(__file__).resolve().parent
    for folder in (here / "shipped", here.parents[1]):
        if (folder / "baselines").is_dir() and (folder / "datasets").is_dir():
            return folder
    raise InputError(f"{here}: the shipped cards are missing; reinstall the package")

from __future__ import annotations

from pathlib import Path

import pytest

from mgld_bench.cards.schemas import DegradationCard
from mgld_bench.clips.clip import ArrayClip
from mgld_bench.pairs.build import build_pair
from tests.helpers.pair_fixtures import *  # noqa: F403 - pytest finds fixtures by their names here


@pytest.fixture
def built(bunny: ArrayClip, mgld: DegradationCard, tmp_path: Path) -> Path:
    """A folder with the built pair ``bunny``."""
    build_pair(bunny, "demo", "bunny", mgld, tmp_path / "pairs", "key-1")
    return tmp_path / "pairs"

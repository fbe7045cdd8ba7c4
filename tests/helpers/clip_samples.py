"""Frames with structure, and an ffmpeg that is run past the package."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import imageio_ffmpeg
import numpy as np
import numpy.typing as npt

Frames = npt.NDArray[np.uint8]
Make = Callable[..., Path]


def make_frames(count: int = 4, height: int = 24, width: int = 32, seed: int = 0) -> Frames:
    """Blocks of random colours: every frame, row and column differs from the others."""
    blocks = np.random.default_rng(seed).integers(0, 256, (count, -(-height // 4), -(-width // 4), 3), dtype=np.uint8)
    return np.ascontiguousarray(blocks.repeat(4, axis=1).repeat(4, axis=2)[:, :height, :width])


def run_ffmpeg(*arguments: str | Path) -> bytes:
    """The standard output of a plain ffmpeg command."""
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-nostdin", "-y", *map(str, arguments)]
    return subprocess.run(command, check=True, capture_output=True).stdout

"""What a pair was made with, and on what."""

from __future__ import annotations

import platform
import re
from functools import lru_cache
from pathlib import Path

import cv2
import ffmpeg
import numpy as np
import scipy

from mgld_bench.clips.ffmpeg import ffmpeg_identity, running_ffmpeg


@lru_cache(maxsize=1)
def made_with() -> dict[str, str]:
    """The versions of everything that has an influence on the frames. The encoders are those of ffmpeg_sha256."""
    identity = ffmpeg_identity()
    return {
        "numpy": np.__version__,
        "scipy": scipy.__version__,
        "opencv": cv2.__version__,
        "libjpeg": _libjpeg(),
        "ffmpeg": identity.version,
        "ffmpeg_sha256": identity.sha256,
        "x264": x264_build(),
    }


def made_on() -> dict[str, str]:
    """The machine, for the reader. Without the time, so that the same machine builds the same side file again."""
    return {
        "system": platform.platform(),
        "machine": platform.machine(),
        "cpu": _cpu(),
        "cpu_features": cv2.getCPUFeaturesLine(),
        "python": platform.python_version(),
    }


@lru_cache(maxsize=1)
def x264_build() -> str:
    """The x264 inside ffmpeg, e.g. "core 165 r3222", as it writes itself into a stream."""
    black = ffmpeg.input("color=black:size=16x16:rate=1", format="lavfi")
    with running_ffmpeg(ffmpeg.output(black, "pipe:", format="h264", vcodec="libx264", vframes=1)) as running:
        stream = running.stdout.read()
        running.finish()
    found = re.search(rb"x264 - (core \d+(?: r\w+)?)", stream)
    return found.group(1).decode() if found else "unknown"


def _libjpeg() -> str:
    found = re.search(r"^\s*JPEG:\s*(.+?)\s*$", cv2.getBuildInformation(), re.MULTILINE)
    return found.group(1) if found else "unknown"


def _cpu() -> str:
    table = Path("/proc/cpuinfo")
    found = re.search(r"^model name\s*:\s*(.+)$", table.read_text(), re.MULTILINE) if table.is_file() else None
    return found.group(1) if found else platform.processor()

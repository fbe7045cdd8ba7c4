"""A long 720p clip is read within 400 MB: 1,000 frames of 2.8 MB each, in the quick suite 300."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from mgld_bench.clips.writing import write_frame
from tests.helpers.clip_samples import Make

READ = """
import resource, sys
from pathlib import Path
from mgld_bench.clips.reading import open_clip
clip = open_clip(Path(sys.argv[1]))
count = sum(1 for frame in clip.frames() if frame.shape == (720, 1280, 3))
status = Path("/proc/self/status").read_text().splitlines()
own = next(line.split()[1] for line in status if line.startswith("VmHWM"))
print(count, own, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""
LIMIT = 400_000_000


@pytest.mark.skipif(sys.platform != "linux", reason="the peak of a process's own memory is read from /proc")
@pytest.mark.parametrize(("kind", "frames"), [pytest.param("folder", 1000, marks=pytest.mark.slow), ("video", 300)])
def test_long_clip_is_read_in_little_memory(tmp_path: Path, make_video: Make, kind: str, frames: int) -> None:
    path = tmp_path / "clip"
    if kind == "folder":
        write_frame(path / "0000.png", np.full((720, 1280, 3), 7, np.uint8))
        for index in range(1, frames):
            os.link(path / "0000.png", path / f"{index:04d}.png")
    else:
        path = make_video(
            "a.mp4", "-vf", "loop=-1:1", "-c:v", "libx264rgb", "-preset", "ultrafast", size="1280x720", count=frames
        )
    shown = subprocess.run([sys.executable, "-c", READ, path], check=True, capture_output=True, text=True, timeout=200).stdout
    count, own, of_ffmpeg = map(int, shown.split())
    assert count == frames
    assert (own + of_ffmpeg) * 1024 < LIMIT

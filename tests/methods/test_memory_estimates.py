"""The memory that a method states per pixel, by which tiles are chosen, is what it takes."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

PEAK = """
from pathlib import Path
import numpy as np
import torch
from mgld_bench.clips.clip import ArrayClip
from mgld_bench.methods.bases.frame_by_frame import FrameByFrameOptions
from mgld_bench.methods.realvsr import RealVSROptions, RealVSRRestorer
from mgld_bench.methods.compute import Compute
from mgld_bench.methods.rrdbnet import RRDBNetRestorer
from mgld_bench.methods.srvgg import SRVGGRestorer

def status(entry):
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(entry))

torch.set_num_threads(1)
restorer = {restorer}
noise = np.random.default_rng(1).integers(0, 256, (4, {height}, {width}, 3), dtype=np.uint8)
next(restorer.restore(ArrayClip("small", noise[:, :16, :16])))
Path("/proc/self/clear_refs").write_text("5")  # The peak is counted from here.
before = status("VmRSS")
for frame, _ in zip(restorer.restore(ArrayClip("noise", noise)), range({frames})):
    pass
print(status("VmHWM") - before, restorer.memory_per_pixel)
"""
RETURNED_AT_ONCE = {"MALLOC_MMAP_THRESHOLD_": "65536"}
"""Memory that is freed goes back, as it does for the large tensors of real frames: what is counted is what is held at a time."""


@pytest.mark.skipif(sys.platform != "linux", reason="the peak of a process's own memory is read from /proc")
@pytest.mark.parametrize(
    ("restorer", "frames", "height", "width"),
    [
        pytest.param("RRDBNetRestorer(FrameByFrameOptions(), None, Compute())", 1, 48, 64, marks=pytest.mark.slow),
        # Large enough that pages of libraries, which are loaded on the way, do not count.
        ("SRVGGRestorer(FrameByFrameOptions(), None, Compute())", 1, 192, 256),
        # Two frames: features of the first window are held while the next frame's are computed.
        ('RealVSRRestorer(RealVSROptions(enlarge="last"), None, Compute())', 2, 64, 80),
    ],
    ids=["rrdbnet", "srvgg", "realvsr"],
)
def test_the_estimate_holds_and_is_not_far_too_large(restorer: str, frames: int, height: int, width: int) -> None:
    program = PEAK.format(restorer=restorer, frames=frames, height=height, width=width)
    environment = {**os.environ, **RETURNED_AT_ONCE}
    shown = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True, timeout=250, env=environment
    ).stdout
    taken, per_pixel = map(int, shown.split())
    assert 0.4 * per_pixel < taken / (height * width) < per_pixel

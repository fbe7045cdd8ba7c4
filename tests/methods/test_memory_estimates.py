"""What a method says that it needs per pixel is what it needs: tiles are chosen by it."""

from __future__ import annotations

import subprocess
import sys

import pytest

PEAK = """
from pathlib import Path
import numpy as np
import torch
from mgld_bench.clips.array import ArrayClip
from mgld_bench.methods.frame_by_frame import FrameByFrameOptions
from mgld_bench.methods.realvsr import RealVSROptions, RealVSRRestorer
from mgld_bench.methods.restorer import Compute
from mgld_bench.methods.rrdbnet import RRDBNetRestorer
from mgld_bench.methods.srvgg import SRVGGRestorer

def peak():
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))

torch.set_num_threads(1)
restorer = {restorer}
noise = np.random.default_rng(1).integers(0, 256, (4, {height}, {width}, 3), dtype=np.uint8)
next(restorer.restore(ArrayClip("small", noise[:, :16, :16])))
before = peak()
for frame, _ in zip(restorer.restore(ArrayClip("noise", noise)), range({frames})):
    pass
print(peak() - before, restorer.memory_per_pixel)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the peak of a process's own memory is read from /proc")
@pytest.mark.parametrize(
    ("restorer", "frames", "height", "width"),
    [
        ("RRDBNetRestorer(FrameByFrameOptions(), None, Compute())", 1, 64, 80),
        ("SRVGGRestorer(FrameByFrameOptions(), None, Compute())", 1, 256, 320),
        # Two frames: features of the first window are held while the next frame's are computed.
        ('RealVSRRestorer(RealVSROptions(enlarge="last"), None, Compute())', 2, 128, 160),
    ],
    ids=["rrdbnet", "srvgg", "realvsr"],
)
def test_the_estimate_holds_and_is_not_far_too_large(restorer: str, frames: int, height: int, width: int) -> None:
    program = PEAK.format(restorer=restorer, frames=frames, height=height, width=width)
    shown = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True, timeout=250).stdout
    taken, per_pixel = map(int, shown.split())
    assert 0.4 * per_pixel < taken / (height * width) < per_pixel

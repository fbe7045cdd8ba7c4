"""The memory that is planned for RVRT is what it takes."""

from __future__ import annotations

import subprocess
import sys

import pytest

PEAK = """
from pathlib import Path
import numpy as np
import torch
from mgld_bench.clips.clip import ArrayClip
from mgld_bench.methods.compute import Compute
from mgld_bench.methods.rvrt import RVRTOptions, RVRTRestorer
from mgld_bench.networks.rvrt.network import RVRTConfig
from mgld_bench.methods.tiling.rvrt import network_memory

def size(kind):
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(kind))

torch.set_num_threads(1)
config = RVRTConfig(num_blocks=(1, 1, 1), embed_dims=(32, 32, 32), num_heads=(2, 2, 2), deformable_groups=4, attention_heads=4)
restorer = RVRTRestorer(RVRTOptions(network=config, tile=96), None, Compute())
list(restorer.restore(ArrayClip("small", np.zeros((4, 32, 32, 3), np.uint8))))
clip = ArrayClip("large", np.zeros((4, 96, 96, 3), np.uint8))
before = size("VmRSS")
list(restorer.restore(clip))
memory = network_memory(32, 4, "cpu")
planned = memory.work(96, 96, 4) + memory.kept(96, 96, 4) + 4 * 16 * 96 * 96 * 3 * 4
print(size("VmHWM") - before, planned)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="the peak of a process's own memory is read from /proc")
def test_a_tile_takes_what_is_planned() -> None:
    shown = subprocess.run([sys.executable, "-c", PEAK], check=True, capture_output=True, text=True, timeout=200).stdout
    taken, planned = map(int, shown.split())
    assert 0.5 * planned < taken < 1.1 * planned

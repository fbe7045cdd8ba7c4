"""The memory of GMFlow grows with the pixels, not with their square."""

from __future__ import annotations

import subprocess
import sys

import pytest

PEAK = """
from pathlib import Path
import torch
from mgld_bench.networks.gmflow.network import GMFlow, GMFlowConfig
from torch.nn.attention import SDPBackend, sdpa_kernel

def peak():
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))

torch.set_num_threads(1)
torch.manual_seed(1)
config = GMFlowConfig(1, 8, (1,), (-1,), (-1,), feature_channels=8, num_transformer_layers=1, ffn_dim_expansion=1)
network = GMFlow(config, block_bytes=2**23).eval()
network(torch.rand(1, 3, 64, 64), torch.rand(1, 3, 64, 64))
images = torch.rand(2, 1, 3, 512, 1280)
before = peak()
with sdpa_kernel(SDPBackend.{backend}):
    network(*images, both=True)
print(peak() - before)
"""
TOKENS = (512 // 8) * (1280 // 8)
ALL_SCORES = 4 * TOKENS**2
"""Bytes of one matrix of the scores of all tokens with all: 419 MB. Plain code holds several."""
FIRST_MAP = 4 * 64 * (512 // 2) * (1280 // 2)
"""Bytes of the first map of the backbone, which holds some five at its peak: what is measured is the network at work."""


@pytest.mark.skipif(sys.platform != "linux", reason="the peak of a process's own memory is read from /proc")
@pytest.mark.parametrize("backend", ["FLASH_ATTENTION", pytest.param("MATH", marks=pytest.mark.slow)])
def test_scores_of_all_tokens_are_never_held(backend: str) -> None:
    program = PEAK.replace("{backend}", backend)
    shown = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True, timeout=200).stdout
    assert FIRST_MAP < int(shown) < ALL_SCORES

"""Freed memory that stays with the process, in processes of their own, since it cannot be taken back."""

from __future__ import annotations

import subprocess
import sys

import pytest

PROGRAM = """
import psutil, torch
from mgld_bench.scoring.kept_memory import keep_freed_memory
if {keep}:
    keep_freed_memory()
before = psutil.Process().memory_info().rss
tensor = torch.ones(64 * 2**20, dtype=torch.uint8)
del tensor
print(psutil.Process().memory_info().rss - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only glibc gives memory back in this way")
@pytest.mark.parametrize("keep", [True, False])
def test_a_large_freed_tensor_stays_only_where_asked(keep: bool) -> None:
    program = PROGRAM.format(keep=keep)
    held = int(subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout)
    assert (held > 60 * 2**20) == keep

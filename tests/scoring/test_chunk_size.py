"""Chunks that fit the memory: how large they are, what happens where they do not fit, and freed memory that is kept."""

from __future__ import annotations

import resource
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
import torch

from mgld_bench.clips.clip import ArrayClip, ClipFacts
from mgld_bench.errors import InputError
from mgld_bench.metrics.catalogue import describe, load_metric
from mgld_bench.metrics.metric import Chunk, ClipScore, ClipScorer, MemoryNeed, Metric
from mgld_bench.scoring.chunk_size import CPU_PIXELS, GPU_PIXELS, chunk_size
from mgld_bench.scoring.score_pass import score_clip
from tests.helpers.metric_samples import Frames, facts_of


class Hungry(Metric):
    """Asks for memory as a network would: ``bytes_per_frame`` for each frame of a chunk, in one piece."""

    def __init__(self, bytes_per_frame: int, fixed: int = 0, name: str = "hungry") -> None:
        self.facts = replace(describe("psnr.rgb"), name=name, needs_reference=False)
        self._bytes = bytes_per_frame
        self._fixed = fixed
        self.chunks: list[int] = []

    def memory(self, clip: ClipFacts) -> MemoryNeed:
        return MemoryNeed(self._fixed, self._bytes)

    def start(self, clip: ClipFacts) -> ClipScorer:
        return HungryScorer(self)

    def take(self, frames: int) -> None:
        self.chunks.append(frames)
        torch.empty(frames * self._bytes, dtype=torch.uint8)


class HungryScorer(ClipScorer):
    def __init__(self, metric: Hungry) -> None:
        self._metric = metric
        self._values: dict[int, float] = {}

    def add(self, restored: Chunk, reference: Chunk | None) -> None:
        self._metric.take(len(restored.indices))
        self._values |= {index: float(frame.mean()) for index, frame in zip(restored.indices, restored.frames, strict=True)}

    def finish(self) -> ClipScore:
        return ClipScore("hungry", sum(self._values.values()) / len(self._values), self._values)


def test_chunks_follow_the_budget_and_the_size_of_frames() -> None:
    budget = 40_000
    small = facts_of(64, 64)
    assert chunk_size(small, [Hungry(0)], "cpu", budget) == CPU_PIXELS // 64**2
    assert chunk_size(small, [Hungry(0)], "cuda", budget) == GPU_PIXELS // 64**2
    assert chunk_size(facts_of(4320, 7680), [Hungry(0)], "cpu", budget) == 1
    assert chunk_size(small, [Hungry(2_000)], "cpu", budget) == 20
    assert chunk_size(small, [Hungry(2_000, fixed=20_000)], "cpu", budget) == 10
    # What several methods share counts once; several metrics add up, but run one after the other.
    assert chunk_size(small, [Hungry(2_000), Hungry(2_000)], "cpu", budget) == 20
    both = [Hungry(2_000, fixed=20_000), Hungry(3_000, fixed=30_000, name="hungrier")]
    assert chunk_size(small, both, "cpu", budget) == 2
    assert chunk_size(small, [Hungry(50_000)], "cpu", budget) == 1
    assert chunk_size(small, [Hungry(1, fixed=50_000)], "cpu", budget) == 1


def test_the_pass_takes_what_is_free_as_its_budget(bunny: Frames) -> None:
    class Modest(Hungry):
        def take(self, frames: int) -> None:
            self.chunks.append(frames)

    free = psutil.virtual_memory().available
    some, all_of_it, little = Modest(free // 8), Modest(4 * free), Modest(free // 10_000)
    for metric in (some, all_of_it, little):
        score_clip(None, {"m": ArrayClip("bunny", bunny)}, {"m": [metric]})
    # Half of what is free holds four frames; other processes may change that while this runs, but not by so much.
    assert 1 < some.chunks[0] < 10
    assert all_of_it.chunks == [1] * 10
    assert little.chunks == [10]


def too_much() -> int:
    """Bytes that no machine has, so that PyTorch's allocator refuses them."""
    return 1 << 50


def test_where_memory_is_not_enough_smaller_chunks_give_the_same_scores(bunny: Frames) -> None:
    clip = ArrayClip("bunny", bunny)
    lines: list[str] = []
    steps: list[int] = []

    class OnlyThree(Hungry):
        def take(self, frames: int) -> None:
            self.chunks.append(frames)
            torch.empty(too_much() if frames > 3 else 1, dtype=torch.uint8)

    metric = OnlyThree(1)
    wanted = {"m": [metric, load_metric("niqe.pyiqa")]}
    found = score_clip(None, {"m": clip}, wanted, log=lines.append, progress=lambda done, _total: steps.append(done), chunk=10)
    assert metric.chunks == [10, 5, 2, 2, 2, 2, 2]
    assert lines == [
        "clip bunny: not enough memory; scored again with 5 frames at a time",
        "clip bunny: not enough memory; scored again with 2 frames at a time",
    ]
    assert steps == [2, 4, 6, 8, 10]
    assert found == score_clip(None, {"m": clip}, {"m": [Hungry(1), load_metric("niqe.pyiqa")]}, chunk=3)


def test_not_even_one_frame_is_an_error_that_names_the_clip(bunny: Frames) -> None:
    with pytest.raises(InputError, match="clip bunny: not enough memory to score one frame at a time"):
        score_clip(None, {"m": ArrayClip("bunny", bunny)}, {"m": [Hungry(too_much())]}, chunk=2)


def test_other_errors_are_not_taken_for_it(bunny: Frames) -> None:
    class Broken(Hungry):
        def take(self, frames: int) -> None:
            raise RuntimeError("shapes do not fit")

    with pytest.raises(InputError, match="failed with RuntimeError: shapes do not fit"):
        score_clip(None, {"m": ArrayClip("bunny", bunny)}, {"m": [Broken(1)]}, chunk=2)


LIMITED = """
import resource, sys
import numpy as np
import torch
sys.path.insert(0, sys.argv[1])
from tests.scoring.test_chunk_size import Hungry
from mgld_bench.clips.clip import ArrayClip
from mgld_bench.scoring.score_pass import score_clip

clip = ArrayClip("limited", np.arange(12 * 32 * 32 * 3, dtype=np.uint32).astype(np.uint8).reshape(12, 32, 32, 3))
metric = Hungry(1 << 28)
score_clip(None, {"m": clip}, {"m": [Hungry(1)]})
used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + (1 << 30), resource.RLIM_INFINITY))
score_clip(None, {"m": clip}, {"m": [metric]}, chunk=12, log=print)
print(metric.chunks)
"""


def test_under_a_real_limit_of_memory_the_pass_goes_on_with_what_fits() -> None:
    assert resource.getrlimit(resource.RLIMIT_AS)[1] == resource.RLIM_INFINITY
    checkout = str(Path(__file__).parents[2])
    done = subprocess.run([sys.executable, "-c", LIMITED, checkout], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    *lines, chunks = done.stdout.splitlines()
    assert lines == [f"clip limited: not enough memory; scored again with {size} frames at a time" for size in (6, 3)]
    assert chunks == "[12, 6, 3, 3, 3, 3]"


FREED = """
import psutil, torch
from mgld_bench.scoring.chunk_size import keep_freed_memory
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
    program = FREED.format(keep=keep)
    held = int(subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout)
    assert (held > 60 * 2**20) == keep

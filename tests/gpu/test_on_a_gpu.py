"""What only a GPU shows: `pytest -m gpu tests/gpu`, and the phase "tests" of benchmarks/gpu.py."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from mgld_bench.methods.compute import Precision
from tests.gpu.checks import (
    METHODS,
    METRICS,
    clip,
    half_to_exact,
    levels_apart,
    mgld,
    restored,
    scores_apart,
    twice,
    with_less_memory,
)

pytestmark = [pytest.mark.gpu, pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA GPU here")]
DEVICE = "cuda"


@pytest.mark.parametrize("name", METHODS)
def test_frames_are_those_of_the_cpu_up_to_rounding(name: str) -> None:
    most, share = levels_apart(name, DEVICE)
    assert most <= 1
    assert share < 0.01


@pytest.mark.parametrize(("precision", "least"), [("float16", 45.0), ("bfloat16", 35.0)])
def test_half_precision_is_close_to_float32(precision: Precision, least: float) -> None:
    assert half_to_exact(DEVICE, precision, clip()) > least


@pytest.mark.parametrize("precision", ["float32", "float16"])
def test_the_same_seed_gives_the_same_frames(precision: Precision) -> None:
    first, second = twice(DEVICE, precision, clip())
    assert np.array_equal(first, second)


@pytest.fixture
def whole_memory() -> Iterator[None]:
    yield
    torch.cuda.set_per_process_memory_fraction(1.0)


@pytest.mark.usefixtures("whole_memory")
def test_where_memory_is_short_less_is_done_at_a_time_with_the_same_frames() -> None:
    """The limit is real: PyTorch may take no more than half of what the same clip took before."""

    def limited() -> None:
        gc.collect()
        torch.cuda.empty_cache()
        weights, most = torch.cuda.memory_allocated(), torch.cuda.max_memory_allocated()
        total = torch.cuda.get_device_properties(0).total_memory
        torch.cuda.set_per_process_memory_fraction((weights + (most - weights) / 2) / total)

    torch.cuda.reset_peak_memory_stats()
    free, short, notes = with_less_memory(DEVICE, limited, clip(40, side=64))
    assert "memory was not enough" in notes["memory"]
    assert np.abs(free.astype(int) - short).max() <= 1


def test_a_clip_of_several_segments_is_what_its_segments_are() -> None:
    whole = restored(mgld(DEVICE), clip(15))
    # A segment draws from the seed plus its number, so that only the first can be restored by itself.
    alone = restored(mgld(DEVICE), clip(5))
    assert np.abs(whole[:5].astype(int) - alone).max() <= 1


@pytest.mark.parametrize("weights", METRICS)
def test_scores_are_those_of_the_cpu(weights: str, tmp_path: Path) -> None:
    assert scores_apart(weights, DEVICE, tmp_path) < 1e-5

"""What only a GPU shows of the faster ways: kernels, graphs, and each way alone against the plain one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, replace

import numpy as np
import pytest
import torch

from mgld_bench.methods.compute import Compute
from mgld_bench.methods.diffusion.graphs import Graphed
from mgld_bench.methods.mgld import MGLDVSR, MGLDOptions
from mgld_bench.methods.mgld_tiny import TINY
from mgld_bench.networks.layers.fused import kernel_fault
from mgld_bench.networks.layers.speedups import Speedups
from tests.gpu.checks import Frames, clip, restored
from tests.helpers.small_diffusion import SMALL, mix_frames

pytestmark = [pytest.mark.gpu, pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA GPU here")]


def mgld(speedups: Speedups) -> MGLDVSR:
    chosen = MGLDOptions(**SMALL, flow_network="spynet", networks=TINY)
    restorer = MGLDVSR(chosen, None, Compute("cuda", speedups=speedups))
    mix_frames(restorer)
    return restorer


@pytest.fixture(scope="module")
def plain() -> Iterator[Frames]:
    yield restored(mgld(Speedups.none()), clip(10))


def test_the_triton_kernels_run_and_agree_with_pytorch() -> None:
    assert kernel_fault(torch.device("cuda")) is None


@pytest.mark.parametrize("way", [field.name for field in fields(Speedups)])
def test_each_way_alone_gives_the_frames_of_the_plain_one(way: str, plain: Frames) -> None:
    alone = replace(Speedups.none(), **{way: getattr(Speedups(), way)})
    assert np.abs(restored(mgld(alone), clip(10)).astype(int) - plain).max() <= 1


def test_all_ways_together_give_the_frames_of_the_plain_one(plain: Frames) -> None:
    assert np.abs(restored(mgld(Speedups()), clip(10)).astype(int) - plain).max() <= 1


def test_a_graph_gives_what_its_function_gives() -> None:
    graphed = Graphed(lambda x, y: (x @ y).relu())
    for rows in (4, 8, 4, 16):
        for _ in range(2):
            x, y = torch.randn(rows, 8, device="cuda"), torch.randn(8, 8, device="cuda")
            torch.testing.assert_close(graphed(x, y), (x @ y).relu())

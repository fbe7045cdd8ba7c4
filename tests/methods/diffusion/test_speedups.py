"""The diffusion methods in all faster ways against the plain one: the same frames, but for rounding."""

from __future__ import annotations

import logging
from dataclasses import replace

import numpy as np
import pytest
import torch

from mgld_bench.clips.clip import Clip
from mgld_bench.engine.profiling import moving_texture
from mgld_bench.methods.compute import Compute
from mgld_bench.methods.diffusion.networks import _usable
from mgld_bench.methods.mgld import MGLDVSR, MGLDOptions
from mgld_bench.methods.mgld_tiny import TINY
from mgld_bench.methods.stablesr import StableSR, StableSROptions
from mgld_bench.networks.layers.speedups import Speedups
from tests.helpers.small_diffusion import SMALL, mix_frames, stablesr_sizes

EVERYTHING = Compute(speedups=Speedups())


@pytest.fixture(scope="module")
def clip() -> Clip:
    """Six frames, which are two segments, of the size of a single tile."""
    return moving_texture(6, 32, 32)


def mgld(compute: Compute) -> MGLDVSR:
    restorer = MGLDVSR(MGLDOptions(**{**SMALL, "steps": 1}, flow_network="spynet", networks=TINY), None, compute)
    mix_frames(restorer)
    return restorer


def same(found: list[np.ndarray], wanted: list[np.ndarray]) -> None:
    """Within one level, in one value of a thousand at most."""
    apart = np.abs(np.stack(found).astype(int) - np.stack(wanted).astype(int))
    assert apart.max() <= 1
    assert np.mean(apart) < 1e-3


def test_mgld_vsr(clip: Clip, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = list(mgld(Compute()).restore(clip))
    fast = mgld(EVERYTHING)
    assert fast._networks.one_encoder
    monkeypatch.setattr(fast, "_segments_at_once", lambda _geometry: 2)
    same(list(fast.restore(clip)), wanted)


def test_stablesr(clip: Clip, monkeypatch: pytest.MonkeyPatch) -> None:
    options = StableSROptions(**{**SMALL, "steps": 1}, networks=stablesr_sizes())
    wanted = list(StableSR(options, None, Compute()).restore(clip, 3))
    fast = StableSR(options, None, EVERYTHING)
    monkeypatch.setattr(fast, "_frames_at_once", lambda _geometry: 3)
    same(list(fast.restore(clip, 3)), wanted)


def test_a_cpu_uses_none_of_them_unless_asked_and_a_cuda_gpu_all() -> None:
    assert Compute().chosen_speedups() == Speedups.none()
    assert Compute("cuda:1").chosen_speedups() == Speedups()
    assert EVERYTHING.chosen_speedups() == Speedups()


def test_where_kernels_cannot_run_pytorch_computes_and_a_warning_says_why(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        usable = _usable(Speedups(), torch.device("mps"))
    assert usable == replace(Speedups(), fused_norms=False, fused_modulation=False, fused_gates=False)
    assert "no Triton kernels on mps" in caplog.text
    assert _usable(Speedups(), torch.device("cpu")) == Speedups()

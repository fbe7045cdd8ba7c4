"""That the checks of the tests on a GPU can pass and fail, on a CPU."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mgld_bench.methods.diffusion.latent_diffusion import LatentDiffusion
from tests.gpu.checks import METHODS, clip, half_to_exact, levels_apart, method, scores_apart, twice, with_less_memory


@pytest.mark.parametrize("name", METHODS)
def test_every_method_is_built_small(name: str) -> None:
    parameters = sum(part.numel() for network in method(name, "cpu").networks().values() for part in network.parameters())
    assert 0 < parameters < 16e6


def test_a_device_agrees_with_itself() -> None:
    assert levels_apart("realesr-animevideov3", "cpu") == (0, 0.0)


def test_half_precision_is_measured() -> None:
    assert 35 < half_to_exact("cpu", "bfloat16", clip(5, side=16)) < 99


def test_the_same_seed_gives_the_same_frames() -> None:
    first, second = twice("cpu", "float32", clip(5, side=16))
    assert np.array_equal(first, second)
    assert first.std() > 5


def test_less_memory_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A CPU restores one segment at a time; here two, which then do not fit."""
    monkeypatch.setattr("mgld_bench.methods.mgld.MGLDVSR._segments_at_once", lambda _self, _geometry: 2)
    restore = LatentDiffusion.restore

    def limited() -> None:
        def scarce(self: LatentDiffusion, piece: object) -> object:
            if len(piece.pictures) > 5:  # type: ignore[attr-defined]
                raise MemoryError
            return restore(self, piece)  # type: ignore[arg-type]

        monkeypatch.setattr(LatentDiffusion, "restore", scarce)

    free, short, notes = with_less_memory("cpu", limited, clip(10, side=16))
    assert "memory was not enough" in notes["memory"]
    assert np.abs(free.astype(int) - short).max() <= 1


def test_scores_agree_with_themselves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MGLD_BENCH_HOME", str(tmp_path))
    assert scores_apart("alexnet", "cpu", tmp_path) == 0

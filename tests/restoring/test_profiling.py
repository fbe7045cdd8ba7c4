"""What methods cost: operations against closed formulas, parameters against the paper, time, memory, and what is refused."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional
from torchvision.ops import deform_conv2d

from mgld_bench.cards.loader import load_method
from mgld_bench.cards.schemas import MethodCard, WeightFile
from mgld_bench.clips.clip import Clip, Frame
from mgld_bench.engine.profiling import ProfileInput, moving_texture, parse_size, profile_method, require_profilable
from mgld_bench.errors import InputError
from mgld_bench.methods.bicubic import Bicubic
from mgld_bench.methods.compute import Compute
from mgld_bench.methods.restorer import Restorer, RestorerOptions
from mgld_bench.restoring.loading import load_untrained
from mgld_bench.restoring.profiling import count_flops, profile

LINES: list[str] = []


def log(line: str) -> None:
    LINES.append(line)


class Hungry(Restorer[RestorerOptions]):
    """Holds 200 MB while it restores a frame."""

    seconds = 0.1

    def restore(self, clip: Clip, start: int = 0) -> Iterator[Frame]:
        for frame in clip.frames(start):
            held = np.ones(200_000_000, np.uint8)
            time.sleep(self.seconds)
            yield np.repeat(np.repeat(frame, 4, 0), 4, 1) * held[0]


class Forgetful(Restorer[RestorerOptions]):
    """Leaves out the last frame."""

    def restore(self, clip: Clip, start: int = 0) -> Iterator[Frame]:
        yield from clip.frames(start, clip.frame_count - 1)


class Overflowing(Restorer[RestorerOptions]):
    """Asks for more memory than any machine has."""

    def restore(self, clip: Clip, start: int = 0) -> Iterator[Frame]:
        torch.empty(1 << 60)
        yield clip.frame(0)


def test_flops_of_a_convolution_network_are_those_of_its_formula() -> None:
    restorer = load_untrained(load_method("realesr-animevideov3"), Compute())
    result = profile(restorer, moving_texture(3, 12, 20), repeats=1)
    # 3x3 convolutions at the size of the input: 3 -> 64, sixteen times 64 -> 64, 64 -> 3 * 4 * 4; 2 per multiply-add.
    weights = 9 * (3 * 64 + 16 * 64 * 64 + 64 * 48)
    assert result.flops_per_frame == 2 * weights * 12 * 20
    assert result.total_parameters == sum(result.parameters.values()) == weights + 17 * 64 + 48 + 17 * 64


def test_real_esrgan_costs_what_the_paper_says() -> None:
    found = profile_method(load_method("realesrgan"), Compute(), ProfileInput(width=8, height=6, frames=1), log)
    result = found.result
    # Table 6 of the MGLD-VSR paper: 16.70M trainable of 16.70M; the exact count is that of the official file.
    assert result.total_parameters == result.trained_parameters == 16_697_987
    dense_blocks = 69 * 9 * (32 * (64 + 96 + 128 + 160) + 64 * 192)
    small = 9 * (3 * 64 + 64 * 64) + dense_blocks
    assert result.flops_per_frame == 2 * 8 * 6 * (small + 4 * 9 * 64 * 64 + 16 * 9 * (2 * 64 * 64 + 64 * 3))
    assert found.weights == "those of its card"


@pytest.mark.parametrize("inference", [True, False])
def test_a_deformable_convolution_counts_like_a_convolution(inference: bool) -> None:
    picture, weight = torch.randn(2, 8, 10, 12), torch.randn(6, 4, 3, 3)
    offset, mask = torch.randn(2, 2 * 2 * 9, 5, 6), torch.rand(2, 2 * 9, 5, 6)
    with torch.inference_mode(inference):
        deformable = count_flops(lambda: _do(deform_conv2d(picture, offset, weight, None, 2, 1, 1, mask)))
        plain = count_flops(lambda: _do(functional.conv2d(picture, weight, None, 2, 1, 1, groups=2)))
    assert deformable == plain == 2 * (2 * 6 * 5 * 6) * (4 * 9)


@pytest.mark.parametrize("inference", [True, False])
def test_attention_counts_on_a_cpu_too(inference: bool) -> None:
    query, key, value = torch.randn(2, 4, 7, 16), torch.randn(2, 4, 9, 16), torch.randn(2, 4, 9, 16)
    with torch.inference_mode(inference):
        fused = count_flops(lambda: _do(functional.scaled_dot_product_attention(query, key, value)))
        plain = count_flops(lambda: _do((query @ key.transpose(2, 3)).softmax(3) @ value))
    assert fused == plain == 2 * 2 * 4 * 7 * 9 * (16 + 16)


def test_multi_head_attention_counts_whichever_way_it_computes() -> None:
    attention = nn.MultiheadAttention(32, 4, batch_first=True).eval().requires_grad_(False)
    tokens = torch.randn(2, 7, 32)
    projections, scores = 4 * 2 * (2 * 7) * 32 * 32, 2 * 2 * 7 * 7 * (32 + 32)

    def run(weights: bool) -> None:
        attention(tokens, tokens, tokens, need_weights=weights)

    with torch.inference_mode():
        for weights in (True, False):
            counted = count_flops(partial(run, weights))
            assert counted == projections + scores
    assert torch.backends.mha.get_fastpath_enabled()


def test_a_method_without_networks_has_only_time_and_memory() -> None:
    result = profile(Bicubic(RestorerOptions(), {}, Compute()), moving_texture(2, 16, 24), repeats=3)
    assert (result.total_parameters, result.trained_parameters, result.flops_per_frame) == (0, 0, None)
    assert len(result.seconds) == 3
    assert min(result.seconds) <= result.seconds_per_frame <= max(result.seconds)
    assert (result.width, result.height, result.frames, result.scale) == (24, 16, 2, 4)
    assert (result.peak_gpu, result.precision) == (None, "float32")


def test_runs_are_as_many_as_the_time_limit_allows() -> None:
    restorer, clip = Hungry(RestorerOptions(), {}, Compute()), moving_texture(1, 4, 4)
    assert len(profile(restorer, clip, repeats=3, time_limit=0).seconds) == 2
    result = profile(restorer, clip, repeats=2, time_limit=600)
    assert len(result.seconds) == 2
    assert min(result.seconds) >= 0.1


def test_peak_memory_is_what_a_run_holds() -> None:
    # In a process of its own: memory that earlier tests held would be used again, or given back meanwhile.
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        increase, peak = pool.submit(_memory_of_a_hungry_run).result(timeout=120)
    # The interpreter takes some.
    assert 150_000_000 < increase < 400_000_000
    assert peak > increase


def _memory_of_a_hungry_run() -> tuple[int, int]:
    restorer = Hungry(RestorerOptions(), {}, Compute())
    # So long that the memory is looked at meanwhile, however busy the machine is.
    restorer.seconds = 1.0
    result = profile(restorer, moving_texture(1, 4, 4), repeats=1)
    return result.resident_increase, result.peak_resident


def test_every_stage_is_logged() -> None:
    lines: list[str] = []
    profile(Bicubic(RestorerOptions(), {}, Compute()), moving_texture(2, 4, 4), repeats=2, log=lines.append)
    assert [line.split(":")[0] for line in lines] == ["first run of 2 frames, to warm up", "timed run 1", "timed run 2"]


def test_weights_that_are_not_here_are_replaced_and_those_that_are_wrong_are_refused(home: Path) -> None:
    card, tiny = load_method("realesr-animevideov3"), ProfileInput(width=8, height=8, frames=1)
    missing = card.model_copy(update={"weights": {"network": WeightFile(file="gone.pth", size=3)}})
    found = profile_method(missing, Compute(), tiny, log)
    assert found.weights == "random but fixed, because gone.pth is missing"
    assert found.result.total_parameters == profile_method(card, Compute(), tiny, log).result.total_parameters
    (home / "weights").mkdir(parents=True, exist_ok=True)
    (home / "weights" / "gone.pth").write_bytes(b"four")
    with pytest.raises(InputError, match=r"gone\.pth"):
        profile_method(missing, Compute(), tiny, log)


def test_what_cannot_be_measured_is_one_line() -> None:
    tiny = ProfileInput(width=4, height=4, frames=2)
    with pytest.raises(InputError, match="finished results of another program"):
        require_profilable(load_method("results"))
    with pytest.raises(InputError, match="gave 1 frames for 2"):
        profile(Forgetful(RestorerOptions(), {}, Compute()), moving_texture(2, 4, 4))
    with pytest.raises(InputError, match="overflowing: not enough memory; try fewer than 2 frames of 4x4"):
        profile_method(MethodCard(name="overflowing", restorer=f"{__name__}:Overflowing"), Compute(), tiny, log)


@pytest.mark.parametrize("text", ["128", "128X128", "0x4", "4x0", "-4x4", "4x4x4", "4.5x4", ""])
def test_a_size_that_is_none_is_refused(text: str) -> None:
    assert parse_size("320x180") == (320, 180)
    with pytest.raises(InputError, match="WIDTHxHEIGHT"):
        parse_size(text)


def test_the_texture_moves_and_is_the_same_every_time() -> None:
    clip = moving_texture(3, 20, 30)
    assert clip.digest() == moving_texture(3, 20, 30).digest()
    np.testing.assert_array_equal(clip.frame(2), np.roll(clip.frame(0), (2, 4), axis=(0, 1)))
    assert (clip.frame(0).min(), clip.frame(0).max()) == (0, 255)


def _do(_result: object) -> None:
    """Makes a statement of an expression."""

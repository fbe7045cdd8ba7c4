"""The laws of the colour fixes; their values against the authors' are among the parity tests."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from mgld_bench.methods.diffusion.colour_fix import COLOUR_FIXES, adain, blur, low_band, wavelet

SIZES = st.tuples(st.integers(1, 3), st.integers(2, 40), st.integers(2, 40))
SEEDS = st.integers(0, 2**16)


def drawn(size: tuple[int, int, int], seed: int, scale: float = 1.0, shift: float = 0.0) -> Tensor:
    count, height, width = size
    noise = torch.randn(count, 3, height, width, generator=torch.Generator().manual_seed(seed))
    return scale * noise + shift


@settings(max_examples=30, deadline=None)
@given(SIZES, SEEDS, st.floats(0.1, 3), st.floats(-2, 2))
def test_adain_gives_the_mean_and_the_deviation_of_the_style(
    size: tuple[int, int, int], seed: int, scale: float, shift: float
) -> None:
    content, style = drawn(size, seed, scale, shift), drawn(size, seed + 1)
    fixed = adain(content, style)
    torch.testing.assert_close(fixed.mean((2, 3)), style.mean((2, 3)), rtol=1e-3, atol=1e-4)
    # The 1e-5 that is added to variances shows where a channel hardly varies.
    expected = content.var((2, 3)) * (style.var((2, 3)) + 1e-5) / (content.var((2, 3)) + 1e-5)
    torch.testing.assert_close(fixed.var((2, 3)), expected, rtol=1e-3, atol=1e-5)


@settings(max_examples=30, deadline=None)
@given(SIZES, SEEDS, st.floats(0.5, 3), st.floats(-2, 2))
def test_adain_undoes_a_change_of_brightness_and_contrast(
    size: tuple[int, int, int], seed: int, scale: float, shift: float
) -> None:
    style = drawn(size, seed)
    torch.testing.assert_close(adain(scale * style + shift, style), style, rtol=1e-2, atol=1e-2)


def test_adain_of_a_flat_picture_is_a_number() -> None:
    fixed = adain(torch.full((1, 3, 4, 4), 0.5), drawn((1, 4, 4), 0))
    assert fixed.isfinite().all()


@settings(max_examples=30, deadline=None)
@given(SIZES, SEEDS, st.integers(1, 6))
def test_wavelet_of_identical_pictures_is_the_picture(size: tuple[int, int, int], seed: int, levels: int) -> None:
    picture = drawn(size, seed)
    assert torch.equal(wavelet(picture, picture, levels), picture)


@settings(max_examples=30, deadline=None)
@given(SIZES, SEEDS)
def test_wavelet_keeps_the_details_and_takes_the_low_band(size: tuple[int, int, int], seed: int) -> None:
    content, style = drawn(size, seed), drawn(size, seed + 1, 0.5, 1.0)
    expected = content - low_band(content) + low_band(style)
    torch.testing.assert_close(wavelet(content, style), expected, rtol=1e-4, atol=1e-5)


@settings(max_examples=30, deadline=None)
@given(SIZES, st.integers(1, 16), st.floats(-2, 2))
def test_blur_keeps_flat_pictures_also_at_the_edges(size: tuple[int, int, int], radius: int, level: float) -> None:
    flat = torch.full((size[0], 3, *size[1:]), level)
    torch.testing.assert_close(blur(flat, radius), flat, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("radius", [1, 4])
def test_blur_spreads_a_pixel_to_eight_around_it(radius: int) -> None:
    picture = torch.zeros(1, 1, 11, 11)
    picture[0, 0, 5, 5] = 16
    blurred = blur(picture, radius)[0, 0]
    assert torch.equal(
        blurred[5 - radius :: radius, 5 - radius :: radius][:3, :3], torch.tensor([[1.0, 2, 1], [2, 4, 2], [1, 2, 1]])
    )
    assert blurred.sum() == 16


@pytest.mark.parametrize("name", sorted(COLOUR_FIXES))
def test_every_fix_treats_frames_alone_and_gives_float32(name: str) -> None:
    fix = COLOUR_FIXES[name]
    content, style = drawn((3, 9, 12), 1).half(), drawn((3, 9, 12), 2).half()
    fixed = fix(content, style)
    assert fixed.dtype == torch.float32
    for index in range(3):
        assert torch.equal(fix(content[index][None], style[index][None])[0], fixed[index])
    assert torch.equal(content, drawn((3, 9, 12), 1).half())


def test_their_names() -> None:
    assert sorted(COLOUR_FIXES) == ["adain", "none", "wavelet"]
    content = drawn((1, 4, 4), 1)
    assert torch.equal(COLOUR_FIXES["none"](content, drawn((1, 4, 4), 2)), content)

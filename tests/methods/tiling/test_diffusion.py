"""Tiles of pictures and latents: they cover everything, and put together they are what they were cut from."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mgld_bench.methods.tiling.diffusion import gaussian_weights, merge, picture_boxes, strided_starts, tile_starts

LENGTHS = st.integers(1, 300)
SIZES = st.integers(1, 80)


@settings(deadline=None)
@given(LENGTHS, SIZES, st.data())
def test_tiles_along_an_axis_cover_it_and_none_sticks_out(length: int, size: int, data: st.DataObject) -> None:
    stride = data.draw(st.integers(1, size))
    for starts in (tile_starts(length, size, stride), strided_starts(length, size, stride)):
        covered = {place for start in starts for place in range(start, min(start + size, length))}
        assert covered == set(range(length))
        assert starts == sorted(set(starts))
        assert all(start + size <= length for start in starts) or starts == [0]


def test_no_more_latent_tiles_than_needed() -> None:
    assert tile_starts(64, 64, 32) == [0]
    assert tile_starts(65, 64, 32) == [0, 1]
    assert tile_starts(160, 64, 32) == [0, 32, 64, 96]


@settings(deadline=None)
@given(st.integers(5, 40), st.integers(5, 40), st.booleans())
def test_untouched_tiles_give_the_picture_back(height: int, width: int, weighted: bool) -> None:
    picture = torch.randn(2, 3, height, width)
    places = picture_boxes(height, width, 12, 7)
    tiles = [place.of(picture) for place in places]
    weights = gaussian_weights(*tiles[0].shape[-2:]) if weighted else None
    torch.testing.assert_close(merge(picture.shape, places, tiles, weights), picture, rtol=1e-5, atol=1e-5)


def test_merging_averages_where_tiles_overlap() -> None:
    places = picture_boxes(2, 6, 4, 2)
    merged = merge((1, 2, 6), places, [torch.full((1, 2, 4), value) for value in (0.0, 2.0)])
    assert merged[0, 0].tolist() == [0, 0, 1, 1, 2, 2]


def test_a_merge_of_another_number_of_tiles_is_an_error() -> None:
    with pytest.raises(ValueError, match="zip"):
        merge((1, 2, 6), picture_boxes(2, 6, 4, 2), [torch.zeros(1, 2, 4)])

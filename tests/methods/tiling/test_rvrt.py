"""Tiles of a clip in time and space: where they lie, what is dropped, and that together they are the clip."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from mgld_bench.methods.tiling.rvrt import ClipTiling, restored_frames, restored_stretch, spans


def enlarge(tile: Tensor) -> Iterator[Tensor]:
    """Each pixel four times as large: no pixel depends on the tile."""
    return iter(tile.repeat_interleave(4, 2).repeat_interleave(4, 3).split(2))


def with_own_index(tile: Tensor) -> Iterator[Tensor]:
    """Every frame is its place in the tile."""
    for index, pair in enumerate(enlarge(tile)):
        yield torch.zeros_like(pair) + torch.tensor([2.0 * index, 2.0 * index + 1]).view(2, 1, 1, 1)


def clip(count: int, height: int, width: int) -> Tensor:
    return torch.rand(count, 3, height, width, generator=torch.Generator().manual_seed(count))


def restore(frames: Tensor, tiling: ClipTiling, start: int = 0) -> list[Tensor]:
    return list(restored_frames(enlarge, lambda first, stop: frames[first:stop], len(frames), tiling, start))


@pytest.mark.parametrize(
    ("length", "tile", "overlap", "expected"),
    [
        (180, 128, 20, [(0, 128), (52, 180)]),
        (320, 128, 20, [(0, 128), (108, 236), (192, 320)]),
        (128, 128, 20, [(0, 128)]),
        (100, 128, 20, [(0, 100)]),
        (236, 128, 20, [(0, 128), (108, 236)]),
        (7, 4, 2, [(0, 4), (2, 6), (3, 7)]),
        (250, 100, 2, [(0, 100), (98, 198), (150, 250)]),
        (31, 0, 2, [(0, 31)]),
    ],
)
def test_tiles_lie_as_the_authors_range_has_it(length: int, tile: int, overlap: int, expected: list[tuple[int, int]]) -> None:
    assert spans(length, tile, overlap) == expected


@st.composite
def tilings(draw: st.DrawFn) -> ClipTiling:
    frames, side = draw(st.sampled_from([0, 2, 4, 6])), draw(st.sampled_from([0, 8, 16]))
    return ClipTiling(frames, side, draw(st.integers(0, max(0, frames - 1))), draw(st.integers(0, max(0, side - 1))))


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 9), st.integers(1, 26), st.integers(1, 26), tilings(), st.data())
def test_tiles_of_a_local_enlargement_are_the_whole_from_any_start_on(
    count: int, height: int, width: int, tiling: ClipTiling, data: st.DataObject
) -> None:
    frames = clip(count, height, width)
    whole = frames.repeat_interleave(4, 2).repeat_interleave(4, 3)
    restored = restore(frames, tiling)
    torch.testing.assert_close(torch.stack(restored), whole)
    start = data.draw(st.integers(0, count))
    later = restore(frames, tiling, start)
    assert len(later) == count - start
    assert all(torch.equal(frame, expected) for frame, expected in zip(later, restored[start:], strict=True))


@pytest.mark.parametrize("overlap", [6, 7])
def test_the_borders_of_tiles_are_dropped_but_not_those_of_the_frame(overlap: int) -> None:
    near, far = overlap // 2, overlap - overlap // 2

    def with_bad_borders(tile: Tensor) -> Iterator[Tensor]:
        for pair in enlarge(tile):
            spoilt = pair.clone()
            for bad in (spoilt[..., :near], spoilt[..., -far:], spoilt[..., :near, :], spoilt[..., -far:, :]):
                bad.fill_(torch.nan)
            yield spoilt

    restored = restored_stretch(with_bad_borders, clip(2, 30, 40), ClipTiling(0, 16, 0, overlap))
    bad = restored.isnan().all(0).all(0)
    assert restored.isnan().sum() == 6 * bad.sum()
    expected = torch.ones(120, 160, dtype=torch.bool)
    expected[near:-far, near:-far] = False
    assert torch.equal(bad, expected)


def test_what_is_not_dropped_is_averaged() -> None:
    def with_tile_number(tile: Tensor) -> Iterator[Tensor]:
        numbers.append(len(numbers))
        return (torch.full_like(pair, numbers[-1]) for pair in enlarge(tile))

    numbers: list[int] = []
    restored = restored_stretch(with_tile_number, clip(2, 16, 28), ClipTiling(0, 16, 0, 4))
    # Columns 12 to 15 of the LR frame are in both tiles: 16 of the restored frame, of which 2 at either side are from one only.
    assert restored[0, 0, 0, 48:64].tolist() == [0.0] * 2 + [0.5] * 12 + [1.0] * 2


def test_tiles_of_time_are_averaged() -> None:
    frames = clip(7, 8, 8)
    tiling = ClipTiling(4, 0, 2, 0)
    restored = restored_frames(with_own_index, lambda first, stop: frames[first:stop], 7, tiling)
    # Tiles 0-3, 2-5 and 3-6.
    expected = [0, 1, 1, (3 + 1 + 0) / 3, (2 + 1) / 2, (3 + 2) / 2, 3]
    assert [float(frame.mean()) for frame in restored] == pytest.approx(expected)


def test_whole_frames_are_mirrored_to_multiples_of_eight_and_odd_clips_to_pairs() -> None:
    seen: list[Tensor] = []

    def watch(tile: Tensor) -> Iterator[Tensor]:
        seen.append(tile)
        return enlarge(tile)

    frames = clip(3, 13, 3)
    restored = restored_stretch(watch, frames, ClipTiling(0, 0, 0, 0))
    assert restored.shape == (3, 3, 52, 12)
    (tile,) = seen
    assert tile.shape == (4, 3, 16, 8)
    assert torch.equal(tile[3], tile[2])
    assert torch.equal(tile[:3, :, 13:, :3], frames[:, :, 10:].flip(2))
    assert torch.equal(tile[:3, :, :13, 3:6], frames.flip(3))
    assert torch.equal(tile[:3, :, :13, 6:8], frames[..., :2])

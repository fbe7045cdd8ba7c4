"""The diffusion methods where memory is short, with small networks and random weights."""

from __future__ import annotations

import weakref
from collections.abc import Iterator

import numpy as np
import pytest
import torch
from torch import Tensor

from mgld_bench.clips.clip import ArrayClip, Clip
from mgld_bench.errors import InputError
from mgld_bench.methods.compute import Compute
from mgld_bench.methods.diffusion.latent_diffusion import LatentDiffusion, Piece
from mgld_bench.methods.mgld import MGLDVSR, MGLDOptions
from mgld_bench.methods.mgld_tiny import TINY
from mgld_bench.methods.stablesr import StableSR, StableSROptions
from mgld_bench.methods.tiling.diffusion import merge, picture_boxes
from tests.helpers.small_diffusion import SMALL, mgld, stablesr, stablesr_sizes


@pytest.fixture(scope="module")
def clip(low_resolution: Clip) -> Clip:
    """Eleven real frames: two segments and one frame."""
    frames = list(low_resolution.frames())
    return ArrayClip("bunny", np.stack([frames[index % 3] for index in range(11)]))


class Scarce(LatentDiffusion):
    """Has memory for no more than ``enough`` frames at a time; ``tried``: what was asked for."""

    enough = 5
    tried: list[int]

    def restore(self, piece: Piece) -> Tensor:
        frames = len(piece.pictures)
        self.tried.append(frames)
        if frames > self.enough:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")
        return super().restore(piece)


@pytest.fixture
def scarce(monkeypatch: pytest.MonkeyPatch) -> type[Scarce]:
    """Put in place of what both methods restore with; three segments or frames are tried together."""
    monkeypatch.setattr("mgld_bench.methods.diffusion.latent_diffusion.LatentDiffusion", Scarce)
    monkeypatch.setattr(MGLDVSR, "_segments_at_once", lambda _self, _geometry: 4)
    monkeypatch.setattr(StableSR, "_frames_at_once", lambda _self, _geometry: 4)
    monkeypatch.setattr(Scarce, "tried", [], raising=False)
    return Scarce


def test_segments_that_do_not_fit_together_are_restored_one_by_one(clip: Clip, scarce: type[Scarce]) -> None:
    restorer = mgld()
    frames = np.stack(list(restorer.restore(clip)))
    # Three segments are left, then one at a time; what was too much is not tried again.
    assert scarce.tried == [15, 5, 5, 5]
    assert restorer.notes(clip)["memory"] == "memory was not enough: segments at a time reduced to 1"
    scarce.enough = 100
    assert np.abs(frames.astype(int) - np.stack(list(mgld().restore(clip)))).max() <= 1
    scarce.enough = 5


def test_frames_that_do_not_fit_together_are_restored_in_smaller_groups(
    clip: Clip, scarce: type[Scarce], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scarce, "enough", 2)
    restorer = stablesr()
    assert len(list(restorer.restore(clip, 6))) == 5
    assert scarce.tried == [4, 2, 2, 1]
    assert "frames of the clip at a time reduced to 2" in restorer.notes(clip)["memory"]


@pytest.mark.slow
def test_tiles_and_frames_together_give_what_they_give_one_by_one(clip: Clip, monkeypatch: pytest.MonkeyPatch) -> None:
    """However memory cuts the work: within one 8-bit level, as docs/precision.md states."""
    segment = ArrayClip("wide", np.stack([np.tile(clip.frame(index), (1, 2, 1)) for index in range(5)]))
    single = np.stack(list(mgld().restore(segment)))
    monkeypatch.setattr(LatentDiffusion, "_tiles_at_once", lambda _self, _pictures: 3)
    monkeypatch.setattr(LatentDiffusion, "_frames_at_once", lambda _self, _pictures: 2)
    assert np.abs(np.stack(list(mgld().restore(segment))).astype(int) - single).max() <= 1


def test_what_does_not_fit_at_all_is_an_error_of_one_line(
    clip: Clip, scarce: type[Scarce], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scarce, "enough", 0)
    with pytest.raises(InputError, match=r"^one of the segments does not fit the memory of cpu, not even tile by tile: use half"):
        next(mgld().restore(clip))
    assert scarce.tried == [15, 5]


def test_a_limit_below_the_least_is_an_error_that_says_what_is_needed(clip: Clip) -> None:
    options = MGLDOptions(**SMALL, flow_network="spynet", networks=TINY)
    with pytest.raises(
        InputError, match=r"^clip bunny: restoring 5 frames of a picture tile of 192 x 160 takes about \d+ MB, 1 MB are"
    ) as caught:
        next(MGLDVSR(options, None, Compute(max_memory=1_000_000)).restore(clip))
    needed = int(str(caught.value).split("about ")[1].split()[0])
    enough = MGLDVSR(options, None, Compute(max_memory=1_000_000 * (needed + 1)))
    assert next(enough.restore(clip)).shape == (96, 128, 3)
    single = StableSROptions(**SMALL, networks=stablesr_sizes())
    with pytest.raises(
        InputError, match=r"^clip bunny: restoring one frame of a picture tile of .* allow more memory with --max-memory$"
    ):
        next(StableSR(single, None, Compute(max_memory=1_000_000)).restore(clip))


def test_tiles_are_put_together_as_they_come() -> None:
    """No tile lives longer than it takes to add it."""
    picture = torch.randn(1, 20, 30)
    places = picture_boxes(20, 30, 12, 7)
    alive: list[weakref.ref[Tensor]] = []

    def tiles() -> Iterator[Tensor]:
        for place in places:
            assert sum(tile() is not None for tile in alive) <= 1
            tile = place.of(picture).clone()
            alive.append(weakref.ref(tile))
            yield tile

    torch.testing.assert_close(merge(picture.shape, places, tiles()), picture)

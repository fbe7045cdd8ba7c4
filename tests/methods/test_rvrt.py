"""The RVRT restorer with a small network: odd clips, resuming, tiles for lack of memory, official files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from mgld_bench.cards.loader import load_method
from mgld_bench.clips.clip import ArrayClip, Clip, Frame
from mgld_bench.errors import InputError
from mgld_bench.methods.compute import Compute
from mgld_bench.methods.rvrt import RVRTOptions, RVRTRestorer
from mgld_bench.networks.sizes.rvrt import RVRTConfig
from mgld_bench.restoring.loading import parse_options

SMALL = RVRTConfig(
    window_size=(2, 4, 4),
    num_blocks=(1, 1, 1),
    embed_dims=(8, 8, 8),
    num_heads=(2, 2, 2),
    deformable_groups=4,
    attention_heads=2,
)


def rvrt(compute: Compute | None = None, weights: dict[str, Path] | None = None, **options: int) -> RVRTRestorer:
    return RVRTRestorer(RVRTOptions(network=SMALL, **options), weights, compute or Compute())


def texture(count: int, height: int, width: int) -> Clip:
    return ArrayClip("texture", np.random.default_rng(0).integers(0, 256, (count, height, width, 3), dtype=np.uint8))


def restored(restorer: RVRTRestorer, clip: Clip, start: int = 0) -> list[Frame]:
    return list(restorer.restore(clip, start))


@pytest.mark.parametrize("count", [1, 3])
def test_odd_clips_are_restored_as_without_tiles_of_time(count: int) -> None:
    clip = texture(count, 34, 40)
    frames = restored(rvrt(), clip)
    assert [frame.shape for frame in frames] == [(136, 160, 3)] * count
    assert all(frame.dtype == np.uint8 for frame in frames)
    np.testing.assert_array_equal(frames, restored(rvrt(tile_frames=0), clip))
    assert "an odd number, for which the authors' script fails" in rvrt().notes(clip)["frames"]
    assert rvrt(tile_frames=0).notes(clip) == rvrt().notes(texture(2, 34, 40)) == {}


def test_an_odd_clip_longer_than_its_tiles_needs_no_padding() -> None:
    assert rvrt(tile_frames=4).notes(texture(5, 34, 40)) == {}


def test_any_start_gives_the_same_frames() -> None:
    clip = texture(7, 40, 34)
    restorer = rvrt(tile_frames=4, tile=0)
    whole = restored(restorer, clip)
    assert len(whole) == 7
    for start in (1, 3, 6, 7):
        later = restored(restorer, clip, restorer.resume_point(start))
        assert len(later) == 7 - start
        assert all(np.array_equal(frame, expected) for frame, expected in zip(later, whole[start:], strict=True))


def test_frames_are_the_outputs_clamped_and_rounded() -> None:
    clip = texture(2, 34, 34)
    outputs = torch.stack(list(rvrt().outputs(clip)))
    assert outputs.min() < 0 or outputs.max() > 1
    expected = (outputs.clamp(0, 1) * 255).round().permute(0, 2, 3, 1).numpy()
    np.testing.assert_array_equal(restored(rvrt(), clip), expected)


def test_small_frames_work_and_are_noted(low_resolution: Clip) -> None:
    notes = rvrt().notes(low_resolution)
    assert notes["size"].startswith("tiles of 24 px")
    assert [frame.shape for frame in rvrt().restore(low_resolution)] == [(96, 128, 3)] * 3


def needed(clip: Clip, **options: Any) -> int:
    """The least memory with which the restorer does not take smaller tiles."""
    restorer = rvrt(**options)
    low, high = 0, 2**40
    while high - low > 1:
        middle = (low + high) // 2
        restorer.compute = Compute(max_memory=middle)
        try:
            fits = "tile" not in restorer.notes(clip)
        except InputError:
            fits = False
        low, high = (low, middle) if fits else (middle, high)
    return high


def test_too_little_memory_brings_smaller_tiles_and_a_note() -> None:
    clip = texture(2, 48, 72)
    limit = needed(clip, tile=56, tile_overlap=8)
    for asked in (0, 64):
        little = rvrt(Compute(max_memory=limit), tile=asked, tile_overlap=8)
        assert little.notes(clip)["tile"].startswith("56 px, because ")
        np.testing.assert_array_equal(restored(little, clip), restored(rvrt(tile=56, tile_overlap=8), clip))
    with pytest.raises(
        InputError, match=r"clip texture: restoring 2 frames of 40 x 40 at once takes about \d+ MB, 1 MB are allowed"
    ):
        restored(rvrt(Compute(max_memory=10**6), tile=56), clip)


def test_memory_grows_with_the_frames_of_a_tile_and_not_of_the_clip() -> None:
    short, long = texture(4, 40, 40), texture(12, 40, 40)
    assert needed(short, tile_frames=4) == needed(long, tile_frames=4) < needed(long, tile_frames=12)


def test_an_official_file_is_read(tmp_path: Path) -> None:
    clip = texture(2, 34, 34)
    network = rvrt().network
    state = {name: tensor + 0.01 if tensor.is_floating_point() else tensor for name, tensor in network.state_dict().items()}
    path = tmp_path / "001_RVRT.pth"
    torch.save({"params": state | {"spynet.mean": network.spynet.mean, "spynet.std": network.spynet.std}}, path)
    read = rvrt(weights={"network": path})
    assert all(torch.equal(tensor, state[name]) for name, tensor in read.network.state_dict().items())
    assert not np.array_equal(restored(read, clip), restored(rvrt(), clip))
    del state["conv_last.bias"]
    torch.save(state, path)
    with pytest.raises(InputError, match=r"not a checkpoint of RVRT: conv_last\.bias is missing"):
        rvrt(weights={"network": path})


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"tile": 60}, "multiple of 8"),
        ({"tile_frames": 5}, "multiple of 2"),
        ({"tile_frames": 2}, "tile_frames 2: has to be more than tile_overlap_frames, 2"),
        ({"tile": 16}, "tile 16: has to be more than tile_overlap, 20"),
        ({"network": {"embed_dims": [8, 16, 16]}}, "the first two have to be the same"),
        ({"network": {"num_heads": [5, 6, 6]}}, "multiples of num_heads"),
        ({"network": {"attention_heads": 7}}, "attention_heads 7"),
        ({"network": {"deformable_groups": 7}}, "deformable_groups 7"),
        ({"network": {"attention_heads": 0}}, "attention_heads 0: has to be positive"),
        ({"network": {"upscale": 4}}, "Unexpected keyword argument"),
    ],
)
def test_options_that_do_not_agree_are_refused(options: dict[str, object], problem: str) -> None:
    with pytest.raises(ValidationError, match=problem):
        RVRTOptions.model_validate(options)


def test_the_cards_run_the_network_as_the_authors_do() -> None:
    published = parse_options(load_method("rvrt"))
    assert published == RVRTOptions(tile_frames=100, tile=128, tile_overlap_frames=2, tile_overlap=20)
    for name in ("rvrt-vimeo", "rvrt-vimeo-bd"):
        assert parse_options(load_method(name)) == RVRTOptions(tile_frames=0, tile=0)
    files = [load_method(name).weights["network"].file[:3] for name in ("rvrt", "rvrt-vimeo", "rvrt-vimeo-bd")]
    assert files == ["001", "002", "003"]

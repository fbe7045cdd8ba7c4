"""What changes frames is in the key: the kind of device, and the parts into which lack of memory cuts a clip."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mgld_bench.cards.loader import load_method
from mgld_bench.cards.schemas import MethodCard
from mgld_bench.clips.clip import ArrayClip, Clip, ClipSize, Frame
from mgld_bench.clips.digest import frames_sha256
from mgld_bench.engine.keys import restore_key
from mgld_bench.engine.progress import Silent
from mgld_bench.engine.restore_folders import restore_clips
from mgld_bench.errors import InputError
from mgld_bench.methods.bases.frame_by_frame import FrameByFrameOptions
from mgld_bench.methods.compute import Compute
from mgld_bench.methods.srvgg import SRVGGRestorer
from mgld_bench.restoring.loading import load_restorer, load_untrained
from mgld_bench.restoring.record import RestoreRecord, read_record, record_path
from mgld_bench.restoring.running import restore_clip
from mgld_bench.restoring.way import way_here

COMPACT = "realesr-animevideov3"
LITTLE = Compute(max_memory=5_000_000)
SMALL: dict[str, dict[str, Any]] = {
    "basicvsr": {"network": {"mid_channels": 8, "num_blocks": 1}},
    "realbasicvsr": {"network": {"mid_channels": 8, "num_propagation_blocks": 1, "num_cleaning_blocks": 1}},
    "realvsr": {"network": {"features": 8, "groups": 2, "front_blocks": 1, "back_blocks": 1}},
}


class Lines(Silent):
    """Keeps what is logged."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def log(self, line: str) -> None:
        self.lines.append(line)


@pytest.fixture(scope="module")
def clip() -> Clip:
    """Three frames of noise of 64 x 64: of realesr-animevideov3, a whole frame takes about 6 MB."""
    return ArrayClip("noise", np.random.default_rng(1).integers(0, 256, (3, 64, 64, 3), dtype=np.uint8))


def restored(clip: Clip, folder: Path, compute: Compute) -> tuple[RestoreRecord, list[str]]:
    progress = Lines()
    restore_clips(COMPACT, [clip], folder, compute, (), progress)
    record = read_record(record_path(folder, clip.name))
    assert record is not None
    return record, progress.lines


def test_a_clip_that_was_cut_for_lack_of_memory_is_restored_again_where_there_is_enough(clip: Clip, tmp_path: Path) -> None:
    plain, nothing = restored(clip, tmp_path / "plain", Compute())
    cut, _ = restored(clip, tmp_path / "out", LITTLE)
    assert (plain.way, nothing, cut.way) == ({}, [], {"tile": 32})
    assert cut.sha256 != plain.sha256
    again, lines = restored(clip, tmp_path / "out", Compute())
    assert (again.key, again.sha256) == (plain.key, plain.sha256)
    assert lines == [
        "clip noise: its 3 frames were made on cpu, tile 32 for lack of memory, now on cpu; they are made again",
    ]
    # Memory that makes no difference makes none to the key.
    kept, lines = restored(clip, tmp_path / "out", Compute(max_memory=50_000_000))
    assert (kept, lines) == (again, [])


def test_no_clip_mixes_two_ways(clip: Clip, tmp_path: Path) -> None:
    card = load_method(COMPACT)

    def stop_after_two(done: int, _total: int) -> None:
        if done == 2:
            raise KeyboardInterrupt

    lines: list[str] = []
    for compute, stop in ((LITTLE, stop_after_two), (Compute(), None)):
        way = way_here(card, clip.size, compute)
        key = restore_key("source", "", clip.name, card, "float32", way)
        restorer = load_restorer(card, compute)
        if stop:
            with pytest.raises(KeyboardInterrupt):
                restore_clip(restorer, clip, tmp_path, key, {}, stop, way=way, log=lines.append)
        else:
            record = restore_clip(restorer, clip, tmp_path, key, {}, way=way, log=lines.append)
    assert list(record.sha256) == frames_sha256(list(load_restorer(card, Compute()).restore(clip)))
    assert len(lines) == 1
    assert (
        "frames of an interrupted run were made on cpu, tile 32 for lack of memory, now on cpu; they are made again" in lines[0]
    )


def test_frames_are_never_made_in_another_way_than_the_key_says(clip: Clip, tmp_path: Path) -> None:
    card = load_method(COMPACT)
    with pytest.raises(InputError, match=r"clip noise: planned on cpu, but SRVGGRestorer would now work on cpu, tile 32"):
        restore_clip(load_restorer(card, LITTLE), clip, tmp_path, "key", {}, way={})
    assert not (tmp_path / "noise").exists()


@pytest.mark.parametrize("name", SMALL)
def test_every_method_cuts_as_its_key_says(name: str, clip: Clip) -> None:
    """The least memory in which it works at all makes it cut; its notes are those of the restorer that does so."""
    shipped = load_method(name)
    card = shipped.model_copy(update={"options": {**shipped.options, **SMALL[name]}})
    long = ArrayClip("long", np.concatenate([np.stack(list(clip.frames()))] * 4).repeat(2, 1).repeat(2, 2))
    compute = least_memory(card, long.size)
    (topic,) = way_here(card, long.size, compute)
    notes = load_untrained(card, compute).notes(long)
    assert notes[topic].startswith(f"{way_here(card, long.size, compute)[topic]} ")
    assert topic not in load_untrained(card, Compute()).notes(long)
    assert way_here(card, long.size, Compute()) == {}


def least_memory(card: MethodCard, size: ClipSize) -> Compute:
    """To within a hundredth."""
    allowed = 100_000
    while True:
        try:
            way_here(card, size, Compute(max_memory=allowed))
        except InputError:
            allowed = allowed * 101 // 100
        else:
            return Compute(max_memory=allowed)


def test_the_kind_of_device_is_in_the_key_where_the_method_computes_on_it() -> None:
    size, cuda = ClipSize("000", 10, 64, 64), Compute("cuda:1", max_memory=10**9)
    assert way_here(load_method(COMPACT), size, cuda) == {"device": "cuda"}
    assert way_here(load_method("mgld-vsr"), size, cuda) == {"device": "cuda"}
    assert way_here(load_method("bicubic"), size, cuda) == {}
    card = load_method(COMPACT)
    keys = {restore_key("pair", "", "000", card, "float32", way_here(card, size, compute)) for compute in (Compute(), cuda)}
    assert len(keys) == 2


def test_values_that_are_no_picture_name_clip_and_frame(clip: Clip, tmp_path: Path) -> None:
    class Damaged(SRVGGRestorer):
        def restore(self, clip: Clip, start: int = 0) -> Iterator[Frame]:
            for index, frame in enumerate(super().restore(clip, start)):
                yield frame
                if index == 0:
                    next(self.network.parameters()).data.fill_(float("nan"))

    card = load_method(COMPACT)
    healthy = load_restorer(card, Compute())
    damaged = Damaged(FrameByFrameOptions(), None, Compute())
    damaged.network = healthy.networks()["network"]
    with pytest.raises(
        InputError, match=r"clip noise, frame 1: Damaged: the network's output has values that are infinite or not"
    ):
        restore_clip(damaged, clip, tmp_path, "key", {})

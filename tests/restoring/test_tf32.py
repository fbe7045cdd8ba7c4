"""Exact float32 while methods compute, unless TF32 is allowed, which is then part of the key."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from mgld_bench.cards.loader import load_method
from mgld_bench.clips.clip import Clip, Frame
from mgld_bench.engine.keys import restore_key
from mgld_bench.engine.machine import compute_on
from mgld_bench.engine.profiling import moving_texture
from mgld_bench.engine.progress import Silent
from mgld_bench.engine.restore_folders import restore_clips
from mgld_bench.methods.compute import Compute
from mgld_bench.methods.restorer import Restorer, RestorerOptions
from mgld_bench.restoring.profiling import profile
from mgld_bench.restoring.record import read_record
from mgld_bench.restoring.running import restore_clip


def flags() -> tuple[bool, bool]:
    return torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32


class Watching(Restorer[RestorerOptions]):
    """Notes the flags while it computes each frame."""

    def restore(self, clip: Clip, start: int = 0) -> Iterator[Frame]:
        """See Restorer."""
        self.seen: list[tuple[bool, bool]] = []
        for frame in clip.frames(start):
            self.seen.append(flags())
            yield frame.repeat(4, 0).repeat(4, 1)


@pytest.mark.parametrize("allowed", [False, True])
def test_restoring_and_profiling_compute_as_asked_and_leave_the_flags_as_they_were(tmp_path: Path, allowed: bool) -> None:
    before = flags()
    for matmul, convolutions in ((False, True), (True, False)):
        torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32 = matmul, convolutions
        try:
            watching = Watching(RestorerOptions(), None, Compute(allow_tf32=allowed))
            clip = moving_texture(3, 8, 8)
            record = restore_clip(watching, clip, tmp_path / f"{matmul}", "key", {})
            assert watching.seen == [(allowed, allowed)] * 3
            assert record.precision == ("float32+tf32" if allowed else "float32")
            assert record.threads is not None
            assert flags() == (matmul, convolutions)
            profile(watching, clip, repeats=1)
            assert watching.seen == [(allowed, allowed)] * 3
            assert flags() == (matmul, convolutions)
        finally:
            torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32 = before


@pytest.mark.skipif(not hasattr(torch.backends, "fp32_precision"), reason="from PyTorch 2.9 on")
@pytest.mark.parametrize("allowed", [False, True])
def test_settings_by_the_newer_interface_are_obeyed_and_kept(allowed: bool) -> None:
    """With it, PyTorch refuses to read the older flags at all."""
    backends: Any = torch.backends
    places = [backends, backends.cuda.matmul, backends.cudnn.conv, backends.cudnn.rnn]
    at_first = [place.fp32_precision for place in places]
    backends.fp32_precision = "tf32"
    try:
        before = [place.fp32_precision for place in places]
        with Compute(allow_tf32=allowed).float32_as_asked():
            assert [place.fp32_precision for place in places[1:]] == ["tf32" if allowed else "ieee"] * 3
        assert [place.fp32_precision for place in places] == before
    finally:
        for place, precision in zip(places, at_first, strict=True):
            place.fp32_precision = precision
    assert flags() == (False, True)


def test_only_tf32_changes_the_key(tmp_path: Path) -> None:
    card = load_method("bicubic")
    keys = {
        allowed: restore_key("source", "", "clip", card, compute_on("cpu", "float32", "", allow_tf32=allowed).arithmetic)
        for allowed in (False, True)
    }
    assert keys[False] == restore_key("source", "", "clip", card, "float32") != keys[True]
    clip = moving_texture(1, 8, 8)
    restore_clips("bicubic", [clip], tmp_path, Compute(allow_tf32=True), (), Silent())
    record = read_record(tmp_path / "moving-texture.json")
    assert record is not None
    assert record.key == restore_key(clip.digest(), "", clip.name, card, "float32+tf32")

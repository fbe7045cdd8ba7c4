"""A method that runs out of memory: one line with what to do, and finished frames stay."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from mgld_bench.clips.clip import ArrayClip, Clip, Frame
from mgld_bench.errors import InputError
from mgld_bench.methods.bicubic import Bicubic
from mgld_bench.methods.compute import Compute
from mgld_bench.methods.restorer import RestorerOptions
from mgld_bench.restoring.running import restore_clip


class Greedy(Bicubic):
    """Asks for a million terabytes at the third frame, unless it starts there."""

    def restore(self, clip: Clip, start: int = 0) -> Iterator[Frame]:
        for index, frame in enumerate(super().restore(clip, start), start):
            if index == 2 and start < 2:
                torch.empty(2**60, dtype=torch.uint8)
            yield frame


def test_lack_of_memory_is_an_error_that_names_the_way_out(tmp_path: Path) -> None:
    clip = ArrayClip("waves", np.random.default_rng(7).integers(0, 256, (4, 6, 8, 3), dtype=np.uint8))
    restorer = Greedy(RestorerOptions(), None, Compute())
    with pytest.raises(InputError, match=r"clip waves: Greedy ran out of memory on cpu; .* --max-memory"):
        restore_clip(restorer, clip, tmp_path, "key", {})
    record = restore_clip(restorer, clip, tmp_path, "key", {})
    assert record.frame_count == 4

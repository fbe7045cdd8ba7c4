"""RealViformer over clips: windows, resuming, odd sizes and half precision."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest
import torch

from mgld_bench.clips.clip import ArrayClip
from mgld_bench.errors import InputError
from mgld_bench.methods.bases.pictures import to_frame, to_pictures
from mgld_bench.methods.compute import Compute
from mgld_bench.methods.realviformer import RealViformerOptions, RealViformerRestorer
from tests.helpers.clip_samples import make_frames

NETWORK: Mapping[str, object] = {"num_feat": 8, "num_blocks": [1, 1, 1, 1], "heads": [1, 1, 2], "merge_head": 1}
FRAMES = make_frames(count=5, height=10, width=37)


def restorer(window: int, compute: Compute | None = None) -> RealViformerRestorer:
    options = RealViformerOptions.model_validate({"window": window, "network": NETWORK})
    return RealViformerRestorer(options, None, compute or Compute())


def test_windows_share_nothing_and_the_whole_clip_is_one_window() -> None:
    clip = ArrayClip("clip", FRAMES)
    in_windows = np.stack(list(restorer(3).restore(clip)))
    first = np.stack(list(restorer(0).restore(ArrayClip("clip", FRAMES[:3]))))
    second = np.stack(list(restorer(100).restore(ArrayClip("clip", FRAMES[3:]))))
    np.testing.assert_array_equal(in_windows, np.concatenate([first, second]))
    assert not np.array_equal(in_windows, np.stack(list(restorer(0).restore(clip))))


@pytest.mark.parametrize("start", [1, 3, 4])
def test_resumed_anywhere_the_frames_are_the_same(start: int) -> None:
    clip, method = ArrayClip("clip", FRAMES), restorer(3)
    np.testing.assert_array_equal(list(method.restore(clip, start)), list(method.restore(clip))[start:])


def test_odd_sides_are_mirrored_at_the_top_and_the_left() -> None:
    (frame,) = restorer(0).restore(ArrayClip("clip", FRAMES[:1]))
    mirrored = np.pad(FRAMES[0], ((2, 0), (3, 0), (0, 0)), mode="reflect")
    with torch.inference_mode():
        (whole,) = restorer(0).network.stream([to_pictures([mirrored])])
    np.testing.assert_array_equal(frame, to_frame(whole[0])[8:, 12:])


def test_what_cannot_be_mirrored_or_does_not_fit_is_one_line() -> None:
    with pytest.raises(InputError, match="clip clip is 10x1: too small to be mirrored"):
        next(restorer(0).restore(ArrayClip("clip", FRAMES[:, :1, :10])))
    with pytest.raises(InputError, match="clip clip: one frame of 37 x 10"):
        next(restorer(0, Compute(max_memory=1000)).restore(ArrayClip("clip", FRAMES)))

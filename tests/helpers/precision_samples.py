"""Kinds of frames on which our scores are compared with those of reference implementations."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tests.helpers.metric_samples import Frames, degrade, read_whole_frames

Pair = tuple[Frames, Frames]
"""Restored frames and their ground truth: two frames each, which is as few as a warping error needs."""


def _bunny() -> Frames:
    return read_whole_frames("bigbuckbunny.mp4", 30, 2)


def _bikes() -> Frames:
    return read_whole_frames("bikes.mp4", 146, 2)


def _restored(truth: Frames) -> Pair:
    truth = np.ascontiguousarray(truth)
    return degrade(truth), truth


def _odd(pair: Pair) -> Pair:
    """Without a row and a column: cut after it was restored, which leaves everything in its place."""
    restored, truth = (np.ascontiguousarray(frames[:, 1:, 1:]) for frames in pair)
    return restored, truth


def _with_a_bar(pair: Pair) -> Pair:
    """The left third is one level of grey, as the bars beside a film are."""
    restored, truth = (frames.copy() for frames in pair)
    for frames in (restored, truth):
        frames[:, :, : frames.shape[2] // 3] = 16
    return restored, truth


SAMPLES: dict[str, Callable[[], Pair]] = {
    "bunny": lambda: _restored(_bunny()[:, 160:256, 384:576]),
    "bikes": lambda: _restored(_bikes()[:, 12:108, 88:280]),
    "odd": lambda: _odd(_restored(_bunny()[:, 160:292, 300:504])),
    "flat": lambda: _with_a_bar(_restored(_bunny()[:, 160:256, 384:672])),
    "small": lambda: _restored(_bikes()[:, 40:88, 100:164]),
    "720p": lambda: _restored(_bunny()),
}
"""96x192 twice, 131x203, 96x288 with a flat third, 48x64, and 720x1280."""

"""Margins: whatever a program needs around a clip, the clip comes back whole."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from mgld_bench.clips.clip import ArrayClip
from mgld_bench.methods.programs.margins import Margins, fit
from tests.helpers.clip_samples import make_frames

SMALL = st.integers(0, 3)


@given(
    multiple=st.tuples(st.integers(1, 16), st.integers(1, 16)),
    border=st.integers(3, 5),
    lost=st.tuples(SMALL, SMALL),
    cut=st.tuples(SMALL, SMALL, SMALL, SMALL),
    shift=st.tuples(st.integers(-4, 4), st.integers(-4, 4)),
    frames=st.tuples(st.integers(1, 8), SMALL),
    fill=st.sampled_from(["reflect", "edge"]),
)
def test_the_clip_comes_back_whole(
    multiple: tuple[int, int],
    border: int,
    lost: tuple[int, int],
    cut: tuple[int, int, int, int],
    shift: tuple[int, int],
    frames: tuple[int, int],
    fill: str,
) -> None:
    margins = Margins.model_validate(
        {
            "multiple": multiple,
            "border": border,
            "frames_lost": lost,
            "cut": cut,
            "shift": shift,
            "frames_multiple": frames[0],
            "frames_plus": frames[1],
            "fill": fill,
        }
    )
    clip = ArrayClip("clip", make_frames(count=3, height=6, width=9))
    fitted = fit(clip.size, margins)
    given_frames = np.stack(list(fitted.given(clip)))
    assert len(given_frames) == fitted.frame_count
    assert (fitted.frame_count - frames[1]) % frames[0] == 0
    assert given_frames.shape[1] % multiple[0] == given_frames.shape[2] % multiple[1] == 0

    result = np.roll(given_frames.repeat(4, 1).repeat(4, 2), shift, axis=(1, 2))
    top, left, bottom, right = cut
    result = result[lost[0] : len(result) - lost[1], top : result.shape[1] - bottom, left : result.shape[2] - right]
    taken = np.stack(list(fitted.taken(ArrayClip("clip", np.ascontiguousarray(result)), 4)))
    np.testing.assert_array_equal(taken, np.stack(list(clip.frames())).repeat(4, 1).repeat(4, 2))

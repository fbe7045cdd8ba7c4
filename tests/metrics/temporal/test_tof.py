from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mgld_bench.clips.clip import ArrayClip
from mgld_bench.errors import InputError
from mgld_bench.metrics.catalogue import load_metric
from mgld_bench.metrics.metric import Metric
from mgld_bench.metrics.temporal.tof import centre
from mgld_bench.scoring.score_pass import score_clip
from tests.helpers.feeding import feed
from tests.helpers.metric_samples import Frames, facts_of
from tests.helpers.scores import frame_scores


def tof() -> Metric:
    return load_metric("tof")


def test_a_clip_moves_like_itself(bikes: Frames) -> None:
    clip = ArrayClip("bikes", bikes)
    score = score_clip(clip, {"m": clip}, {"m": [tof()]})["m"]["tof"]
    assert score.value == 0
    assert list(frame_scores(score)) == list(range(3, 8))
    assert score.facts["pairs"] == 5


def test_a_shaken_clip_moves_by_the_shaking(bikes: Frames) -> None:
    still = np.repeat(bikes[:1], 10, axis=0)
    shaken = np.stack([np.roll(bikes[0], 2 * (index % 2), axis=1) for index in range(10)])
    score = feed([tof()], {"m": shaken}, still)["m"]["tof"]
    assert score.value == pytest.approx(2, rel=0.15)
    assert min(frame_scores(score).values()) == pytest.approx(2, rel=0.15)


@pytest.mark.parametrize("chunk", [1, 3, 10])
def test_chunks_and_other_methods_change_no_score(chunk: int, bunny: Frames, degraded: Frames) -> None:
    clips = {"a": degraded, "b": bunny[:, :, ::-1].copy()}
    found = feed([tof()], clips, bunny, chunk)
    assert found["a"] == feed([tof()], {"a": degraded}, bunny, 10)["a"]
    assert found["a"]["tof"].value < found["b"]["tof"].value


def test_what_is_too_short_or_too_small_is_an_error() -> None:
    with pytest.raises(InputError, match="clip clip: metric tof compares neighbouring frames and needs 6 of them, not 5"):
        tof().start(facts_of(192, 320, frame_count=5))
    with pytest.raises(InputError, match="metric tof needs frames of at least 48x48, but these are 320x47"):
        tof().start(facts_of(47, 320))
    tof().start(facts_of(48, 48, frame_count=6))


@given(height=st.integers(48, 300), width=st.integers(48, 300))
def test_the_crop_is_the_middle_and_as_large_as_it_may_be(height: int, width: int) -> None:
    positions = np.stack(np.meshgrid(np.arange(height), np.arange(width), indexing="ij"), axis=-1)
    kept = centre(positions)
    for axis, side in enumerate((height, width)):
        assert kept.shape[axis] % 32 == 0
        assert 16 <= side - kept.shape[axis] < 48
        before, after = kept[0, 0, axis], side - 1 - kept[-1, -1, axis]
        assert 0 <= after - before <= 1

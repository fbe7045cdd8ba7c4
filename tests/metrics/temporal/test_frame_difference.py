from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from mgld_bench.clips.clip import ArrayClip
from mgld_bench.errors import InputError
from mgld_bench.metrics.catalogue import load_metric
from mgld_bench.metrics.metric import Chunk, Metric
from mgld_bench.metrics.pair_metric import PairMetric
from mgld_bench.metrics.temporal.frame_difference import frame_difference
from mgld_bench.scoring.score_pass import score_clip
from tests.helpers.feeding import feed
from tests.helpers.metric_samples import Frames, facts_of
from tests.helpers.scores import frame_scores

NAME = "frame-difference.rgb"


@pytest.fixture
def metric() -> Metric:
    return load_metric(NAME)


@pytest.mark.parametrize("size", [1, 4, 10])
def test_a_score_is_the_mean_difference_of_the_changes(size: int, metric: Metric, bunny: Frames, degraded: Frames) -> None:
    both = {"m": degraded, "n": bunny}
    scores = feed([metric], both, bunny, size)
    changes = [np.diff(clip.astype(np.float64) / 127.5, axis=0) for clip in (degraded, bunny)]
    expected = np.abs(changes[0] - changes[1]).mean(axis=(1, 2, 3))
    score = scores["m"][NAME]
    assert list(frame_scores(score)) == list(range(1, 10))
    np.testing.assert_allclose(list(frame_scores(score).values()), expected, rtol=1e-5)
    assert score.value == pytest.approx(expected.mean(), rel=1e-5)
    assert scores["n"][NAME].value == 0


def test_one_frame_has_no_neighbour(metric: Metric) -> None:
    with pytest.raises(InputError, match=r"frame-difference\.rgb compares neighbouring frames and needs 2 of them, not 1"):
        metric.start(facts_of(64, 64, frame_count=1))


class Broken(PairMetric):
    """Fails at frame 4."""

    def score(self, restored: Chunk, reference: Chunk | None, rows: Sequence[int]) -> list[float]:
        return [math.nan if restored.indices[row] == 4 else 1.0 for row in rows]


def test_no_number_is_an_error_unless_pairs_may_be_without_a_value(metric: Metric, bunny: Frames) -> None:
    clip = ArrayClip("bunny", bunny)
    with pytest.raises(InputError, match=r"clip bunny of m: frame-difference\.rgb of frame 4 is not a number"):
        score_clip(clip, {"m": clip}, {"m": [Broken(metric.facts, 1)]})
    score = score_clip(clip, {"m": clip}, {"m": [Broken(metric.facts, 1, has_gaps=True)]})["m"][NAME]
    assert (score.value, score.facts["pairs"]) == (1.0, 8)
    assert score.notes == ("frame-difference.rgb leaves out frame 4, where no pixel counts",)


def frames(count: int, seed: int) -> Tensor:
    return 2 * torch.rand(count, 3, 14, 17, generator=torch.Generator().manual_seed(seed)) - 1


def test_frames_that_are_wrong_in_the_same_way_do_not_differ() -> None:
    truth = frames(4, seed=1)
    restored = truth + frames(1, seed=3)
    assert frame_difference(restored[:-1], restored[1:], truth[:-1], truth[1:]).max() < 1e-6


@settings(deadline=None)
@given(st.lists(st.floats(-1, 1, width=32), min_size=2, max_size=5))
def test_a_brightness_that_flickers_is_the_difference(brightness: list[float]) -> None:
    truth = frames(len(brightness), seed=1)
    restored = truth + torch.tensor(brightness).view(-1, 1, 1, 1)
    expected = torch.tensor(brightness, dtype=torch.float64).diff().abs()
    torch.testing.assert_close(frame_difference(restored[:-1], restored[1:], truth[:-1], truth[1:]), expected, rtol=0, atol=1e-6)


def test_pairs_are_measured_each_for_itself_and_their_frames_are_left_as_they_are() -> None:
    restored, truth = frames(4, seed=8), frames(4, seed=9)
    before = restored.clone(), truth.clone()
    whole = frame_difference(restored[:-1], restored[1:], truth[:-1], truth[1:])
    for i in range(3):
        pair = (restored[i : i + 1], restored[i + 1 : i + 2], truth[i : i + 1], truth[i + 1 : i + 2])
        torch.testing.assert_close(frame_difference(*pair)[0], whole[i], rtol=1e-6, atol=0)
    assert torch.equal(restored, before[0])
    assert torch.equal(truth, before[1])

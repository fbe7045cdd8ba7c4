from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest

from mgld_bench.clips.clip import ArrayClip
from mgld_bench.errors import InputError
from mgld_bench.metrics.metric import Chunk, Metric, told_notes
from mgld_bench.metrics.pair_metric import PairMetric
from mgld_bench.metrics.temporal.frame_difference import variants
from mgld_bench.scoring.score_pass import score_clip
from tests.helpers.feeding import feed
from tests.helpers.metric_samples import Frames, facts_of

NAME = "frame-difference.rgb"


@pytest.fixture
def metric() -> Metric:
    variant = variants()[0]
    return variant.build(variant.facts, 0, "cpu")


@pytest.mark.parametrize("size", [1, 4, 10])
def test_a_score_is_the_mean_difference_of_the_changes(size: int, metric: Metric, bunny: Frames, degraded: Frames) -> None:
    both = {"m": degraded, "n": bunny}
    scores = feed([metric], both, bunny, size)
    changes = [np.diff(clip.astype(np.float64) / 127.5, axis=0) for clip in (degraded, bunny)]
    expected = np.abs(changes[0] - changes[1]).mean(axis=(1, 2, 3))
    score = scores["m"][NAME]
    assert list(score.per_frame) == list(range(1, 10))
    np.testing.assert_allclose(list(score.per_frame.values()), expected, rtol=1e-5)
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
    assert (score.value, score.notes["pairs"]) == (1.0, 8)
    assert told_notes(score) == ["frame-difference.rgb leaves out frame 4, where no pixel counts"]

from __future__ import annotations

import numpy as np
import pytest
from feeding import feed
from metric_samples import Frames, facts_of

from mgld_bench.errors import InputError
from mgld_bench.metrics.frame_difference import variants
from mgld_bench.metrics.metric import Metric

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

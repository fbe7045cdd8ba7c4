"""Parts of a clip's score, of the type that the test expects."""

from __future__ import annotations

from collections.abc import Mapping

from mgld_bench.metrics.metric import ClipScore


def frame_scores(score: ClipScore) -> Mapping[int, float]:
    """The scores by frame of a metric that has them."""
    assert score.per_frame is not None
    return score.per_frame


def text_fact(score: ClipScore, name: str) -> str:
    """A fact that is a text."""
    found = score.facts[name]
    assert isinstance(found, str)
    return found


def number_fact(score: ClipScore, name: str) -> float:
    """A fact that is a number."""
    found = score.facts[name]
    assert not isinstance(found, str)
    return found

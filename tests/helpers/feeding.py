"""Scoring of frames without the checks of the scoring pass: any frames may be compared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mgld_bench.metrics.metric import Chunk, ClipScore, Metric, SharedWork
from tests.helpers.metric_samples import Frames, facts_of


def feed(
    metrics: Sequence[Metric], restored: Mapping[str, Frames], reference: Frames | None, size: int = 4
) -> dict[str, dict[str, ClipScore]]:
    """Scores by method and metric, from chunks of ``size`` frames."""
    frame_count, height, width, _ = next(iter(restored.values())).shape
    facts = facts_of(height, width, frame_count)
    scorers = {method: [metric.start(facts) for metric in metrics] for method in restored}
    truth = None if reference is None else chunks(reference, size)
    ours = {method: chunks(frames, size, metrics) for method, frames in restored.items()}
    for place in range(-(-facts.frame_count // size)):
        theirs = None if truth is None else truth[place]
        for method, parts in ours.items():
            for scorer in scorers[method]:
                scorer.add(parts[place], theirs)
    return {method: {score.metric: score for score in (scorer.finish() for scorer in each)} for method, each in scorers.items()}


def chunks(frames: Frames, size: int, metrics: Sequence[Metric] = ()) -> list[Chunk]:
    """The chunks of a clip, as the scoring pass makes them."""
    work = SharedWork(metrics)
    previous = [None, *frames]
    return [
        Chunk(range(start, min(start + size, len(frames))), frames[start : start + size], previous[start], work)
        for start in range(0, len(frames), size)
    ]

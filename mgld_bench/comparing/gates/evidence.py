"""What a rule looks at: by how much a metric or a cost has risen on each clip."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from mgld_bench.comparing.comparison import Comparison, Contest
from mgld_bench.comparing.costs import FINISHED_RESULTS
from mgld_bench.comparing.hardware import Hardware, distinct_hardware
from mgld_bench.errors import first_of


@dataclass(frozen=True)
class Changes:
    """By how much something has risen (or fallen, once turned) clip by clip."""

    values: tuple[float, ...]
    reference_mean: float
    number: Callable[[float], str]
    """How a value is printed."""
    missing: str = ""
    """Clips without a value on one side; "" where all have one."""
    of: str = "clip"
    """What each value is of."""
    where: str = ""
    """On which hardware costs were measured; "" for scores."""

    def turned(self) -> Changes:
        """The same as drops."""
        return replace(self, values=tuple(-value if value else 0.0 for value in self.values))


def changes_of_scores(metric: str, dataset: str, comparison: Comparison, contest: Contest) -> Changes | str:
    """The changes of a metric on a dataset, or why there are none."""
    for line in comparison.lines:
        names = (line.reference, line.candidate) == (contest.reference.name, contest.candidate.name)
        if names and (line.dataset, line.metric.name) == (dataset, metric):
            missing = f"{len(line.clips)} of {len(line.clips) + len(line.missing)} clips, without {first_of(line.missing)}"
            return Changes(
                line.paired.differences,
                line.reference_mean,
                partial(_score_text, line.metric.digits),
                missing if line.missing else "",
            )
    sides = [state.name for state in (contest.reference, contest.candidate) if (dataset, metric) not in state.scores]
    return f"no scores of {' and '.join(sides) or 'both on the same clips'}"


def changes_of_costs(cost: str, dataset: str, comparison: Comparison, contest: Contest) -> Changes | str:
    """The changes of a cost on the clips of a dataset, or why there are none."""
    if any(state.card and state.card.restorer == FINISHED_RESULTS for state in (contest.reference, contest.candidate)):
        return "not known of finished results"
    clips = dict.fromkeys(clip for line in comparison.lines if line.dataset == dataset for clip in line.clips)
    places: list[Hardware] = []
    pairs: dict[str, tuple[float, float]] = {}
    for clip in clips:
        before, after = (state.clips.get((dataset, clip)) for state in (contest.reference, contest.candidate))
        if before is None or after is None:
            continue
        if cost == "seconds_per_frame":
            values = before.seconds, after.seconds
        else:
            values = before.gpu_memory or before.memory, after.gpu_memory or after.memory
        if values[0] is not None and values[1] is not None:
            pairs[clip] = (float(values[0]), float(values[1]))
            places += [before.hardware, after.hardware]
    if not pairs:
        return "not recorded on both sides"
    kinds = distinct_hardware(places)
    if len(kinds) > 1:
        listed = first_of(sorted(kind.text for kind in kinds), 3, "; ")
        return f"measured on different machines or devices ({listed}), which cannot be compared"
    without = [clip for clip in clips if clip not in pairs]
    return Changes(
        tuple(after - before for before, after in pairs.values()),
        math.fsum(before for before, _ in pairs.values()) / len(pairs),
        _seconds_text if cost == "seconds_per_frame" else (lambda value: f"{value / 1e9:.2f} GB"),
        f"{len(pairs)} of {len(clips)} clips, without {first_of(without)}" if without else "",
        where=kinds[0].text,
    )


def changes_of_profiles(contest: Contest) -> Changes | None:
    """The changes of seconds per frame by kept measurements; None where both sides have none of one input and hardware.

    Both have timed runs of the same work, of which the first is set against the first, and so on: their order means nothing.
    """
    for before in contest.reference.profiles:
        for after in contest.candidate.profiles:
            if before.input == after.input and before.hardware.like(after.hardware):
                runs = tuple(late - early for early, late in zip(before.seconds, after.seconds, strict=False))
                mean = math.fsum(before.seconds) / len(before.seconds)
                where = f"profiles of {before.input}, on {before.hardware.text}"
                return Changes(runs, mean, _seconds_text, of="timed run", where=where)
    return None


def _seconds_text(value: float) -> str:
    return f"{value:.3g} s"


def _score_text(digits: int, value: float) -> str:
    """With the metric's digits, and more where these would show 0."""
    plain = math.isinf(value) or round(value, digits) or not value
    return f"{value:.{digits}f}" if plain else f"{value:.2g}"

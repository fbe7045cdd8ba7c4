"""The identity alarm: the same checkpoint, pairs and options, and yet a score has moved beyond the promised precision."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mgld_bench.comparing.state import State
from mgld_bench.comparing.verdict import PRECISION
from mgld_bench.engine.plan import restored_record
from mgld_bench.errors import first_of


@dataclass(frozen=True)
class Moved:
    """A score that is not what it was."""

    dataset: str
    metric: str
    clip: str
    before: float
    after: float

    @property
    def text(self) -> str:
        """In one line."""
        return f"{self.dataset} {self.clip} {self.metric}: {self.before:.8g} → {self.after:.8g}"


def moved(before: State, after: State) -> tuple[Moved, ...]:
    """The scores of both that differ beyond PRECISION, the largest change of each metric first."""
    found = []
    for (dataset, metric), scores in before.scores.items():
        again = after.scores.get((dataset, metric), {})
        found += [
            Moved(dataset, metric, clip, score.value, again[clip].value)
            for clip, score in scores.items()
            if clip in again and _differs(score.value, again[clip].value)
        ]
    return tuple(sorted(found, key=lambda each: (each.metric, -abs(each.after - each.before))))


def where_it_moved(workspace: Path, before: str, after: str, changed: Sequence[Moved]) -> str:
    """Whether the restored frames of these clips are others, or only their scores; in words.

    ``before`` and ``after``: the names under which the clips were restored.
    """
    other: list[str] = []
    same: list[str] = []
    unknown: list[str] = []
    for dataset, clip in dict.fromkeys((each.dataset, each.clip) for each in changed):
        ours, theirs = (restored_record(workspace, dataset, name, clip) for name in (before, after))
        place = f"{dataset} {clip}"
        (unknown if ours is None or theirs is None else same if ours.sha256 == theirs.sha256 else other).append(place)
    parts = []
    if other:
        parts.append(f"the restored frames are different ones ({first_of(other, 3)})")
    if same:
        parts.append(f"the restored frames are the same bytes, the scores are not ({first_of(same, 3)})")
    if unknown:
        parts.append(f"whether the restored frames are the same is not known: they were not kept ({first_of(unknown, 3)})")
    return "; ".join(parts)


def identity_lines(changed: Sequence[Moved], differences: Sequence[str], where: str) -> list[str]:
    """What to report: which scores, whether frames or scores, and what of the environment is different."""
    by_metric: dict[str, list[Moved]] = {}
    for each in changed:
        by_metric.setdefault(each.metric, []).append(each)
    lines = [f"{metric}: {len(some)} scores have moved; most: {some[0].text}" for metric, some in by_metric.items()]
    lines.append(where)
    if differences:
        lines += [f"different since: {line}" for line in differences]
    else:
        lines.append("nothing that is recorded is different: look for a file that was edited in place, or for faulty memory")
    return lines


def _differs(before: float, after: float) -> bool:
    if before == after:
        return False
    if not (math.isfinite(before) and math.isfinite(after)):
        return True
    return abs(after - before) > max(PRECISION * abs(before), 1e-9)


def parts_that_differ(differences: Sequence[str]) -> str:
    """The names of what differs, for one line: "versions torch, driver"; from `environment.changes`."""
    names: Mapping[str, None] = dict.fromkeys(line.split(":", maxsplit=1)[0] for line in differences)
    return ", ".join(names)

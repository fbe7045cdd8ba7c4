"""Several workspaces or databases as one report: scores are merged by the keys of their units.

- The same key has the same value wherever it was scored, but for digits that nobody prints, in which machines differ. A larger
  difference is a contradiction, and an error: one of the two databases is wrong.
- Scores of the same clip, method and metric under different keys were made differently (on another kind of device, with other
  options or weights). They are never averaged or chosen by chance: the first database that was named wins, and a note names the
  rest.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from typing import Final

from mgld_bench.engine.origins import Made, describe_parts
from mgld_bench.engine.plan import Plan
from mgld_bench.engine.store import RecordedRun, Store
from mgld_bench.errors import InputError, first_of
from mgld_bench.metrics.metric import ClipScore, MetricFacts
from mgld_bench.report.collect.data import Cell, PictureSource, ReportData
from mgld_bench.report.collect.from_store import NOT_SCORED

_NAMED: Final = 3
"""Contradictions beyond these are counted, not named."""

_Place = tuple[str, str, str]
"""Dataset, method and metric."""


@dataclass(frozen=True)
class Part:
    """What one workspace and database give."""

    plan: Plan
    store: Store
    data: ReportData

    @property
    def name(self) -> str:
        """As the user knows it."""
        return self.store.address


def merged(parts: Sequence[Part]) -> ReportData:
    """The parts as one report; the first part's cards count, and of what only some have, the first of these.

    Raises:
        InputError: the same unit has different values in two places, or a dataset's LR clips are different ones.
    """
    _require_same_lr(parts)
    findings = _Findings()
    numbers, runs = _numbered(parts)
    held = [part.store.scored() for part in parts]
    cells = [_merged_cell(place, parts, numbers, held, findings) for place in _places(parts)]
    findings.raise_contradictions()
    first = parts[0].data
    return replace(
        first,
        cells=tuple(cells),
        pictures=_pictures(parts),
        runs=runs,
        footnotes=(*findings.notes(), *_footnotes(parts)),
        figure_files={name: path for part in reversed(parts) for name, path in part.data.figure_files.items()},
        instances={name: label for part in reversed(parts) for name, label in part.data.instances.items()},
    )


@dataclass
class _Findings:
    """What does not agree."""

    contradictions: list[str] = field(default_factory=list)
    repeated: dict[tuple[str, str], list[float]] = field(default_factory=dict)
    """By the part that is shown and the other one: the differences of scores that agree as printed but not to the last bit."""
    different: dict[tuple[str, str, str, str], list[str]] = field(default_factory=dict)
    """By dataset, method, the part that is shown and the other one: how each score that is not shown was made differently."""
    unasked: dict[tuple[str, str, str], int] = field(default_factory=dict)
    """By dataset, method and part: scores under keys that this report does not ask for."""

    def raise_contradictions(self) -> None:
        if self.contradictions:
            raise InputError(
                f"{first_of(self.contradictions, _NAMED, '; ')}: a unit cannot have two values; find out which database is "
                "wrong, and report without it"
            )

    def notes(self) -> list[str]:
        lines = [
            f"{len(differences)} scores are in {shown} and in {other} with values that differ in digits that are not printed "
            f"(by up to {max(differences):.1g}); those of the former are shown."
            for (shown, other), differences in self.repeated.items()
        ]
        for (dataset, method, shown, other), how in self.different.items():
            parts = "; ".join(dict.fromkeys(filter(None, how))) or "how is not recorded"
            lines.append(
                f"{dataset}, {method}: {len(how)} scores in {other} have different keys than those in {shown}, because they were "
                f"made differently ({parts}); those in {shown} are shown."
            )
        lines += [
            f"{dataset}, {method}: {count} scores in {part} have different keys than this report asks for: other options, "
            "weights, LR clips, frames or code; they are not shown."
            for (dataset, method, part), count in self.unasked.items()
        ]
        return lines


def _require_same_lr(parts: Sequence[Part]) -> None:
    for dataset in parts[0].data.datasets:
        known = [part for part in parts if dataset in part.plan.pairs]
        for part in known[1:]:
            labels = [one.data.instances.get(dataset, "the LR of its card") for one in (known[0], part)]
            if labels[0] != labels[1]:
                raise InputError(
                    f"{dataset}: {known[0].name} has {labels[0]}, {part.name} has {labels[1]}: different instances of a test set "
                    "cannot stand in one column; choose one with --degradation, or report them apart"
                )


def _numbered(parts: Sequence[Part]) -> tuple[list[dict[int, int]], dict[int, RecordedRun]]:
    """Every run with a number of its own: by part, the new numbers by the old ones; and the runs by the new numbers.

    A run that several databases hold, because one was copied from another, is one.
    """
    runs: dict[int, RecordedRun] = {}
    numbers: list[dict[int, int]] = []
    for part in parts:
        numbers.append({})
        for old, run in part.data.runs.items():
            same = [number for number, known in runs.items() if known == run]
            numbers[-1][old] = same[0] if same else len(runs) + 1
            runs[numbers[-1][old]] = run
    return numbers, runs


def _places(parts: Sequence[Part]) -> list[_Place]:
    return list(dict.fromkeys((cell.dataset, cell.method, cell.metric) for part in parts for cell in part.data.cells))


def _merged_cell(
    place: _Place,
    parts: Sequence[Part],
    numbers: Sequence[Mapping[int, int]],
    held: Sequence[Set[tuple[str, str, str, str]]],
    findings: _Findings,
) -> Cell:
    # Where a dataset is not prepared, its clips are guessed from its card.
    asking = [index for index, part in enumerate(parts) if place[0] in part.plan.pairs] or list(range(len(parts)))
    found = [
        (index, cell) for index in asking for cell in parts[index].data.cells if (cell.dataset, cell.method, cell.metric) == place
    ]
    first = found[0][1]
    facts = parts[0].data.metrics[place[2]]
    scores: dict[str, ClipScore] = {}
    made: dict[str, Made] = {}
    clips = tuple(dict.fromkeys(clip for _, cell in found for clip in cell.expected_clips))
    for clip in clips:
        having = [(index, cell) for index, cell in found if clip in cell.scores]
        if having:
            index, shown = having[0]
            scores[clip] = shown.scores[clip]
            made[clip] = replace(shown.made[clip], run=numbers[index][shown.made[clip].run])
            for other, cell in having[1:]:
                _compare(clip, (parts[index].name, shown), (parts[other].name, cell), facts, findings)
        for index, cell in found:
            if clip not in cell.scores and (place[0], clip, *place[1:]) in held[index]:
                unasked = (place[0], place[1], parts[index].name)
                findings.unasked[unasked] = findings.unasked.get(unasked, 0) + 1
    missing = any(clip not in scores for clip in clips)
    gaps = dict.fromkeys(cell.gap for _, cell in found if cell.gap)
    return replace(first, scores=scores, made=made, expected_clips=clips, gap="; ".join(gaps) if missing else "")


def _compare(clip: str, shown: tuple[str, Cell], other: tuple[str, Cell], facts: MetricFacts, findings: _Findings) -> None:
    (shown_name, cell), (other_name, other_cell) = shown, other
    ours, theirs = cell.scores[clip], other_cell.scores[clip]
    made, otherwise = cell.made[clip], other_cell.made[clip]
    if made.score_unit != otherwise.score_unit:
        how = findings.different.setdefault((cell.dataset, cell.method, shown_name, other_name), [])
        how.append(_how_different(made, otherwise))
        return
    difference = _difference(ours, theirs)
    if not difference <= 10.0 ** -(facts.digits + 1):
        findings.contradictions.append(
            f"unit {made.score_unit} ({facts.name} of {cell.method} on {cell.dataset} {clip}) is {ours.value!r} in {shown_name} "
            f"(made on {made.scored.text}, {made.scored_at}) and {theirs.value!r} in {other_name} "
            f"(made on {otherwise.scored.text}, {otherwise.scored_at})"
        )
    elif difference:
        findings.repeated.setdefault((shown_name, other_name), []).append(difference)


def _difference(one: ClipScore, other: ClipScore) -> float:
    """The largest difference of the values of a clip and of its frames; infinite where different frames were scored."""
    one_frames, other_frames = one.per_frame or {}, other.per_frame or {}
    if set(one_frames) != set(other_frames):
        return math.inf
    pairs = [(one.value, other.value), *((value, other_frames[frame]) for frame, value in one_frames.items())]
    return max(0.0 if a == b or (math.isnan(a) and math.isnan(b)) else abs(a - b) for a, b in pairs)


def _how_different(made: Made, otherwise: Made) -> str:
    """In what the origins of two restored clips differ, "" where they do not."""
    ours, theirs = made.restored.parts, otherwise.restored.parts
    names = [name for name in ours if name in theirs and ours[name] != theirs[name]]
    one, other = (describe_parts({name: parts[name] for name in names}) for parts in (ours, theirs))
    return f"{other} instead of {one}" if names else ""


def _pictures(parts: Sequence[Part]) -> tuple[PictureSource, ...]:
    """The frames of each clip, and of each method, from the first workspace that has them; only of the same pair."""
    found: dict[tuple[str, str], PictureSource] = {}
    pairs: dict[tuple[str, str], str] = {}
    for part in parts:
        keys = {(dataset, pair.clip): pair.key for dataset, planned in part.plan.pairs.items() for pair in planned}
        for source in part.data.pictures:
            place = (source.dataset, source.clip)
            known = found.setdefault(place, source)
            if known is not source and keys[place] == pairs[place]:
                found[place] = replace(
                    known,
                    restored={
                        name: {**source.restored, **known.restored}[name]
                        for name in parts[0].data.methods
                        if name in source.restored or name in known.restored
                    },
                    records={**source.records, **known.records},
                    digests={**source.digests, **known.digests},
                )
            pairs.setdefault(place, keys[place])
    return tuple(found.values())


def _footnotes(parts: Sequence[Part]) -> list[str]:
    every = dict.fromkeys(note for part in parts for note in part.data.footnotes)
    return [note for note in every if not note.startswith(NOT_SCORED) or all(note in part.data.footnotes for part in parts)]

"""Which known copy of a test set this is: rows of ours that need no choice, such as Bicubic's, beside those of every publication.

Papers make LR clips of their own under one name, so that "UDM10" is a dozen different test sets. The row of a method that
everybody has shows which one it is: where it equals a published row to the printed digits, LR, frames and metrics are alike.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import inf
from typing import Final, Literal

from mgld_bench.report.collect.data import ReportData
from mgld_bench.report.collect.published_rows import PublishedRow
from mgld_bench.report.collect.published_sets import PublishedSet
from mgld_bench.report.collect.scored import ScoredCell
from mgld_bench.report.tables.numbers import format_difference, format_value, mean
from mgld_bench.report.tables.tolerances import PRINTED_UNITS_OF_NETWORKS, promised, tolerance

BICUBIC: Final = "bicubic"
"""The name of the method card that is the fingerprint."""
ENOUGH: Final = 2
"""Numbers that have to agree before a copy is recognised: one may do so by chance."""

Verdict = Literal["same", "one number", "close", "other", "unknown"]
"""Equal to the printed digits; the same, but of one number only; within the suite's tolerance; off; nothing to compare."""


@dataclass(frozen=True)
class _Number:
    """One number of ours beside a published one."""

    text: str
    same: bool
    close: bool
    off: float
    """The difference as a share of the tolerance."""


@dataclass(frozen=True)
class Instance:
    """One published copy of a test set, compared with ours."""

    published: PublishedSet
    verdict: Verdict
    method: str
    """Whose row was compared, as it is printed; "" where none was."""
    network: bool
    """Whether that is not Bicubic, but a network, whose frames depend on the device and on how it was run."""
    numbers: tuple[str, ...]
    """What was compared, in words."""
    off: float
    """The largest difference, as a share of the tolerance."""
    furthest: str
    """Its number, in words."""
    remarks: tuple[str, ...]
    """What weakens the comparison."""

    @property
    def heading(self) -> str:
        """The title and the name of the published set."""
        return self.published.heading

    @property
    def worst(self) -> str:
        """The number that is furthest off, or how the counts differ."""
        return f"{self.method} {self.numbers[0] if self.off == inf else self.furthest}"

    @property
    def compared(self) -> str:
        """What was compared, with what weakens it, in brackets after the method."""
        weak = f"; {'; '.join(self.remarks)}" if self.remarks else ""
        return f"{self.method.removesuffix(':')}: {', '.join(self.numbers)}{weak}"


def known_instances(data: ReportData, cells: Sequence[ScoredCell], dataset: str) -> tuple[Instance, ...]:
    """Every published set that has rows of this dataset, compared with the cells of ours (of all clips, not of a category)."""
    names = (dataset, data.datasets[dataset].heading)
    own = [cell for cell in cells if cell.dataset == dataset]
    with_rows = [(one, rows) for one in data.published_sets if (rows := one.of_dataset(names))]
    return tuple(_instance(data, own, one, rows) for one, rows in with_rows)


def instance_notes(data: ReportData, cells: Sequence[ScoredCell]) -> tuple[str, ...]:
    """Per dataset that a published set has, which of the known copies ours is, in words."""
    return tuple(note for dataset in data.datasets for note in _notes(data, cells, dataset))


def _notes(data: ReportData, cells: Sequence[ScoredCell], dataset: str) -> Iterator[str]:
    known = known_instances(data, cells, dataset)
    if not known:
        return
    heading = data.dataset_headings[dataset]
    partial = _partial(data, cells, dataset)
    if partial:
        yield f"{heading}: which published copy of the set this is cannot be told from {partial}."
        return
    compared = [one for one in known if one.verdict != "unknown"]
    rest = [one.heading for one in known if one.verdict == "unknown"]
    has_bicubic = any(cell.method == BICUBIC for cell in cells if cell.dataset == dataset)
    if compared:
        yield from (f"{heading}: {text}" for text in _which(compared))
    elif has_bicubic:
        yield f"{heading}: which published copy of the set this is cannot be told."
    if rest and (compared or has_bicubic):
        yield f"{heading}: not comparable, as they print no row of a method and metric variant that is here: {', '.join(rest)}."


def _which(compared: Sequence[Instance]) -> list[str]:
    """The finding, and what else was compared, in sentences."""
    ordered = sorted(compared, key=lambda one: one.off)
    equal = [one for one in ordered if one.verdict in ("same", "one number")]
    close = [one for one in ordered if one.verdict == "close"]
    if len(equal) > 1:
        each = "; ".join(f"{one.heading} ({one.compared})" for one in equal)
        text = f"these published copies cannot be told apart by the numbers that there are, and ours equals each of them: {each}."
    elif equal and equal[0].verdict == "same":
        digits = (
            f"within {PRINTED_UNITS_OF_NETWORKS} units of the last printed digit" if equal[0].network else "to the printed digits"
        )
        text = f"this is the copy of {equal[0].heading}: equal {digits} ({equal[0].compared})."
    elif equal:
        text = (
            f"ours agrees with the copy of {equal[0].heading} in the only number that can be compared ({equal[0].compared}): "
            "too little to recognise it; score more metrics."
        )
    elif close:
        text = (
            f"close to the copy of {close[0].heading}, but not equal to the printed digits ({close[0].compared}): "
            f"{_why_close(close[0])}."
        )
    else:
        text = (
            "another instance of this test set than the published ones that can be compared; nearest: "
            f"{ordered[0].heading} ({ordered[0].compared}){_or_run(ordered[0])}."
        )
    named = {one.published.name for one in (equal or (close or ordered)[:1])}
    others = [f"{one.heading} ({one.worst})" for one in ordered if one.published.name not in named]
    return [text, *([f"compared too, and not equal (the number that is furthest off): {'; '.join(others)}."] if others else [])]


def _why_close(one: Instance) -> str:
    if one.network:
        return "the same LR clips and a different device or run of the method, or another draw of the same degradation"
    return "the same LR clips enlarged by another bicubic kernel, or another draw of the same degradation"


def _or_run(one: Instance) -> str:
    return ", unless the method was run differently there" if one.network else ""


def _partial(data: ReportData, cells: Sequence[ScoredCell], dataset: str) -> str:
    """Which part of the dataset's clips the cells are of, in words; "" where they are of all."""
    card = data.datasets[dataset]
    whole = len(card.clips) or card.clip_count
    shown = max((len(cell.expected_clips) for cell in cells if cell.dataset == dataset), default=0)
    return f"{shown} of its {whole} clips" if whole and shown < whole else ""


def _instance(data: ReportData, cells: Sequence[ScoredCell], one: PublishedSet, rows: Sequence[PublishedRow]) -> Instance:
    unlike = _unlike(cells, one, rows[0].dataset)
    by_method: dict[str, list[PublishedRow]] = {}
    for row in rows:
        by_method.setdefault(row.method, []).append(row)
    # Bicubic alone where it is there: it needs no device, seed or weights. Of cards for the same row, the first that is here.
    cards = sorted(one.cards, key=lambda card: card != BICUBIC)
    for card in cards:
        used = [(row, cell) for row in by_method.get(one.cards[card], ()) if (cell := _cell(data, cells, one, card, row))]
        compared = [(_number(data, one, row, cell), row) for row, cell in used]
        numbers = [(number, row) for number, row in compared if number is not None]
        if numbers:
            return _judged(data, one, card, numbers, unlike)
    verdict: Verdict = "other" if unlike else "unknown"
    return Instance(one, verdict, "by its counts:" if unlike else "", False, unlike, inf, "", ())


def _judged(
    data: ReportData,
    one: PublishedSet,
    card: str,
    numbers: Sequence[tuple[_Number, PublishedRow]],
    unlike: tuple[str, ...],
) -> Instance:
    verdict: Verdict
    if unlike or not all(number.close for number, _ in numbers):
        verdict = "other"
    elif not all(number.same for number, _ in numbers):
        verdict = "close"
    else:
        verdict = "same" if len(numbers) >= ENOUGH else "one number"
    assumed = dict.fromkeys(row.metric for _, row in numbers if one.short_of(row) in one.assumed)
    remarks = [f"the variant of {', '.join(assumed)} there is assumed"] if assumed else []
    remarks += ["read in one copy, unchecked"] if any(row.unchecked for _, row in numbers) else []
    texts = tuple(number.text for number, _ in numbers)
    furthest = max((number for number, _ in numbers), key=lambda number: number.off)
    return Instance(
        published=one,
        verdict=verdict,
        method=data.method_headings[card] if card in data.methods else card,
        network=card != BICUBIC,
        numbers=(*unlike, *texts),
        off=furthest.off,
        furthest=furthest.text,
        remarks=tuple(remarks),
    )


def _cell(data: ReportData, cells: Sequence[ScoredCell], one: PublishedSet, card: str, row: PublishedRow) -> ScoredCell | None:
    """Our cell of the same method card, metric variant and frames, with every clip; None where there is none."""
    variant = one.variants.get(one.short_of(row), "")
    if not one.same_frames(data.protocol):
        return None
    found = (cell for cell in cells if cell.method == card and cell.metric == variant)
    return next((cell for cell in found if cell.scores and not cell.missing), None)


def _number(data: ReportData, one: PublishedSet, row: PublishedRow, cell: ScoredCell) -> _Number | None:
    """The comparison; None for a metric without a tolerance."""
    theirs, ours = one.ours(row), mean(list(cell.scores.values()))
    allowed = tolerance(one.short_of(row), theirs)
    if allowed is None:
        return None
    difference = abs(ours - theirs)
    units = 0 if cell.method == BICUBIC else PRINTED_UNITS_OF_NETWORKS
    exact = one.rounding(row) * (1 + 2 * units) + promised(cell.metric, theirs)
    facts = data.metrics[cell.metric]
    digits = max(2, facts.digits)
    off = format_difference(ours - theirs, digits)
    text = f"{facts.title} {format_value(ours, digits)} against {row.text}, {off}"
    # The sum of a published value and half a unit has a last bit of its own.
    return _Number(text, difference <= exact * (1 + 1e-9), difference <= allowed, difference / allowed)


def _unlike(cells: Sequence[ScoredCell], one: PublishedSet, dataset: str) -> tuple[str, ...]:
    """What the publication states of its copy that ours is not, in words."""
    facts = one.test_sets.get(dataset.casefold())
    if facts is None or not cells:
        return ()
    clips = max(len(cell.expected_clips) for cell in cells)
    counted: Mapping[int, ScoredCell] = {cell.frames: cell for cell in cells if cell.frames is not None and not cell.missing}
    found = []
    if facts.clips is not None and facts.clips != clips:
        found.append(f"{facts.clips} clips there, {clips} here")
    if facts.frames is not None and one.frames == "all" and counted and facts.frames * clips not in counted:
        found.append(f"{facts.frames} frames per clip there, {max(counted) / clips:g} here")
    return tuple(found)

"""Making a comparison of states: each candidate with its reference, the tests of a metric corrected together."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from mgld_bench.cards.loader import has_card, load_dataset
from mgld_bench.comparing.common_ground import Ground, NothingInCommonError, common_ground
from mgld_bench.comparing.comparison import Comparison, Contest, Line, SetsLine
from mgld_bench.comparing.costs import cost_of, with_profiles
from mgld_bench.comparing.differing import differing
from mgld_bench.comparing.load import Pairing, distinct
from mgld_bench.comparing.notes import missing, notes
from mgld_bench.comparing.verdict import DEFAULT_MARGINS, PRECISION, Evidence, judge
from mgld_bench.errors import InputError, first_of
from mgld_bench.metrics.catalogue import describe
from mgld_bench.metrics.metric import MetricFacts
from mgld_bench.statistics.paired import PairedComparison, compare_pairs
from mgld_bench.statistics.several_sets import SetsComparison, compare_sets
from mgld_bench.statistics.several_tests import holm


@dataclass(frozen=True)
class Wish:
    """What is to be compared."""

    datasets: tuple[str, ...] = ()
    """None: all that both have, likewise ``metrics``."""
    metrics: tuple[str, ...] = ()
    """Full variants."""
    margins: Mapping[str, float] = field(default_factory=dict)
    """By full variant: differences that count as none."""
    command: str = ""
    against_all: bool = False
    cards: tuple[Path, ...] = ()
    """Further folders with cards, for the printed names of datasets."""
    notes: tuple[str, ...] = ()
    """What a reader should know beside, one line each."""
    missing: tuple[str, ...] = ()
    """What was asked for and cannot be compared, one line each."""


def compare(pairings: Sequence[Pairing], wish: Wish | None = None) -> Comparison:
    """Compare each candidate with its reference.

    Args:
        pairings: who is compared with whom.
        wish: on what; default: everything.

    Raises:
        InputError: two states share nothing, or were not made or scored alike; see common_ground(). A metric is not known here.
            Of one against all, those that cannot be compared are named as missing, unless that is all of them.
    """
    wish = wish or Wish()
    contests, wish = _contests(distinct(pairings), wish)
    drafts = [_draft(contest, ground) for contest in contests for ground in contest.ground.lines]
    lines = _judged(drafts, wish.margins)
    headings = {name: load_dataset(name, wish.cards).heading for name in _datasets(lines) if has_card(name, wish.cards)}
    states = {state.name: state for contest in contests for state in (contest.reference, contest.candidate)}
    clips = {(line.dataset, clip) for line in lines for clip in line.clips}
    return Comparison(
        contests=contests,
        lines=lines,
        together=_together(lines, wish.margins),
        costs=with_profiles({name: cost_of(state, clips) for name, state in states.items()}, list(states.values())),
        notes=tuple(dict.fromkeys((*notes(contests, lines, headings), *wish.notes))),
        missing=(*missing(contests, lines, wish.datasets, wish.metrics), *wish.missing),
        command=wish.command,
        against_all=wish.against_all,
        headings=headings,
    )


def margin_of(metric: str, margins: Mapping[str, float]) -> float | None:
    """The margin of a metric: the stated one, else the default of its family, else None."""
    return margins.get(metric, DEFAULT_MARGINS.get(metric.split(".", maxsplit=1)[0]))


@dataclass(frozen=True)
class _Draft:
    """A line whose p is not corrected yet."""

    ground: Ground
    contest: Contest
    metric: MetricFacts
    means: tuple[float, float]
    paired: PairedComparison
    within_precision: bool


def _contests(pairings: Sequence[Pairing], wish: Wish) -> tuple[tuple[Contest, ...], Wish]:
    """The contests; of one against all without those that cannot be, which are added to what is stated beside."""
    if not wish.against_all:
        return tuple(_contest(pairing, wish) for pairing in pairings), wish
    contests: list[Contest] = []
    apart: list[str] = []
    refused: list[str] = []
    reasons: list[InputError] = []
    for pairing in pairings:
        try:
            contests.append(_contest(pairing, wish))
        except NothingInCommonError as error:
            apart.append(pairing.reference.name)
            reasons.append(error)
        except InputError as error:
            refused.append(f"against {pairing.reference.name}: {error}")
            reasons.append(error)
    if not contests:
        raise reasons[0]
    stated = [f"not among the baselines, because they share no clip and metric with it: {first_of(apart)}"] if apart else []
    return tuple(contests), replace(wish, notes=(*wish.notes, *stated), missing=(*wish.missing, *refused))


def _contest(pairing: Pairing, wish: Wish) -> Contest:
    reference, candidate = pairing.reference, pairing.candidate
    ground = common_ground(reference, candidate, wish.datasets, wish.metrics)
    return Contest(reference, candidate, ground, differing(reference, candidate))


def _draft(contest: Contest, ground: Ground) -> _Draft:
    ours, theirs = (
        [state.scores[ground.dataset, ground.metric][clip].value for clip in ground.clips]
        for state in (contest.reference, contest.candidate)
    )
    means = (math.fsum(ours) / len(ours), math.fsum(theirs) / len(theirs))
    paired = compare_pairs(ours, theirs)
    return _Draft(ground, contest, describe(ground.metric), means, paired, _within_precision(ours, theirs))


def _within_precision(ours: Sequence[float], theirs: Sequence[float]) -> bool:
    """Whether no two scores differ by more than the metric promises: by rounding, not by what the methods do."""
    return all(math.isclose(mine, other, rel_tol=PRECISION) for mine, other in zip(ours, theirs, strict=True))


def _judged(drafts: Sequence[_Draft], margins: Mapping[str, float]) -> tuple[Line, ...]:
    """The lines; p is corrected over all methods and datasets of a metric."""
    corrected: dict[int, tuple[float, int]] = {}
    for metric in dict.fromkeys(draft.metric.name for draft in drafts):
        family = [draft for draft in drafts if draft.metric.name == metric]
        for draft, p in zip(family, holm([draft.paired.p for draft in family]), strict=True):
            corrected[id(draft)] = (p, len(family))
    return tuple(_line(draft, *corrected[id(draft)], margin_of(draft.metric.name, margins)) for draft in drafts)


def _line(draft: _Draft, p: float, tests: int, margin: float | None) -> Line:
    paired, metric = draft.paired, draft.metric
    evidence = Evidence(
        paired.differences,
        paired.mean,
        paired.interval,
        p,
        paired.deviation,
        tests,
        metric.direction == "higher",
        margin,
        metric.digits,
        draft.within_precision,
    )
    reference, candidate = draft.contest.reference.name, draft.contest.candidate.name
    missing = [f"{clip} of {candidate}" for clip in draft.ground.only_reference]
    missing += [f"{clip} of {reference}" for clip in draft.ground.only_candidate]
    return Line(
        dataset=draft.ground.dataset,
        metric=metric,
        reference=reference,
        candidate=candidate,
        clips=draft.ground.clips,
        missing=tuple(missing),
        reference_mean=draft.means[0],
        candidate_mean=draft.means[1],
        paired=paired,
        p=p,
        tests=tests,
        margin=margin,
        verdict=judge(evidence),
        within_precision=draft.within_precision,
    )


def _together(lines: Sequence[Line], margins: Mapping[str, float]) -> tuple[SetsLine, ...]:
    """The comparisons over several datasets, where there are several."""
    by_pair: dict[tuple[str, str, str], list[Line]] = {}
    for line in lines:
        by_pair.setdefault((line.metric.name, line.reference, line.candidate), []).append(line)
    families: dict[str, list[tuple[list[Line], SetsComparison]]] = {}
    for (metric, _, _), members in by_pair.items():
        sets = compare_sets({line.dataset: line.paired.differences for line in members}) if len(members) > 1 else None
        if sets is not None:
            families.setdefault(metric, []).append((members, sets))
    return tuple(
        _sets_line(members, sets, p, len(family), margin_of(metric, margins))
        for metric, family in families.items()
        for (members, sets), p in zip(family, holm([sets.p for _, sets in family]), strict=True)
    )


def _sets_line(members: Sequence[Line], sets: SetsComparison, p: float, tests: int, margin: float | None) -> SetsLine:
    metric = members[0].metric
    values = tuple(value for line in members for value in line.paired.differences)
    spread, higher = _spread_within(members), metric.direction == "higher"
    rounding = all(line.within_precision for line in members)
    verdict = judge(Evidence(values, sets.mean, sets.interval, p, spread, tests, higher, margin, metric.digits, rounding))
    return SetsLine(metric, members[0].reference, members[0].candidate, sets, p, tests, verdict)


def _spread_within(members: Sequence[Line]) -> float | None:
    """The standard deviation of differences within their datasets; None where each has one clip."""
    free = sum(len(line.clips) - 1 for line in members)
    squares = math.fsum((value - line.paired.mean) ** 2 for line in members for value in line.paired.differences)
    return math.sqrt(squares / free) if free else None


def _datasets(lines: Sequence[Line]) -> list[str]:
    return [name for name in dict.fromkeys(line.dataset for line in lines) if name]

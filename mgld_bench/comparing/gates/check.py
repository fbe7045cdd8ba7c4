"""What each rule of a gate saw: kept, violated, open, or no result; and what that comes to."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from mgld_bench.cards.schemas import ProtocolCard
from mgld_bench.comparing.comparison import Comparison, Contest
from mgld_bench.comparing.gates.evidence import Changes, changes_of_costs, changes_of_profiles, changes_of_scores
from mgld_bench.comparing.gates.gate import COSTS, SECONDS, Gate, Role, Rule, metric_name
from mgld_bench.statistics.equivalence import no_worse_p
from mgld_bench.statistics.intervals import mean_bound
from mgld_bench.statistics.several_tests import holm

Result = Literal["kept", "violated", "open", "no result"]
EXPLAINED: Final = (
    "A rule is violated where its limit is exceeded by a one-sided t test over the clips, at its confidence, corrected (Holm) "
    "over its datasets; kept where the change is shown to be within the limit; open where these clips show neither."
)


@dataclass(frozen=True)
class Finding:
    """What one rule saw on one dataset of one candidate."""

    rule: Rule
    metric: str
    dataset: str
    """As printed."""
    candidate: str
    result: Result
    saw: str
    """In words, with the numbers."""

    @property
    def role(self) -> Role:
        """Of the rule."""
        return self.rule.role

    @property
    def blocks(self) -> bool:
        """Whether this makes the gate fail."""
        return self.result == "violated" and self.role == "blocking"

    @property
    def text(self) -> str:
        """In one line."""
        where = f" on {self.dataset}" if self.dataset else ""
        return f"{self.metric}{where} ({self.rule.text}, {self.role}): {self.saw}"


@dataclass(frozen=True)
class GateResult:
    """What all rules saw."""

    findings: tuple[Finding, ...]

    @property
    def failed(self) -> tuple[Finding, ...]:
        """Confirmed violations of blocking rules."""
        return tuple(finding for finding in self.findings if finding.blocks)

    @property
    def without_result(self) -> tuple[Finding, ...]:
        """What measured nothing: such a gate never passes."""
        return tuple(finding for finding in self.findings if finding.result == "no result")


def check_gate(gate: Gate, comparison: Comparison, protocol: ProtocolCard) -> GateResult:
    """Check every rule on every dataset and candidate.

    Args:
        gate: the rules; its reference is the caller's to resolve.
        comparison: of the candidates with that reference.
        protocol: resolves short names of metrics.

    Raises:
        InputError: a rule names no metric, or limits an improvement.
    """
    named = [(rule, metric_name(rule, protocol)) for rule in gate.rules]
    findings: list[Finding] = []
    for rule, metric in named:
        findings += _findings(rule, metric, comparison)
    return GateResult(tuple(findings))


@dataclass(frozen=True)
class _Draft:
    """A finding whose p is not corrected yet."""

    finding: Finding
    changes: Changes | None
    limit: float = 0.0
    p: float = 1.0
    """Of "the limit is not exceeded"."""


def _findings(rule: Rule, metric: str, comparison: Comparison) -> list[Finding]:
    drafts = [draft for contest in comparison.contests for draft in _drafts(rule, metric, comparison, contest)]
    tested = [draft for draft in drafts if draft.changes is not None]
    corrected = holm([draft.p for draft in tested])
    by_draft = {id(draft): p for draft, p in zip(tested, corrected, strict=True)}
    return [
        draft.finding if draft.changes is None else _judged(draft.finding, draft.changes, draft.limit, by_draft[id(draft)])
        for draft in drafts
    ]


def _drafts(rule: Rule, metric: str, comparison: Comparison, contest: Contest) -> Iterator[_Draft]:
    compared = tuple(dict.fromkeys(ground.dataset for ground in contest.ground.lines))
    see = changes_of_costs if metric in COSTS else changes_of_scores
    seen = {dataset: see(metric, dataset, comparison, contest) for dataset in rule.datasets or compared}
    empty = Finding(rule, metric, "", contest.candidate.name, "no result", "")
    reasons = {changes for changes in seen.values() if isinstance(changes, str)}
    if not rule.datasets and len(reasons) == 1 and all(isinstance(changes, str) for changes in seen.values()):
        profiled = changes_of_profiles(contest) if metric == SECONDS else None
        if profiled is None:
            yield _Draft(replace(empty, saw=reasons.pop()), None)
        else:
            yield _tested(empty, profiled)
        return
    for dataset, changes in seen.items():
        finding = replace(empty, dataset=comparison.heading(dataset))
        if isinstance(changes, str):
            yield _Draft(replace(finding, saw=changes), None)
            continue
        yield _tested(finding, changes)


def _tested(finding: Finding, changes: Changes) -> _Draft:
    rule = finding.rule
    risen = changes if rule.max_drop is None else changes.turned()
    limit = rule.limit_for(changes.reference_mean) if math.isfinite(changes.reference_mean) else math.inf
    p = no_worse_p(_excess(risen.values, limit), 0.0)
    return _Draft(finding, risen, limit, 1.0 if p is None else p)


def _judged(finding: Finding, changes: Changes, limit: float, p: float) -> Finding:
    values, confidence = changes.values, finding.rule.confidence
    size = f"{_kind(finding.rule)} of {changes.number(_mean(values))}, limit {changes.number(limit)}"
    result, why = _decided(changes, limit, p, confidence)
    if changes.missing and result != "violated":
        result, why = "no result", f"{why}; {changes.missing}"
    where = f"; {changes.where}" if changes.where else ""
    return replace(finding, result=result, saw=f"{size}; {why}{where}")


def _decided(changes: Changes, limit: float, p: float, confidence: float) -> tuple[Result, str]:
    values, level = changes.values, 1 - confidence
    clips = f"{len(values)} {changes.of}{'' if len(values) == 1 else 's'}"
    mean = _mean(values)
    if not any(values):
        return "kept", f"identical on {clips}"
    if math.isnan(mean) or (math.isinf(limit) and math.isfinite(mean)):
        return "no result", "infinite values have no mean that could be compared"
    if math.isinf(mean):
        return "violated" if mean > 0 else "kept", f"infinite on {clips}"
    if len(values) == 1:
        return "no result", f"{clips} cannot confirm anything"
    sure = f"{confidence * 100:g} % sure that it is"
    if p <= level:
        return "violated", f"{sure} over {changes.number(mean_bound(values, confidence, upper=False))}, by {clips}"
    excess = _excess(values, limit)
    within = no_worse_p([-value for value in excess], 0.0)
    if (within is not None and within <= level) or not any(excess):
        return "kept", f"{sure} below {changes.number(mean_bound(values, confidence, upper=True))}, by {clips}"
    return "open", f"{'over it, but not confirmed' if mean > limit else 'within it, but not shown'} by {clips}"


def _excess(values: Sequence[float], limit: float) -> list[float]:
    """By how much each value is over the limit; what is over it by rounding alone is not over it."""
    return [0.0 if math.isclose(value, limit, rel_tol=1e-9, abs_tol=1e-12) else value - limit for value in values]


def _mean(values: Sequence[float]) -> float:
    finite = all(map(math.isfinite, values))
    return math.fsum(values) / len(values) if finite else sum(value for value in values if math.isinf(value))


def _kind(rule: Rule) -> str:
    return "drop" if rule.max_rise is None else "rise"

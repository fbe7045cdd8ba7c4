"""From scores to the verdict of a night: against the accepted night and the anchor, or against the night that it repeats."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mgld_bench.cards.schemas import ProtocolCard
from mgld_bench.comparing.compare import Wish, compare
from mgld_bench.comparing.comparison import Comparison
from mgld_bench.comparing.costs import Cost, cost_of
from mgld_bench.comparing.from_store import StorePlace, load_state
from mgld_bench.comparing.gates.check import check_gate
from mgld_bench.comparing.gates.gate import Gate
from mgld_bench.comparing.load import Pairing
from mgld_bench.comparing.state import State
from mgld_bench.engine.store import Store
from mgld_bench.errors import first_of
from mgld_bench.nightly.history import Night, Verdict
from mgld_bench.nightly.identity import identity_lines, moved, parts_that_differ, where_it_moved
from mgld_bench.nightly.noise import Noise
from mgld_bench.nightly.quality import Quality, Series, quality_of


@dataclass(frozen=True)
class Judged:
    """What the scores came to."""

    verdict: Verdict
    why: str
    """One line."""
    lines: Sequence[str]
    """What was seen, one line each."""
    affected: Sequence[tuple[str, str]]
    """Datasets and metrics that raise the alarm."""
    identical: bool = False
    """Of a repetition: every score is as it was."""


@dataclass(frozen=True)
class Judging:
    """Where scores are looked for."""

    store: Store
    workspace: Path
    cards: tuple[Path, ...]
    protocol: ProtocolCard
    gate: Gate | None = None
    """Rules beside the quality alarm."""
    noise: Mapping[tuple[str, str], Noise] = field(default_factory=dict)
    """By dataset and metric, see `night_noise`."""

    def state(self, name: str) -> State:
        """What is known of the restored clips of this name, and their scores. Raises InputError where there are none."""
        return load_state(StorePlace(self.store, "", self.workspace, self.cards), name, protocol=self.protocol.name)

    def cost(self, name: str) -> Cost:
        """What they took."""
        state = self.state(name)
        return cost_of(state, tuple(state.clips))

    def comparison(self, reference: str, candidate: str) -> Comparison:
        """Both, clip by clip. Raises InputError where they were not made of the same pairs, or not scored alike."""
        return compare([Pairing(self.state(reference), self.state(candidate))], Wish(cards=self.cards))


def judge_quality(place: Judging, name: str, references: Mapping[str, Night]) -> Judged:
    """Judge a checkpoint against its references, each by what to call it.

    Raises:
        InputError: a reference was made of other pairs, or scored differently: then nothing can be said.
    """
    if not references:
        return Judged(
            "accepted", "the first complete night: there is nothing to compare it with, others are compared with it", (), ()
        )
    found: list[Quality] = []
    missing: list[str] = []
    gate_lines: list[str] = []
    violated: list[str] = []
    affected: dict[tuple[str, str], None] = {}
    for against, night in references.items():
        comparison = place.comparison(night.name, name)
        missing += comparison.missing
        series = [
            Series(line.dataset, line.metric, line.gains, place.noise.get((line.dataset, line.metric.name)))
            for line in comparison.lines
        ]
        found += quality_of(series, against)
        if place.gate is not None:
            result = check_gate(place.gate, comparison, place.protocol)
            gate_lines += [f"gate, against {against}: {finding.result}: {finding.text}" for finding in result.findings]
            violated += [f"gate, against {against}: {finding.text}" for finding in result.failed]
            missing += [f"gate: {finding.text}" for finding in result.without_result]
            headings = {finding.dataset for finding in result.failed}
            there = [line for line in comparison.lines if comparison.heading(line.dataset) in headings]
            affected |= {(line.dataset, line.metric.name): None for line in there}
    lines = [*(quality.text for quality in found), *gate_lines]
    alarms = [quality for quality in found if quality.alarm]
    warnings = [f"warning: {quality.text}" for quality in found if quality.warning]
    if alarms or violated:
        affected |= dict.fromkeys((each.series.dataset, each.series.metric.name) for each in alarms)
        why = f"quality: {first_of([*(alarm.text for alarm in alarms), *violated], 3, '; ')}"
        return Judged("rejected", why, [*lines, *warnings], tuple(affected))
    if missing:
        return Judged("incomplete", f"no result on one side: {first_of(missing, 3, '; ')}", lines, ())
    why = f"not worse than {' and '.join(references)}, beyond what clips and noise explain"
    return Judged("accepted", why, [*lines, *warnings], ())


def judge_identity(place: Judging, twin: Night, name: str, different: Sequence[str]) -> Judged:
    """Judge a repetition of a night: are its scores what they were? ``different``: what of the environment is not."""
    before, after = place.state(twin.name), place.state(name)
    changed = moved(before, after)
    parts = parts_that_differ(different)
    if not changed:
        verdict: Verdict = "rejected" if twin.verdict == "rejected" else "accepted"
        since = f", although these are different: {parts}" if parts else ""
        earlier = f"; that night was {twin.verdict}: {twin.why}" if twin.verdict == "rejected" else ""
        return Judged(
            verdict, f"identity: every score is as in night {twin.id}{since}{earlier}", list(different), (), identical=True
        )
    where = where_it_moved(place.workspace, twin.name, name, changed)
    blamed = f"different since: {parts}" if parts else "nothing recorded is different"
    why = f"identity: {len(changed)} scores of the same checkpoint are not as in night {twin.id}; {blamed}; {where}"
    affected = dict.fromkeys((each.dataset, each.metric) for each in changed)
    return Judged("rejected", why, identity_lines(changed, different, where), tuple(affected))

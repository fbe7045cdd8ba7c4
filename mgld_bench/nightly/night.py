"""One night: from the checkpoint to the verdict. Everything finished is kept at once, so that a killed night resumes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from mgld_bench.cards.loader import load_protocol, load_report
from mgld_bench.cards.schemas import ProtocolCard
from mgld_bench.comparing.gates.gate import ACCEPTED, Gate, load_gate, metric_name
from mgld_bench.engine.progress import Progress
from mgld_bench.engine.safe_writes import sole_writer
from mgld_bench.engine.session import Session
from mgld_bench.engine.store import Store, open_store
from mgld_bench.errors import InputError, broken, contained
from mgld_bench.nightly.checkpoint import find_checkpoint
from mgld_bench.nightly.environment import changes, environment
from mgld_bench.nightly.history import Night, Verdict, anchor_of, begin, finish, nights, now, reference_of
from mgld_bench.nightly.judging import Judged, Judging, judge_identity, judge_quality
from mgld_bench.nightly.method_card import choose_base, copy_card, write_card
from mgld_bench.nightly.noise import night_noise
from mgld_bench.nightly.resumable import resumable
from mgld_bench.nightly.trends import cost_facts, steps, twice_as_long

FOLDER: Final = "nightly"
"""In the workspace: cards of checkpoints, and the pages."""


@dataclass(frozen=True)
class NightRequest:
    """What a user asks for."""

    suite: str
    checkpoint: Path
    """A file, or a folder of which the newest complete file is taken."""
    method: str = ""
    """The card that the checkpoint's own extends; "": the suite's only one with weight files."""
    role: str = ""
    """Which of its weight files the checkpoint is; "": the only one, or ``network``."""
    again: bool = False
    """Restore and score a checkpoint again that has a night already, on whatever machine."""
    gate: str = ""
    """File or name of a gate, whose rules are checked beside the quality alarm."""
    confirm: bool = True
    """Before an alarm, restore and score what is affected again."""
    workspace: Path = Path("workspace")
    store: str = ""
    cards: tuple[Path, ...] = ()
    sources: Mapping[str, Path] = field(default_factory=dict)
    device: str = ""
    precision: str = "float32"
    max_memory: str = ""
    allow_tf32: bool = False
    command: tuple[str, ...] = ()


@dataclass(frozen=True)
class NightResult:
    """What a night came to."""

    night: Night
    new: bool
    """Whether anything was done: False where this checkpoint had its night already, here and with these versions."""
    lines: tuple[str, ...]
    """What a reader should know, one line each."""


def run_night(request: NightRequest, progress: Progress) -> NightResult:
    """Run a night, or resume the one that was interrupted.

    Raises:
        InputError: no checkpoint, an unknown suite or method, or a workspace that another night uses: nothing is recorded.
        IncompleteError: the disk is so full that not even that can be recorded.
    """
    card_of_suite = load_report(request.suite, request.cards)
    suite = card_of_suite.name
    base = choose_base(request.suite, request.method, request.role, request.cards)
    gate = load_night_gate(request.gate, load_protocol(card_of_suite.protocol, request.cards)) if request.gate else None
    checkpoint = find_checkpoint(request.checkpoint)
    passed_over = tuple(f"passed over: {line}" for line in checkpoint.passed_over)
    for line in passed_over:
        progress.log(line)
    folder = request.workspace / FOLDER / "cards"
    with (
        resumable("the night is incomplete"),
        sole_writer(request.workspace / FOLDER),
        open_store(request.store, request.workspace, create=True) as store,
    ):
        card = write_card(folder, base, checkpoint, request.cards)
        series = nights(store, suite, base.method)
        with _session(request, card.name) as session:
            here = environment(session.compute)
            keys = {unit.key for unit in session.plan().scores if unit.key}
        twin = _twin(series, card.name, keys)
        different = changes(twin.facts["environment"], here) if twin else ()
        if twin is not None and not different and not request.again:
            nothing_new = f"nothing new: this checkpoint had its night already, night {twin.id}"
            return NightResult(twin, False, (*passed_over, nothing_new, *twin.lines))
        draft = Night(
            id=_resumed(series, checkpoint.sha256, "identity" if twin else "quality"),
            suite=suite,
            method=base.method,
            checkpoint=str(checkpoint.path),
            sha256=checkpoint.sha256,
            name=card.name,
            kind="identity" if twin else "quality",
            started_at=now(),
            finished_at="",
            verdict="",
            why="",
            accepted_at="",
            by_hand=False,
            run=None,
            units=(),
            facts={
                "environment": here,
                "passed_over": list(passed_over),
                **({"repeats": twin.id, "different": list(different)} if twin else {}),
            },
        )
        night = begin(store, draft)
        name = card.name
        if twin is not None:
            name = f"{card.name}-night{night.id}"
            copy_card(folder, card, name, base, checkpoint)
        confirming = f"{name}-confirmed{night.id}"
        copy_card(folder, card, confirming, base, checkpoint)
        done = _Work(request, store, night, name, confirming, progress, gate).do(series, twin, different)
        return NightResult(done, True, (*passed_over, *done.lines))


@dataclass(frozen=True)
class _Work:
    """A night that has begun."""

    request: NightRequest
    store: Store
    night: Night
    name: str
    """Under which it restores and scores."""
    confirming: str
    """Under which it does so again before an alarm."""
    progress: Progress
    gate: Gate | None

    def do(self, series: Sequence[Night], twin: Night | None, different: Sequence[str]) -> Night:
        """Run the suite, judge, and record the verdict."""
        try:
            with _session(self.request, self.name) as session:
                outcome = session.attempt(self.request.command, progress=self.progress)
                units = [unit.key for unit in session.plan().scores if unit.key]
            if outcome.missing:
                return self._finish("incomplete", outcome.missing, units)
            noise = night_noise(self.store, series)
            place = Judging(self.store, self.request.workspace, self.request.cards, session.suite.protocol, self.gate, noise)
            cost = cost_facts(place.cost(self.name))
        except broken() as error:
            # Whatever it is, also in somebody's own method or metric: the next night has to go on.
            return self._finish("incomplete", str(contained(error)), [])
        try:
            judged = self._judged(place, series, twin, different)
            complete = judged.verdict != "incomplete"
        except broken() as error:
            # Such as pairs that are not those of the accepted night: without a way on, no night would ever be accepted again.
            way_on = f"where that is meant: mgld-bench nightly accept {self.night.id} --why …"
            judged, complete = Judged("incomplete", f"cannot be judged: {contained(error)}; {way_on}", (), ()), True
        slow = twice_as_long(series, cost)
        if slow and judged.verdict == "accepted":
            why = f"{slow}, look at the machine; its scores are complete: {judged.why}"
            judged = replace(judged, verdict="incomplete", why=why)
        lines = [*judged.lines, *([slow] if slow else [])]
        facts = {
            "lines": lines,
            "cost": cost,
            "identical": judged.identical,
            "complete": complete,
        }
        ended = self._finish(judged.verdict, judged.why, units, facts, twin is None and judged.verdict == "accepted")
        trend = [step.text for step in steps([*series, ended])]
        if trend:
            reference = ended.accepted_at != ""
            return self._finish(judged.verdict, judged.why, units, {**facts, "lines": [*lines, *trend]}, reference)
        return ended

    def _judged(self, place: Judging, series: Sequence[Night], twin: Night | None, different: Sequence[str]) -> Judged:
        if twin is not None:
            judged = judge_identity(place, twin, self.name, different)
        else:
            judged = judge_quality(place, self.name, _references(series))
        if judged.verdict != "rejected" or not judged.affected or not self.request.confirm:
            return judged
        for line in judged.lines:
            self.progress.log(line)
        datasets = list(dict.fromkeys(dataset for dataset, _ in judged.affected))
        self.progress.log(f"before the alarm: {', '.join(datasets)} restored and scored again")
        for dataset in datasets:
            metrics = [metric for of, metric in judged.affected if of == dataset]
            with _session(self.request, self.confirming, [dataset], metrics) as session:
                outcome = session.attempt(self.request.command, progress=self.progress)
            if outcome.missing:
                return Judged("incomplete", f"could not be confirmed: {outcome.missing}", judged.lines, ())
        if twin is not None:
            again = judge_identity(place, twin, self.confirming, different)
        else:
            again = judge_quality(place, self.confirming, _references(series))
        if again.verdict == "rejected":
            return Judged("rejected", f"{judged.why} (confirmed by a second run)", judged.lines, ())
        why = f"not repeatable: a second run of the same checkpoint raises no alarm, the first did: {judged.why}"
        return Judged("incomplete", why, [*judged.lines, *again.lines], ())

    def _finish(
        self,
        verdict: Verdict,
        why: str,
        units: Sequence[str],
        facts: Mapping[str, Any] | None = None,
        becomes_reference: bool = False,
    ) -> Night:
        why = " ".join(why.split())
        with resumable(f"night {self.night.id} is incomplete, and its end could not be recorded ({verdict}: {why})"):
            runs = [unit.run for unit in self.store.units(units).values()]
            return finish(
                self.store,
                self.night.id,
                verdict,
                why,
                run=max(runs, default=None),
                units=units,
                facts=facts,
                becomes_reference=becomes_reference,
            )


def load_night_gate(file: str, protocol: ProtocolCard) -> Gate:
    """A gate whose reference is the accepted night. Raises InputError where it is another one, or a rule names no metric."""
    gate = load_gate(file)
    for rule in gate.rules:
        metric_name(rule, protocol)
    if gate.reference != ACCEPTED:
        raise InputError(f"--gate {file}: its reference is {gate.reference}; that of a night is always `{ACCEPTED}`")
    return gate


def _session(request: NightRequest, name: str, datasets: Sequence[str] = (), metrics: Sequence[str] = ()) -> Session:
    return Session.open(
        request.suite,
        workspace=request.workspace,
        methods=[name],
        datasets=datasets,
        metrics=metrics,
        sources=request.sources,
        cards=[request.workspace / FOLDER / "cards", *request.cards],
        store=request.store,
        device=request.device,
        precision=request.precision,
        max_memory=request.max_memory,
        allow_tf32=request.allow_tf32,
    )


def _references(series: Sequence[Night]) -> dict[str, Night]:
    """The accepted night and the anchor, by what to call them; one where both are the same."""
    accepted, anchor = reference_of(series), anchor_of(series)
    found = {f"the accepted night {accepted.id}": accepted} if accepted else {}
    if anchor and accepted and anchor.id != accepted.id:
        found[f"the anchor, night {anchor.id}"] = anchor
    return found


def _twin(series: Sequence[Night], name: str, keys: set[str]) -> Night | None:
    """The finished night of the same checkpoint, options, pairs and metrics, with the environment of its last repetition."""
    same = [night for night in series if night.name == name and night.verdict in ("accepted", "rejected")]
    first = next((night for night in same if night.kind == "quality" and set(night.units) == keys), None)
    if first is None:
        return None
    repeated = [night for night in same if night.facts.get("repeats") == first.id and night.facts.get("identical")]
    # Its environment is known to give the same scores: only a change since then is worth a repetition.
    return first if not repeated else _with_environment(first, repeated[-1])


def _with_environment(night: Night, later: Night) -> Night:
    return Night(**{**vars(night), "facts": {**night.facts, "environment": later.facts["environment"]}})


def _resumed(series: Sequence[Night], sha256: str, kind: str) -> int:
    """The number of the night of this checkpoint that was interrupted or incomplete, which goes on; 0: a new one begins."""
    unfinished = [
        night for night in series if night.sha256 == sha256 and night.kind == kind and night.verdict in ("", "incomplete")
    ]
    return unfinished[-1].id if unfinished and unfinished[-1] == series[-1] else 0

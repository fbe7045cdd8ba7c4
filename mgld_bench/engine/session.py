"""One suite in one workspace: open it, plan it, estimate it, run it, read its scores."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Final

from mgld_bench.engine.costs import Estimate, estimate
from mgld_bench.engine.machine import compute_on
from mgld_bench.engine.plan import Plan, Unit, make_plan
from mgld_bench.engine.progress import Progress, Silent
from mgld_bench.engine.request import SuiteRequest, rooted
from mgld_bench.engine.staged_units import bring_side_files
from mgld_bench.engine.store import Store, open_store
from mgld_bench.engine.suite import Suite, load_suite, unknown_names
from mgld_bench.errors import IncompleteError, InputError, sentence
from mgld_bench.home import expanded
from mgld_bench.methods.compute import Compute
from mgld_bench.metrics.metric import ClipScore
from mgld_bench.pairs.subset import Subset
from mgld_bench.threads import threads

SKIP_HINT: Final = "To leave it out: --skip-unavailable"

if TYPE_CHECKING:
    from mgld_bench.engine.measuring import Measurement
    from mgld_bench.engine.work import RunContext


@dataclass(frozen=True)
class Outcome:
    """What a run came to."""

    plan: Plan
    """As it was before the run: what was not done in it has been done now, but for what is missing."""
    missing: str
    """What was asked for and has no result, in one line with the reasons; "" where all is there."""
    measured: int = 0
    """How many costs were to be measured."""

    @property
    def plan_now(self) -> Plan | None:
        """The plan as it is after the run, where that has changed nothing; None where it has to be made anew."""
        return self.plan if all(unit.done for unit in self.plan.units) else None


class Session:
    """A suite with the workspace and the results database that it uses. Use as a context manager.

    Example::

        with Session.open("demo", workspace=Path("workspace"), methods=["bicubic"]) as session:
            print(session.estimate())
            session.run(["my script"])
            scores = session.scores()
    """

    def __init__(
        self, suite: Suite, workspace: Path, store: Store, compute: Compute, sources: Mapping[str, Path], as_made: bool = False
    ) -> None:
        self.suite = suite
        self.workspace = workspace
        self.store = store
        self.compute = compute
        self._sources = sources
        self._as_made = as_made
        self._asked: SuiteRequest | None = None

    @classmethod
    def open(
        cls,
        report: str,
        *,
        workspace: Path,
        methods: Sequence[str] = (),
        datasets: Sequence[str] = (),
        metrics: Sequence[str] = (),
        sources: Mapping[str, Path] | None = None,
        cards: Sequence[Path] = (),
        store: str = "",
        read_only: bool = False,
        device: str = "",
        precision: str = "float32",
        max_memory: str = "",
        allow_tf32: bool = False,
        degradation: str = "",
        as_made: bool = False,
        protocol: str = "",
        clips: Sequence[str] = (),
        limit: int | None = None,
        by_others: bool = False,
    ) -> Session:
        """Open the suite of a report card.

        Args:
            report: name of a report card, or a card file.
            workspace: folder for pairs, restored clips, results and reports.
            methods: only these; the report's where none is given. Likewise ``datasets`` and ``metrics``.
            sources: by dataset, the folder of its official download; needed where its pairs are not built yet.
            cards: further folders with cards.
            store: SQLAlchemy URL of the results database; "" is the workspace's own SQLite file.
            read_only: do not create the results database where there is none.
            device: see compute_on(), likewise ``precision``, ``max_memory`` and ``allow_tf32``.
            degradation: the LR clips of all datasets: a degradation card, or ``existing`` for those that came with the sets;
                default: those of the dataset's card, or the existing ones where only they are prepared.
            as_made: see make_plan().
            protocol: a protocol card in place of the report's.
            clips: only these clips; all where none is given.
            limit: only the first so many clips of each dataset.
            by_others: see compute_on().

        Raises:
            InputError: an unknown report, dataset or protocol, or an unusable device or database.
        """
        compute = compute_on(device, precision, max_memory, allow_tf32, by_others)
        bring_side_files(workspace, to_write=not read_only)
        suite = load_suite(
            report,
            compute,
            datasets,
            methods,
            metrics,
            cards,
            workspace=workspace,
            sources=sources,
            degradation=degradation,
            protocol=protocol,
            subset=Subset(tuple(clips), limit),
        )
        session = cls(suite, workspace, open_store(store, workspace, create=not read_only), compute, sources or {}, as_made)
        session._asked = SuiteRequest(
            report=rooted(report),
            methods=tuple(map(rooted, methods)),
            datasets=tuple(map(rooted, datasets)),
            metrics=tuple(metrics),
            sources={name: expanded(Path(folder)).absolute() for name, folder in (sources or {}).items()},
            cards=tuple(expanded(Path(folder)).absolute() for folder in cards),
            precision=precision,
            allow_tf32=allow_tf32,
            degradation=rooted(degradation),
            protocol=rooted(protocol),
            clips=tuple(clips),
            limit=limit,
        )
        return session

    @classmethod
    def of_request(cls, request: SuiteRequest, workspace: Path, store: Store, compute: Compute) -> Session:
        """The suite of a run that was started elsewhere, in a store that is open already. Raises InputError like `open`."""
        bring_side_files(workspace)
        suite = load_suite(
            request.report,
            compute,
            request.datasets,
            request.methods,
            request.metrics,
            request.cards,
            workspace=workspace,
            sources=request.sources,
            degradation=request.degradation,
            protocol=request.protocol,
            subset=Subset(request.clips, request.limit),
        )
        return cls(suite, workspace, store, compute, request.sources)

    @property
    def cards(self) -> tuple[Path, ...]:
        """The further folders with cards that it was opened with."""
        return self._asked.cards if self._asked is not None else ()

    @property
    def request(self) -> SuiteRequest:
        """What it was opened with, for other processes: with the memory and the threads of this one, on which numbers depend."""
        if self._asked is None:
            raise InputError("this session was not opened by name: workers cannot open it")
        here = {"device": self.compute.device.partition(":")[0], "max_memory": self.compute.memory_budget(), "threads": threads()}
        return self._asked.model_copy(update=here)

    def __enter__(self) -> Session:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close the results database."""
        self.store.close()

    def require_known(self, hint: str = "") -> None:
        """Raise InputError that lists every name of a method or metric that does not exist, and ends with ``hint``."""
        wrong = unknown_names(self.suite)
        if wrong:
            raise InputError(f"{sentence(wrong)} {hint}" if hint else wrong)

    def plan(self) -> Plan:
        """Every unit of the suite, with those marked that are done by now."""
        return make_plan(self.suite, self.workspace, self.store, self.compute, self._sources, self._as_made)

    def estimate(self, plan: Plan | None = None) -> Estimate:
        """What is left to do in ``plan`` (default: the plan as of now), or to measure."""
        plan = plan or self.plan()
        if self.suite.report.costs is not None:
            from mgld_bench.engine.measuring import estimate_measurements

            return estimate_measurements(self.unmeasured(), plan, self.store, self.compute)
        return estimate(plan, self.store, self.compute)

    def run(
        self, command: Sequence[str], *, skip_unavailable: bool = False, workers: int = 1, progress: Progress | None = None
    ) -> Plan:
        """Do everything that is not done yet; each finished unit is kept at once, and what fails does not hold up the rest.

        Args:
            command: recorded as that which started the run.
            skip_unavailable: leave out what cannot run here, without an error at the end.
            workers: number of processes that build pairs.
            progress: where to report progress; default: nowhere.

        Returns:
            The plan as it was before the run: what was not done in it has been done now.

        Raises:
            InputError: something that was asked for does not exist, and ``skip_unavailable`` is false; nothing is done.
            IncompleteError: something has no result: units failed, or something cannot run here and ``skip_unavailable`` is
                false. Everything else is done.
        """
        outcome = self.attempt(command, skip_unavailable=skip_unavailable, workers=workers, progress=progress)
        if outcome.missing:
            raise IncompleteError(outcome.missing)
        return outcome.plan

    def attempt(
        self,
        command: Sequence[str],
        *,
        skip_unavailable: bool = False,
        workers: int = 1,
        progress: Progress | None = None,
        do: Callable[[Session, Plan, Sequence[str], RunContext], list[str]] | None = None,
    ) -> Outcome:
        """As run(), but what has no result is in the outcome, not raised.

        ``do``: does the plan, and returns a line for everything that failed; None: this process does it.
        """
        progress = progress or Silent()
        self.store.log_to(progress.log)
        if not skip_unavailable:
            self.require_known(SKIP_HINT)
        plan = self.plan()
        for remark in plan.remarks:
            progress.log(remark)
        for obstacle in plan.obstacles:
            progress.log(f"left out: {obstacle.kind} {obstacle.name}: {obstacle.reason}")
        failures: list[str] = []
        if any(not unit.done for unit in plan.units):
            # Only here: where nothing is left to do, what does it need not be loaded.
            from mgld_bench.engine.run import execute
            from mgld_bench.engine.work import RunContext

            context = RunContext(self.workspace, self.store, self.compute, workers, progress)
            failures = execute(plan, command, context) if do is None else do(self, plan, command, context)
        todo = self.unmeasured()
        if todo:
            from mgld_bench.engine.measuring import measure

            failures = measure(todo, self.store, self.compute, progress)
        return Outcome(plan, self._missing(plan, failures, skip_unavailable), len(todo))

    def unmeasured(self) -> list[Measurement]:
        """The measurements that a table of costs asks for and that were not made on this machine and device."""
        if self.suite.report.costs is None:
            return []
        # Only here, because it takes seconds to import.
        from mgld_bench.engine.measuring import missing_measurements

        return missing_measurements(self.suite, self.store, self.compute)

    def _missing(self, plan: Plan, failures: Sequence[str], skip_unavailable: bool) -> str:
        """What has no result, in one line; "" where nothing is missing, or all that is was to be skipped."""
        parts = [f"{len(failures)} failed; everything else is done and kept: {'; '.join(failures)}"] if failures else []
        # A report of figures may need restored clips alone, and a table of costs none.
        wanted = "score" if plan.scores else "restore"
        nothing = not any(unit.kind == wanted for unit in plan.units) and not (plan.suite.report.costs and plan.suite.methods)
        # What was never published is nobody's gap to fill, unless there is nothing else.
        counting = [obstacle for obstacle in plan.obstacles if nothing or not obstacle.unpublished]
        listed = "; ".join(f"{obstacle.kind} {obstacle.name}: {obstacle.reason}" for obstacle in counting)
        if listed and (nothing or not skip_unavailable):
            rest = "nothing can be done" if nothing else "everything else is done and kept"
            parts.append(f"incomplete: {listed}; {rest}. Fix this, or skip it with --skip-unavailable")
        return f"{plan.suite.report.name}: {'; '.join(parts)}" if parts else ""

    def scores(self) -> list[tuple[Unit, ClipScore]]:
        """The scores that are there, each with its unit, in the order of the plan."""
        units = [unit for unit in self.plan().units if unit.kind == "score"]
        found = self.store.scores(unit.key for unit in units)
        return [(unit, found[unit.key]) for unit in units if unit.key in found]

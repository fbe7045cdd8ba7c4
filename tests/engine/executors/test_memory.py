"""A worker on a cluster asks for the memory that the hungriest method of the plan is known to take."""

from __future__ import annotations

from pathlib import Path

from mgld_bench.engine.executors.memory import ROOM, memory_of
from mgld_bench.engine.store import FinishedUnit
from tests.helpers.by_workers import SmallSuite


def test_it_is_what_was_measured_of_methods_that_have_something_to_do(suite: SmallSuite, tmp_path: Path) -> None:
    with suite.session(tmp_path / "workspace") as session:
        plan = session.plan()
        assert memory_of(plan, session.store) == 0
        run = session.store.begin_run("earlier", {})
        for number, (method, peak) in enumerate((("bicubic", 2_000_000), ("slow", 8_000_000), ("elsewhere", 9_000_000))):
            unit = FinishedUnit(f"k{number}", "restore", "set", "clip", method, facts={"peak_memory": peak})
            session.store.add(run, [(unit, None)])
        assert memory_of(plan, session.store) == int(ROOM * 8_000_000)

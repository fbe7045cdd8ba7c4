"""Decisions about nights, in a real database."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from mgld_bench.engine.store import open_store
from mgld_bench.nightly import history
from tests.helpers.command import call


def test_the_latest_decision_counts_even_if_the_clock_was_moved_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_store("", tmp_path, create=True) as store:
        for day in (3, 2, 1):
            moment = f"2026-01-0{day}T02:00:00.000000+00:00"
            monkeypatch.setattr(history, "now", lambda moment=moment: moment)
            night = history.Night(0, "watch", "m", "c.pth", "", f"m{day}", "quality", moment, "", "", "", "", False, None, (), {})
            number = history.begin(store, night).id
            history.finish(store, number, "accepted", "", becomes_reference=True)
        series = history.nights(store)
        assert (reference := history.reference_of(series)) is not None
        assert reference.id == series[-1].id
        history.accept(store, series[0].id, "the first was best")
        assert (again := history.reference_of(history.nights(store))) is not None
        assert again.id == series[0].id


@pytest.mark.parametrize(
    "change", ["units = '7'", "units = '[7]'", "facts = '[]'", """facts = '{"lines": 7}'""", "why = x'00ff'"]
)
def test_a_row_that_is_no_night_is_one_line(tmp_path: Path, change: str) -> None:
    with open_store("", tmp_path, create=True) as store:
        night = history.Night(0, "watch", "m", "c.pth", "", "m1", "quality", "", "", "", "", "", False, None, (), {})
        history.begin(store, night)
    with closing(sqlite3.connect(tmp_path / "results.sqlite")) as database:
        database.execute(f"update nights set {change}")
        database.commit()
    done = call("nightly", "history", "--workspace", tmp_path)
    assert done.code == 2
    assert "results.sqlite: cannot be used: " in done.err
    assert len(done.err.splitlines()) == 1

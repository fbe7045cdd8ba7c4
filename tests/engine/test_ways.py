"""Memory that cuts clips in a run: restored again where there is enough, shown by a report as they were made."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mgld_bench.engine.plan import Plan
from mgld_bench.engine.session import Session
from mgld_bench.errors import InputError
from mgld_bench.report.write import write_session_report
from tests.helpers.suite_cards import write_cards

NARROW = """
name: narrow
extends: realesr-animevideov3
options: {tile_pad: 2}
"""


def open_session(folder: Path, **options: Any) -> Session:
    cards = write_cards(folder / "cards")
    (cards / "baselines/narrow.yaml").write_text(NARROW)
    choice: dict[str, Any] = {"methods": ["narrow"], "metrics": ["psnr"], "device": "cpu", **options}
    return Session.open("small", workspace=folder / "workspace", cards=[cards], **choice)


def keys(plan: Plan) -> set[str]:
    return {unit.key for unit in plan.units if unit.kind != "pair"}


def test_what_was_cut_is_restored_again_with_more_memory_and_reported_as_it_was_made(tmp_path: Path) -> None:
    with open_session(tmp_path, max_memory="2M") as session:
        cut = session.run(["test"])
        assert keys(session.plan()) == keys(cut)
    # A report does not know what memory the run had.
    with open_session(tmp_path, as_made=True) as session:
        assert keys(session.plan()) == keys(cut)
        files = write_session_report(session, ["test"], ["md"])
    table = (files.folder / "table.md").read_text()
    assert "narrow on tiny: tile: 32 px, because a whole frame does not fit the memory" in table
    with open_session(tmp_path) as session:
        plan = session.plan()
        assert {kind: len(plan.todo(kind)) for kind in ("pair", "restore", "score")} == {"pair": 0, "restore": 2, "score": 2}
        assert not keys(plan) & keys(cut)
        session.run(["test"])
    with open_session(tmp_path, as_made=True) as session:
        assert keys(session.plan()) == keys(plan)


def test_a_clip_that_does_not_fit_at_all_is_reported_before_anything_is_done(tmp_path: Path) -> None:
    with open_session(tmp_path, methods=["narrow", "bicubic"], max_memory="1M") as session:
        plan = session.plan()
        assert [unit.clip for unit in plan.waiting if unit.kind == "restore"] == ["bunny", "bikes"]
        assert {unit.method for unit in plan.units if unit.kind == "restore"} == {"bicubic"}
        with pytest.raises(InputError, match=r"method narrow: tiny bunny: clip bunny: a tile of 32 px takes about 2 MB"):
            session.run(["test"])

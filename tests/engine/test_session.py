"""A session from a script: planned, run, resumed and read, by itself and through the Python interface."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import mgld_bench
from mgld_bench.engine.session import Session
from mgld_bench.errors import InputError
from mgld_bench.report.write import write_session_report
from tests.helpers.command import call
from tests.helpers.run_state import database
from tests.helpers.suite_cards import write_cards


class Lines:
    """Progress that keeps what is logged."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def start(self, stage: str, frames: int, what: str = "frames") -> None:
        self.lines.append(f"{stage} {frames}")

    def unit(self, label: str) -> None: ...

    def found(self, frames: int) -> None: ...

    def advance(self, frames: int) -> None: ...

    def log(self, line: str) -> None:
        self.lines.append(line)

    def stop(self) -> None: ...


@pytest.fixture(scope="module")
def cards(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_cards(tmp_path_factory.mktemp("cards"))


def test_a_session_plans_runs_and_reads_its_scores(cards: Path, tmp_path: Path) -> None:
    workspace, progress = tmp_path / "workspace", Lines()
    choice: dict[str, Any] = {"methods": ["bicubic", "nonsense"], "metrics": ["psnr"]}
    with Session.open("small", workspace=workspace, cards=[cards], device="cpu", **choice) as session:
        plan = session.plan()
        assert {kind: len(plan.todo(kind)) for kind in ("pair", "restore", "score")} == {"pair": 2, "restore": 2, "score": 2}
        assert session.estimate().unknown == ()
        assert 0 < session.estimate().now.time.low < session.estimate().seconds < session.estimate().now.time.high
        assert session.scores() == []
        with pytest.raises(InputError, match=r'method "nonsense".*--skip-unavailable'):
            session.run(["test"], progress=progress)
        done = session.run(["test"], skip_unavailable=True, progress=progress)
        assert done.units == plan.units
        assert progress.lines[0].startswith("left out: method nonsense")
        assert progress.lines[1:] == ["pairs 6", "restore 6", "score 6"]
        assert session.plan().todo("score") == []
        assert session.estimate().unknown == ()
        scores = session.scores()
        assert [(unit.dataset, unit.clip, unit.method, score.metric) for unit, score in scores] == [
            ("tiny", clip, "bicubic", "psnr.rgb") for clip in ("bunny", "bikes")
        ]
        files = write_session_report(session, ["test"], ["md"])
    assert files.folder == (workspace / "reports/small/latest").resolve()
    assert f"{sum(score.value for _, score in scores) / 2:.2f}" in (files.folder / "table.md").read_text()


def test_looking_creates_nothing(cards: Path, tmp_path: Path) -> None:
    with Session.open("small", workspace=tmp_path / "none", cards=[cards], device="cpu", read_only=True) as session:
        assert len(session.plan().todo("score")) == 12
        assert session.scores() == []
    assert list(tmp_path.iterdir()) == []


def test_a_dry_run_leaves_an_empty_folder_empty(cards: Path, tmp_path: Path) -> None:
    seen = call("run", "small", "--cards", cards, "--device", "cpu", "--dry-run", cwd=tmp_path)
    assert seen.code == 0, seen.err
    assert "2 of 2 units to do" in seen.out
    assert list(tmp_path.iterdir()) == []


def test_the_python_interface_runs_and_resumes(cards: Path, tmp_path: Path) -> None:
    workspace = tmp_path / "workspace"
    choice: dict[str, Any] = {"methods": ["bicubic"], "workspace": workspace, "cards": [cards], "device": "cpu"}
    table = mgld_bench.run("small", metrics=["psnr", "vmaf"], **choice)
    assert list(table.columns) == ["dataset", "clip", "method", "metric", "frame", "value"]
    whole = table[table["frame"].isna()]
    assert len(whole) == 4
    assert len(table) == 4 + 4 * 3
    before = database(workspace)
    kept = {(row[3], row[5]): row[0] for row in before["units"] if row[1] == "score"}
    values = {unit: value for unit, value, _ in before["clip_scores"]}
    for row in whole.itertuples():
        assert values[kept[row.clip, row.metric]] == row.value
    means = mgld_bench.run("small", metrics="PSNR,vmaf", clips="bikes", level="clip", **choice)
    assert list(means.columns) == ["dataset", "clip", "method", "metric", "value"]
    assert list(means["value"]) == list(whole["value"][whole["clip"] == "bikes"])
    again = mgld_bench.run("small", metrics=["psnr", "vmaf"], **choice)
    assert again.equals(table)
    assert database(workspace) == before
    with pytest.raises(InputError, match="nonsense"):
        mgld_bench.run("small", **{**choice, "methods": ["nonsense"]})

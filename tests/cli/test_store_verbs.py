"""status and store: what they print."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from mgld_bench.cli.main import app

STORES = Path(__file__).parents[1] / "engine/stores"


def say(*words: str) -> str:
    result = CliRunner().invoke(app, list(words))
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """A workspace whose run has one unit running and one that waits for it."""
    (tmp_path / "workspace").mkdir()
    shutil.copy(STORES / "0003.sqlite", tmp_path / "workspace/results.sqlite")
    return tmp_path / "workspace"


def test_status_shows_runs_units_and_workers(workspace: Path) -> None:
    shown = say("status", "--workspace", str(workspace))
    assert "small (/bench on host) is going on: 2 units: 1 running, 1 blocked" in shown
    assert "restore  bicubic" in shown
    found = json.loads(say("status", "--workspace", str(workspace), "--json"))
    assert (found["left"], found["seconds_left"]) == (2, None)
    assert found["jobs"][0]["parts"][1] == {"kind": "score", "what": "psnr.rgb", "counts": {"blocked": 1}, "seconds_each": None}


@pytest.mark.parametrize("version", ["", "0002"])
def test_status_of_a_store_without_runs_by_workers(version: str, tmp_path: Path) -> None:
    if version:
        shutil.copy(STORES / f"{version}.sqlite", tmp_path / "results.sqlite")
    assert "no run by workers" in say("status", "--workspace", str(tmp_path))


def test_store_shows_exports_imports_and_merges(workspace: Path, tmp_path: Path) -> None:
    assert json.loads(say("store", "info", "--workspace", str(workspace), "--json"))["units"] > 0
    assert "frame_scores" in say("store", "info", "--workspace", str(workspace))
    files = tmp_path / "files"
    assert str(files / "units.csv") in say("store", "export", str(files), "--workspace", str(workspace))
    other = tmp_path / "other"
    assert "units added, 0 were there" in say("store", "import", str(files), "--workspace", str(other))
    assert " 0 units added" in say("store", "merge", str(workspace), "--workspace", str(other))


def test_a_store_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["store", "info", "--workspace", str(tmp_path)])
    assert result.exit_code == 2
    assert "holds no results" in result.output

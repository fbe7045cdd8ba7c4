"""Where numbers come from: each score keeps its own machine, and a table that mixes several warns."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pandas as pd
import pytest
import torch

from mgld_bench.clips.ffmpeg import ffmpeg_identity
from mgld_bench.engine.origins import Made, Origin
from mgld_bench.engine.session import Session
from mgld_bench.methods.compute import machine_name
from mgld_bench.report.collect.origins import mixed, places, stated
from mgld_bench.report.write import ReportFiles, write_session_report
from tests.engine.test_yesterday import YESTERDAY, same_encoder
from tests.helpers.handmade import Place, make_data
from tests.helpers.suite_cards import write_cards

ELSEWHERE = {
    "command": "mgld-bench run elsewhere",
    "versions": {"python": "3.10.1", "torch": "2.6.0", "numpy": "2.0.1", "opencv-python-headless": "4.13.0.1"},
    "encoder": {"ffmpeg": "7.1", "sha256": "ab" * 32},
    "hardware": {"system": "Linux aarch64", "processor": "Grace", "cores": 72, "memory_bytes": 1},
    "device": "cuda:3 NVIDIA GH200",
    "precision": "float16",
}
"""The provenance of a run on another machine, by version 0.1.0."""


@pytest.fixture
def run(tmp_path: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    """A workspace with a finished run of Bicubic, and how to open it."""
    workspace, cards = tmp_path / "workspace", write_cards(tmp_path / "cards")
    choice: dict[str, Any] = {"cards": [cards], "workspace": workspace, "device": "cpu", "methods": ["bicubic"]}
    with Session.open("small", metrics=["psnr"], **choice) as session:
        session.run(["mgld-bench", "here"])
    yield workspace, choice


def moved_elsewhere(workspace: Path) -> None:
    """Make the scores those of another machine, as if they had been made there by version 0.1.0."""
    with closing(sqlite3.connect(workspace / "results.sqlite")) as database, database:
        database.execute("UPDATE runs SET provenance = ?, started_at = '2026-01-02T03:04:05+00:00'", [json.dumps(ELSEWHERE)])
        database.execute("UPDATE units SET facts = '{}', finished_at = '2026-01-02T03:05:00+00:00' WHERE kind = 'score'")
        database.execute("UPDATE units SET facts = ? WHERE kind = 'restore'", [json.dumps({"device": "cuda:1 NVIDIA GH200"})])
    for side in workspace.glob("restored/*/*/*.json"):
        content = json.loads(side.read_text())
        del content["machine"], content["finished_at"]
        side.write_text(json.dumps(content))


def report(metrics: list[str], choice: dict[str, Any], run: bool = True) -> ReportFiles:
    with Session.open("small", metrics=metrics, **choice) as session:
        if run:
            session.run(["mgld-bench", "later"])
        return write_session_report(session, ["mgld-bench", "report"])


def test_a_run_that_does_nothing_leaves_no_trace(run: tuple[Path, dict[str, Any]]) -> None:
    workspace, choice = run
    moved_elsewhere(workspace)
    files = report(["psnr"], choice)
    record = json.loads((files.folder / "run.json").read_text())
    assert record["provenance"] == {**ELSEWHERE, "started_at": "2026-01-02T03:04:05+00:00"}
    assert [run["provenance"] for run in record["runs"]] == [ELSEWHERE]
    there = "cuda NVIDIA GH200, Linux aarch64 Grace, torch 2.6.0, numpy 2.0.1, opencv 4.13.0.1, ffmpeg abababababab"
    text = (files.folder / "table.md").read_text()
    assert f"Scores made on: {there} (2026-01-02)." in text
    assert "Restored clips made on: cuda NVIDIA GH200, Linux aarch64 Grace, float16, torch 2.6.0" in text
    for name in ("table.csv", "scores.csv"):
        assert set(pd.read_csv(files.folder / name)["scored_on"]) == {there}
    page = (files.folder / "index.html").read_text()
    assert "Grace" in page
    assert torch.__version__ not in page
    assert files.table.warnings == ()


def test_each_score_is_shown_with_its_own_machine_and_the_mix_is_a_warning(run: tuple[Path, dict[str, Any]]) -> None:
    workspace, choice = run
    moved_elsewhere(workspace)
    files = report(["psnr", "ssim"], choice)
    (warning,) = files.table.warnings
    assert warning.startswith("The scores of this table were made in 2 places that differ in device, machine, torch, numpy, ")
    assert "Bicubic (PSNR): cuda NVIDIA GH200, Linux aarch64 Grace, torch 2.6.0, numpy 2.0.1" in warning
    assert f"Bicubic (SSIM): cpu, {machine_name()}, torch {torch.__version__.split('+')[0]}" in warning
    assert f"numpy {np.__version__}" in warning
    assert f"ffmpeg {ffmpeg_identity().sha256[:12]}" in warning
    scores = pd.read_csv(files.folder / "scores.csv").set_index("metric")["scored_on"]
    assert scores["psnr.rgb"].str.startswith("cuda NVIDIA GH200").all()
    assert scores["ssim.rgb"].str.startswith("cpu").all()
    record = json.loads((files.folder / "run.json").read_text())
    assert [run["provenance"]["command"] for run in record["runs"]] == ["mgld-bench run elsewhere", "mgld-bench later"]
    for text in (files.folder / name for name in ("table.md", "table-notes.tex", "index.html")):
        assert "that differ in device, machine" in text.read_text()


def test_a_restored_clip_that_was_there_keeps_its_machine(run: tuple[Path, dict[str, Any]]) -> None:
    """The database is new, the restored clips are those of another machine: their records count."""
    workspace, choice = run
    for side in (workspace / "restored/tiny/bicubic").glob("*.json"):
        content = json.loads(side.read_text())
        content.update(machine="Linux aarch64 Grace", device="cuda:0 NVIDIA GH200", finished_at="2026-01-02T03:04:05+00:00")
        side.write_text(json.dumps(content))
    (workspace / "results.sqlite").unlink()
    files = report(["psnr"], choice)
    record = json.loads((files.folder / "run.json").read_text())["made_on"]
    (scores,), (clips,) = record["scores"], record["restored_clips"]
    assert scores["device"] == "cpu"
    assert (clips["device"], clips["machine"], clips["first"]) == (
        "cuda NVIDIA GH200",
        "Linux aarch64 Grace",
        "2026-01-02T03:04:05+00:00",
    )
    assert clips["opencv"].startswith(cv2.__version__)


@same_encoder
def test_a_database_of_the_version_before_gives_its_provenance(tmp_path: Path) -> None:
    workspace = tmp_path / "workspace"
    shutil.copytree(YESTERDAY / "workspace", workspace)
    with Session.open(
        "yesterday", workspace=workspace, cards=[YESTERDAY / "cards"], device="cpu", methods=["bicubic"], read_only=True
    ) as session:
        files = write_session_report(session, ["report"], ["md", "csv"])
    there = (
        "cpu, Linux x86_64 AMD EPYC, torch 2.14.1, torchvision 0.29.1, pyiqa 0.1.16, numpy 2.4.6, scipy 1.17.1, opencv 5.0.0.93"
    )
    assert set(pd.read_csv(files.folder / "scores.csv")["scored_on"].dropna()) == {f"{there}, ffmpeg 0d709a0bed1a"}
    assert f"Scores made on: {there}" in (files.folder / "table.md").read_text().replace("\\", "")


HERE = Origin("Linux x86_64 A", "cpu", "", (("torch", "2.14.1"),))
SCORES: dict[Place, dict[str, float]] = {
    ("a", "one", "psnr.rgb"): {"x": 1.0, "y": 2.0},
    ("a", "two", "psnr.rgb"): {"x": 1.0, "y": 2.0},
    ("a", "two", "lpips.alex"): {"x": 1.0, "y": 2.0},
}
METHODS = {"one": "One", "two": "Two"}
NOW = Made(1, HERE, "2026-11-28T04:00:00+00:00", HERE, "2026-11-27T23:00:00+00:00")


def test_what_was_made_alike_is_one_place_without_a_warning() -> None:
    data = make_data(SCORES, {"a": ("x", "y")}, METHODS, made=NOW)
    assert mixed(data) == ()
    assert stated(data) == (
        "Scores made on: cpu, Linux x86_64 A, torch 2.14.1 (2026-11-28).",
        "Restored clips made on: cpu, Linux x86_64 A, torch 2.14.1 (2026-11-27).",
    )
    assert [place.what for place in places(data, "scores")] == ["One (PSNR), Two (PSNR, LPIPS)"]


def test_a_mix_names_what_differs_and_which_numbers_come_from_where() -> None:
    older = replace(NOW, scored=replace(HERE, versions=(("torch", "2.13.0"),)), scored_at="2026-11-01T00:00:00+00:00")
    gpu = replace(NOW, restored=replace(HERE, device="cuda NVIDIA H200"))
    made = {
        ("a", "one", "psnr.rgb"): {"x": NOW, "y": older},
        ("a", "two", "psnr.rgb"): {"x": gpu, "y": gpu},
        ("a", "two", "lpips.alex"): {"x": gpu, "y": gpu},
    }
    data = make_data(SCORES, {"a": ("x", "y")}, METHODS, made=made)
    assert mixed(data) == (
        "The scores of this table were made in 2 places that differ in torch, and numbers may differ with these: "
        "One (PSNR of 1 of 2 clips), Two (PSNR, LPIPS): torch 2.14.1; One (PSNR of 1 of 2 clips): torch 2.13.0.",
        "The restored clips of this table were made in 2 places that differ in device, and numbers may differ with these: "
        "One: cpu; Two: cuda NVIDIA H200.",
    )


def test_what_was_not_recorded_is_no_difference() -> None:
    bare = replace(NOW, scored=Origin("", "cpu", "", ()))
    made = {("a", "one", "psnr.rgb"): {"x": NOW, "y": bare}}
    assert mixed(make_data(SCORES, {"a": ("x", "y")}, METHODS, made=made)) == ()

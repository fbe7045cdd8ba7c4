"""Costs that a table asks for are measured once on each machine and device, kept in the results database, and shown."""

from __future__ import annotations

import csv
import json
import shutil
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from mgld_bench.cards.loader import load_method
from mgld_bench.engine import kept_profiles
from mgld_bench.engine.kept_profiles import keep_profile, profile_identity
from mgld_bench.engine.profiling import MethodProfile, ProfileInput
from mgld_bench.engine.session import Session
from mgld_bench.engine.store import open_store
from mgld_bench.restoring.profiling import ProfileResult
from tests.helpers.command import Done, call
from tests.helpers.run_state import database

YESTERDAY = Path(__file__).parent / "yesterday/workspace"
CARD = """
name: quick
title: What it costs
methods: [bicubic, results]
costs: {sizes: [20x12], frames: 2}
table: {orientation: methods-as-rows, attributes: [category]}
plots: []
"""
RESULT = ProfileResult(
    parameters={"network": 10},
    total_parameters=10,
    trained={"network": 10},
    flops_per_frame=2e9,
    seconds=(0.5, 0.25, 0.25),
    resident_increase=0,
    peak_resident=500_000_000,
    peak_gpu=None,
    device="cpu, 2 cores",
    precision="float32",
    width=20,
    height=12,
    frames=2,
    scale=4,
    notes={},
    first_frame=(0.4, 0.3, 0.2),
)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MGLD_BENCH_HOME", str(tmp_path / "home"))


@pytest.fixture
def cards(tmp_path: Path) -> Path:
    folder = tmp_path / "cards"
    (folder / "reports").mkdir(parents=True)
    (folder / "reports/quick.yaml").write_text(CARD)
    return folder


def command(verb: str, cards: Path, *more: str) -> Done:
    return call(verb, "quick", "--cards", str(cards), "--workspace", str(cards.parent / "w"), *more)


def test_a_table_of_costs_is_measured_once(cards: Path) -> None:
    before = command("report", cards, "--format", "md")
    assert before.code == 3
    assert "incomplete: not measured yet: bicubic" in before.err
    dry = command("run", cards, "--dry-run", "--device", "cpu", "--json")
    assert json.loads(dry.out)["measurements"] == ["bicubic at 20x12, 2 frames"]
    assert json.loads(dry.out)["estimate"]["seconds"] > 0
    done = command("run", cards, "--device", "cpu")
    assert done.code == 3, done.err
    assert "1 profile units were to be done" in done.out
    assert "method results: finished results of another program, so there is nothing to measure" in done.err
    again = command("run", cards, "--device", "cpu", "--methods", "bicubic")
    assert again.code == 0, again.err
    assert "0 profile units done now" in again.out
    table = (cards.parent / "w/reports/quick/table.md").read_text()
    assert "| Bicubic | interpolation | 0 | 0 | **" not in table  # one row alone is not the best
    assert "| Bicubic | interpolation | 0 | 0 | 0.0" in table
    assert "Measured on cpu, Linux" in table
    lines = list(csv.DictReader((cards.parent / "w/reports/quick/table.csv").read_text().splitlines()))
    seconds = next(line for line in lines if line["metric"] == "cost.seconds")
    assert (seconds["category"], seconds["method"], seconds["frames"]) == ("20x12", "bicubic", "2")
    assert float(seconds["value"]) > 0
    assert seconds["scored_on"].startswith("cpu, ")


def test_a_measurement_of_elsewhere_is_shown_but_made_again_here(cards: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as elsewhere:
        elsewhere.setattr(kept_profiles, "machine_name", lambda: "Linux x86_64 Other CPU")
        with open_store("", cards.parent / "w", create=True) as store:
            keep_profile(store, load_method("bicubic"), MethodProfile("bicubic", "Bicubic", "its card names none", RESULT))
    shown = command("report", cards, "--format", "md", "--methods", "bicubic")
    assert shown.code == 0, shown.err
    assert "Other CPU" in shown.out
    assert "500 MB" in shown.out
    with Session.open("quick", workspace=cards.parent / "w", cards=[cards], device="cpu", methods=["bicubic"]) as session:
        assert [one.text for one in session.unmeasured()] == ["bicubic at 20x12, 2 frames"]
        keep_profile(session.store, load_method("bicubic"), MethodProfile("bicubic", "Bicubic", "its card names none", RESULT))
        assert session.unmeasured() == []


def test_what_was_measured_with_random_weights_is_measured_again_with_the_right_ones(cards: Path) -> None:
    card = "realesr-animevideov3"
    with Session.open("quick", workspace=cards.parent / "w", cards=[cards], device="cpu", methods=[card]) as session:
        for weights, missing in (("random but fixed, because x is missing", 1), ("those of its card", 0)):
            keep_profile(session.store, load_method(card), MethodProfile(card, card, weights, RESULT))
            assert len(session.unmeasured()) == missing


def test_an_option_or_another_size_is_another_measurement() -> None:
    card, small = load_method("realesr-animevideov3"), ProfileInput(20, 12, 2)
    known = profile_identity(card, small)
    assert profile_identity(card.model_copy(update={"options": {"tile": 8}}), small) != known
    assert profile_identity(card, replace(small, frames=3)) != known
    assert profile_identity(card.model_copy(update={"title": "Other", "attributes": {"a": 1}}), small) == known


def test_a_database_of_the_version_before_gets_the_table_when_it_is_opened_for_writing(tmp_path: Path) -> None:
    workspace = tmp_path / "w"
    shutil.copytree(YESTERDAY, workspace)
    before = database(workspace)
    identity = profile_identity(load_method("bicubic"), ProfileInput(20, 12, 2))
    with open_store("", workspace, create=False) as store:
        assert kept_profiles.kept_profiles(store, [identity]) == []
    assert "profiles" not in tables(workspace)
    with open_store("", workspace, create=True) as store:
        keep_profile(store, load_method("bicubic"), MethodProfile("bicubic", "Bicubic", "its card names none", RESULT))
        (kept,) = kept_profiles.kept_profiles(store, [identity])
    assert kept.result == RESULT
    assert database(workspace) == before
    assert "profiles" in tables(workspace)


def tables(workspace: Path) -> set[str]:
    connection = sqlite3.connect(workspace / "results.sqlite")
    try:
        return {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    finally:
        connection.close()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("protocol: smoke", "protocol: a table of costs has none"),
        ("costs: {sizes: [128]}", "quick.yaml:"),
        ("costs: {columns: [speed]}", "costs.columns[0]"),
    ],
)
def test_a_wrong_card_is_one_line(cards: Path, text: str, reason: str) -> None:
    kept = "\n".join(line for line in CARD.splitlines() if not line.startswith(text.split(":", maxsplit=1)[0]))
    (cards / "reports/quick.yaml").write_text(f"{kept}\n{text}\n" if text.startswith("costs") else f"{CARD}{text}\n")
    answer = command("run", cards, "--device", "cpu")
    assert answer.code == 2
    assert reason in answer.err
    assert "Traceback" not in answer.err

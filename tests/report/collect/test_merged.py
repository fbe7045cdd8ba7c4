"""Several workspaces or databases as one report, and a report while a run goes on; real databases of a real run."""

from __future__ import annotations

import math
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import pytest
from typer.testing import CliRunner

from mgld_bench.cards.loader import load_method, load_protocol
from mgld_bench.cli.main import app
from mgld_bench.engine.keys import restore_key, score_key
from mgld_bench.engine.session import Session
from mgld_bench.errors import InputError
from mgld_bench.metrics.catalogue import describe
from mgld_bench.report.collect.data import Cell, ReportData
from mgld_bench.report.collect.sessions import collect_sessions
from tests.helpers.resealed import reseal
from tests.helpers.suite_cards import write_cards

SCORES = ("frame_scores", "clip_scores")


@pytest.fixture(scope="module")
def cards(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_cards(tmp_path_factory.mktemp("cards"))


@pytest.fixture(scope="module")
def done(cards: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with a finished run of Bicubic."""
    workspace = tmp_path_factory.mktemp("done")
    with Session.open(
        "small", workspace=workspace, cards=[cards], device="cpu", methods=["bicubic"], metrics=["psnr"]
    ) as session:
        session.run(["mgld-bench", "run"])
    return workspace


@pytest.fixture
def two(done: Path, tmp_path: Path) -> tuple[Path, Path]:
    """Two copies of it."""
    return Path(shutil.copytree(done, tmp_path / "a")), Path(shutil.copytree(done, tmp_path / "b"))


def change(workspace: Path, *statements: tuple[str, Sequence[object]]) -> None:
    with closing(sqlite3.connect(workspace / "results.sqlite")) as database, database:
        for statement, values in statements:
            database.execute(statement, values)
    reseal(workspace / "results.sqlite")


def forget(workspace: Path, clip: str) -> None:
    """Remove a clip's scores."""
    units = "SELECT key FROM units WHERE kind = 'score' AND clip = ?"
    change(
        workspace,
        *((f"DELETE FROM {table} WHERE unit IN ({units})", [clip]) for table in SCORES),
        ("DELETE FROM units WHERE kind = 'score' AND clip = ?", [clip]),
    )


def collected(cards: Path, *workspaces: Path, stores: tuple[str, ...] = ("",)) -> ReportData:
    with ExitStack() as opened:
        sessions = [
            opened.enter_context(
                Session.open(
                    "small",
                    workspace=workspace,
                    store=store,
                    cards=[cards],
                    device="cpu",
                    methods=["bicubic"],
                    metrics=["psnr"],
                    read_only=True,
                    as_made=True,
                )
            )
            for workspace in workspaces
            for store in stores
        ]
        return collect_sessions(sessions, "test", with_pictures=True)


def only_cell(data: ReportData) -> Cell:
    (cell,) = data.cells
    return cell


def test_two_halves_are_one_report(cards: Path, done: Path, two: tuple[Path, Path]) -> None:
    first, second = two
    whole = only_cell(collected(cards, done))
    forget(first, "bikes")
    forget(second, "bunny")
    assert set(only_cell(collected(cards, first)).scores) == {"bunny"}
    # Frames come from whichever workspace has them.
    shutil.rmtree(first / "restored")
    data = collected(cards, first, second)
    cell = only_cell(data)
    assert (cell.scores, cell.expected_clips, cell.gap) == (whole.scores, ("bunny", "bikes"), "")
    assert {made.run for made in cell.made.values()} == set(data.runs) == {1}
    assert [(picture.clip, list(picture.restored)) for picture in data.pictures] == [
        ("bunny", ["bicubic"]),
        ("bikes", ["bicubic"]),
    ]
    assert not [note for note in data.footnotes if "result" in note]
    of_databases = tuple(f"sqlite:///{workspace / 'results.sqlite'}" for workspace in two)
    assert only_cell(collected(cards, done, stores=of_databases)).scores == whole.scores


def test_what_two_runs_made_keeps_its_run(cards: Path, two: tuple[Path, Path]) -> None:
    first, second = two
    forget(first, "bikes")
    change(second, ("UPDATE runs SET started_at = '2026-01-02T03:04:05+00:00'", []))
    data = collected(cards, first, second)
    made = only_cell(data).made
    assert data.runs[made["bikes"].run].started_at == "2026-01-02T03:04:05+00:00"
    assert data.runs[made["bunny"].run].started_at != "2026-01-02T03:04:05+00:00"


def test_one_unit_with_two_values_is_a_contradiction(cards: Path, two: tuple[Path, Path]) -> None:
    first, second = two
    cell = only_cell(collected(cards, first))
    change(second, ("UPDATE clip_scores SET value = 12.5 WHERE unit = ?", [cell.made["bikes"].score_unit]))
    choice = ["report", "small", "--cards", str(cards), "--methods", "bicubic", "--metrics", "psnr", "--format", "csv"]
    done = CliRunner().invoke(app, [*choice, "-w", str(first), "-w", str(second)])
    assert done.exit_code == 2
    (line,) = done.stderr.splitlines()
    for part in (
        f"unit {cell.made['bikes'].score_unit} (psnr.rgb of bicubic on tiny bikes)",
        f"is {cell.scores['bikes'].value!r} in {first / 'results.sqlite'} (made on cpu, ",
        f"and 12.5 in {second / 'results.sqlite'} (made on cpu, ",
    ):
        assert part in line
    assert not (first / "reports/small/latest").exists()
    done = CliRunner().invoke(app, [*choice, "-w", str(first), "-w", str(first / "nowhere")])
    assert done.exit_code == 2
    assert "nowhere: holds no results" in done.stderr


def test_digits_that_nobody_prints_may_differ_and_are_mentioned(cards: Path, two: tuple[Path, Path]) -> None:
    first, second = two
    change(second, ("UPDATE frame_scores SET value = value + 1e-5", []), ("UPDATE clip_scores SET value = value + 1e-5", []))
    data = collected(cards, first, second)
    assert only_cell(data).scores == only_cell(collected(cards, first)).scores
    assert data.footnotes[0] == (
        f"2 scores are in {first / 'results.sqlite'} and in {second / 'results.sqlite'} with values that differ in digits that "
        "are not printed (by up to 1e-05); those of the former are shown."
    )
    change(second, ("UPDATE clip_scores SET value = ?", [math.inf]))
    with pytest.raises(InputError, match="and inf in"):
        collected(cards, first, second)


def remade(workspace: Path, cards: Path, way: dict[str, str]) -> None:
    """Make the restored clips, and their scores, those of another kind of device, with its keys."""
    card, protocol, metric = load_method("bicubic", [cards]), load_protocol("few", [cards]), describe("psnr.rgb")
    with closing(sqlite3.connect(workspace / "results.sqlite")) as database, database:
        units = database.execute("SELECT kind, clip, key FROM units").fetchall()
        keys = {(kind, clip): key for kind, clip, key in units}
        for clip in ("bunny", "bikes"):
            restored = restore_key(keys["pair", clip], "tiny", clip, card, "float32", way)
            facts = "json_set(facts, '$.way', json(?), '$.device', 'cuda:0 NVIDIA H200')"
            database.execute(
                f"UPDATE units SET key = ?, facts = {facts} WHERE key = ?",
                [restored, f'{{"device": "{way["device"]}"}}', keys["restore", clip]],
            )
            score = score_key(restored, metric, protocol)
            for table, column in (("units", "key"), ("clip_scores", "unit"), ("frame_scores", "unit")):
                database.execute(f"UPDATE {table} SET {column} = ? WHERE {column} = ?", [score, keys["score", clip]])
        database.execute(
            "UPDATE units SET facts = json_set(facts, '$.restored.device', 'cuda:0 NVIDIA H200') WHERE kind = 'score'"
        )
        database.execute("UPDATE clip_scores SET value = value + 1")
    reseal(workspace / "results.sqlite")


def test_scores_of_clips_that_were_made_differently_are_not_mixed(cards: Path, two: tuple[Path, Path]) -> None:
    first, second = two
    remade(second, cards, {"device": "cuda"})
    here, there = only_cell(collected(cards, first)), only_cell(collected(cards, second))
    assert [there.scores[clip].value - here.scores[clip].value for clip in here.scores] == pytest.approx([1.0, 1.0])
    data = collected(cards, first, second)
    assert only_cell(data).scores == here.scores
    assert data.footnotes[0] == (
        f"tiny, bicubic: 2 scores in {second / 'results.sqlite'} have different keys than those in {first / 'results.sqlite'}, "
        "because they were made differently (cuda NVIDIA H200 instead of cpu); those in the former are shown."
    ).replace("those in the former", f"those in {first / 'results.sqlite'}")
    assert only_cell(collected(cards, second, first)).scores == there.scores


def test_scores_under_keys_that_nobody_asks_for_are_named(cards: Path, two: tuple[Path, Path]) -> None:
    first, second = two
    other = [("units", "key"), ("clip_scores", "unit"), ("frame_scores", "unit")]
    where = "IN (SELECT key FROM units WHERE kind = 'score' AND clip = 'bikes')"
    change(
        second, *((f"UPDATE {table} SET {column} = 'older' WHERE {column} {where}", []) for table, column in reversed(other[1:]))
    )
    change(second, ("UPDATE units SET key = 'older' WHERE kind = 'score' AND clip = 'bikes'", []))
    data = collected(cards, first, second)
    assert len(only_cell(data).scores) == 2
    assert data.footnotes[0].startswith(
        f"tiny, bicubic: 1 scores in {second / 'results.sqlite'} have different keys than this report"
    )


@contextmanager
def run_going_on(workspace: Path) -> Iterator[None]:
    """A process that holds the workspace as a run does."""
    program = "import sys; from pathlib import Path; from mgld_bench.engine.safe_writes import sole_writer\n"
    program += "with sole_writer(Path(sys.argv[1])): print('begun', flush=True); sys.stdin.readline()"
    command = [sys.executable, "-c", program, str(workspace)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "begun\n"
        yield
        process.communicate("\n")
    assert process.returncode == 0


def test_a_report_while_a_run_goes_on_shows_what_there_is_and_says_so(cards: Path, two: tuple[Path, Path]) -> None:
    first, second = two
    forget(first, "bikes")
    with run_going_on(first):
        data = collected(cards, first)
        assert data.footnotes[0] == f"A run is going on in {first}: what it has not scored yet is missing here."
        assert (set(only_cell(data).scores), only_cell(data).gap) == ({"bunny"}, "not scored yet")
        assert data.footnotes[0] in collected(cards, second, first).footnotes
    assert "going on" not in " ".join(collected(cards, first).footnotes)

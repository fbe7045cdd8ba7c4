"""The results database, on real SQLite files."""

from __future__ import annotations

import json
import math
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from mgld_bench.engine.safe_writes import has_writer
from mgld_bench.engine.store import FinishedUnit, RecordedRun, Store, open_store
from mgld_bench.errors import InputError
from mgld_bench.metrics.metric import ClipScore


def unit(key: str, kind: str = "score", seconds: float = 2.0) -> FinishedUnit:
    return FinishedUnit(key, kind, "reds4", "000", "bicubic", "psnr.rgb", "mgld-2024", frames=4, seconds=seconds)


def test_scores_come_back_as_they_were_kept_also_infinite_ones(tmp_path: Path, store_url: str) -> None:
    score = ClipScore("psnr.rgb", math.inf, {0: 31.25, 2: math.inf}, ("one", "two"), {"infinite_frames": 1.0, "encoder": "x"})
    with open_store(store_url, tmp_path, create=True) as store:
        run = store.begin_run("table1", {"command": "test"})
        store.add(run, [(unit("a"), score)])
    with open_store(store_url, tmp_path, create=False) as store:
        assert store.finished(["a", "b"]) == {"a"}
        assert store.scores(["a", "b"]) == {"a": score}
        kept = store.units(["a", "b"])
        assert set(kept) == {"a"}
        assert kept["a"].run == run
        assert store.runs([run, run + 1]) == {run: RecordedRun(store.runs([run])[run].started_at, "table1", {"command": "test"})}


OLDER = {
    "position": "may be shifted by +1.0 rows (down), +0.0 columns (right); moving it back explains 10% of the difference",
    "infinite_frames": 1,
    "infinite_at": "3",
    "pairs": 4,
    "pairs_left_out": 2,
    "pairs_left_out_at": "1, 2",
    "aesthetic_view": "frame 0 only, as in the authors' code for clips of fewer than 32 frames",
    "flow": "GMFlow",
    "flow_not_kept": "/x: cannot be written",
    "seed": 7,
}


def test_rows_of_before_notes_were_kept_give_the_notes_that_they_gave(tmp_path: Path) -> None:
    with open_store("", tmp_path, create=True) as store:
        run = store.begin_run("table1", {})
        store.add(run, [(unit("a"), ClipScore("psnr.rgb", 30.0, None)), (unit("b"), ClipScore("psnr.rgb", 30.0, None))])
    with closing(sqlite3.connect(tmp_path / "results.sqlite")) as database, database:
        database.execute("UPDATE clip_scores SET notes = ? WHERE unit = 'a'", [json.dumps(OLDER)])
        database.execute("UPDATE clip_scores SET notes = ? WHERE unit = 'b'", [json.dumps({"flat_share": 0.25})])
    with open_store("", tmp_path, create=False) as store:
        scores = store.scores(["a", "b"])
    assert scores["a"].facts == OLDER
    assert scores["a"].notes == (
        OLDER["position"],
        "psnr.rgb is infinite at frame 3",
        "psnr.rgb leaves out frame 1, 2, where no pixel counts",
        "psnr.rgb: the aesthetic view sees frame 0 only, as in the authors' code for clips of fewer than 32 frames",
        "psnr.rgb: the ground truth's flow could not be kept: /x: cannot be written",
    )
    assert (scores["b"].notes, scores["b"].facts) == ((), {"flat_share": 0.25})


def test_facts_stand_in_the_database_by_their_names_and_none_may_be_called_notes(tmp_path: Path) -> None:
    with open_store("", tmp_path, create=True) as store:
        run = store.begin_run("table1", {})
        store.add(run, [(unit("a"), ClipScore("psnr.rgb", 30.0, None, ("a sentence",), {"infinite_at": "3"}))])
        # What an older row would mean by infinite_at is not added to the notes of a newer one.
        assert store.scores(["a"])["a"].notes == ("a sentence",)
        with pytest.raises(InputError, match=r"metric psnr\.rgb: a fact of a score cannot be called notes"):
            store.add(run, [(unit("b"), ClipScore("psnr.rgb", 30.0, None, (), {"notes": "x"}))])
    with closing(sqlite3.connect(tmp_path / "results.sqlite")) as database, database:
        (kept,) = database.execute("SELECT notes FROM clip_scores").fetchone()
    columns = json.loads(kept)
    assert len(columns.pop("seal")) == 64
    assert columns == {"infinite_at": "3", "notes": ["a sentence"]}


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE clip_scores SET value = value + 1e-9",
        "UPDATE frame_scores SET value = 3 WHERE frame = 2",
        "UPDATE frame_scores SET frame = 3 WHERE frame = 2",
        "UPDATE frame_scores SET frame = 'x' WHERE frame = 2",
        "DELETE FROM frame_scores WHERE frame = 2",
        "DELETE FROM clip_scores",
        "UPDATE units SET metric = ''",
        "UPDATE units SET metric = 'ssim.rgb'",
        "UPDATE clip_scores SET notes = json_set(notes, '$.seal', 'x')",
    ],
)
def test_a_score_that_was_changed_after_it_was_stored_is_not_shown(tmp_path: Path, change: str) -> None:
    score = ClipScore("psnr.rgb", 30.0, {0: 31.0, 2: 29.0})
    with open_store("", tmp_path, create=True) as store:
        store.add(store.begin_run("table1", {}), [(unit("a"), score)])
        assert store.scores(["a"]) == {"a": score}
        with closing(sqlite3.connect(tmp_path / "results.sqlite")) as database, database:
            database.execute(change)
        with pytest.raises(InputError, match=r"the results database was changed after it was written: .* of unit a"):
            store.scores(["a"])


def test_a_score_whose_unit_has_become_of_another_kind_is_still_shown(tmp_path: Path) -> None:
    score = ClipScore("psnr.rgb", 30.0, None)
    with open_store("", tmp_path, create=True) as store:
        store.add(store.begin_run("table1", {}), [(unit("a"), score), (unit("b", kind="restore"), None)])
        with closing(sqlite3.connect(tmp_path / "results.sqlite")) as database, database:
            database.execute("UPDATE units SET kind = 'x' WHERE key = 'a'")
            database.execute("UPDATE units SET metric = '' WHERE key = 'b'")
        assert store.scores(["a", "b"]) == {"a": score}


def test_a_key_is_kept_once(tmp_path: Path, store_url: str) -> None:
    with open_store(store_url, tmp_path, create=True) as store:
        run = store.begin_run("table1", {})
        store.add(run, [(unit("a"), ClipScore("psnr.rgb", 30.0, None))])
        store.add(run, [(unit("a"), ClipScore("psnr.rgb", 99.0, None))])
        assert store.scores(["a"])["a"].value == 30.0


def test_a_transaction_is_kept_whole_or_not_at_all(tmp_path: Path, store_url: str) -> None:
    broken = ClipScore("psnr.rgb", 30.0, {0: "not a number"})  # type: ignore[dict-item]
    with open_store(store_url, tmp_path, create=True) as store:
        run = store.begin_run("table1", {})
        with pytest.raises(Exception, match="not a number"):
            store.add(run, [(unit("a"), ClipScore("psnr.rgb", 30.0, {0: 30.0})), (unit("b"), broken)])
        assert store.finished(["a", "b"]) == set()


def test_the_cost_of_every_unit_is_kept(tmp_path: Path, store_url: str) -> None:
    with open_store(store_url, tmp_path, create=True) as store:
        run = store.begin_run("table1", {})
        store.add(run, [(unit("a", "restore", 2.0), None), (unit("b", "restore", 4.0), None)])
        assert [(what, frames, seconds) for _, what, frames, seconds in store.times()] == [
            (("restore", "bicubic"), 4, 2.0),
            (("restore", "bicubic"), 4, 4.0),
        ]


def test_more_keys_than_one_query_can_hold(tmp_path: Path, store_url: str) -> None:
    keys = [f"k{number}" for number in range(1203)]
    with open_store(store_url, tmp_path, create=True) as store:
        run = store.begin_run("table1", {})
        store.add(run, [(unit(key), ClipScore("psnr.rgb", 1.0, {0: 1.0})) for key in keys])
        assert store.finished(keys) == set(keys)
        assert set(store.scores(keys)) == set(keys)


def test_a_workspace_of_any_name_holds_its_own_database(tmp_path: Path) -> None:
    workspace = tmp_path / "50% ?mode=ro#1"
    with open_store("", workspace, create=True) as store:
        store.begin_run("demo", {})
    assert [path.relative_to(tmp_path) for path in tmp_path.rglob("*.sqlite")] == [Path(workspace.name, "results.sqlite")]


def test_looking_writes_nothing(tmp_path: Path) -> None:
    with open_store("", tmp_path / "none", create=False) as store:
        assert store.finished(["a"]) == set()
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize("url", ["nonsense", "oracle9://x", "sqlite:////proc/none/results.sqlite"])
def test_an_unusable_address_is_one_line(url: str) -> None:
    with pytest.raises(InputError) as caught:
        Store(url)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_no_database_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "results.sqlite").write_text("this is not a database, and long enough to be looked at" * 30)
    with pytest.raises(InputError, match="not a database"):
        open_store("", tmp_path, create=True)


WRITER = """
import sys
from mgld_bench.engine.safe_writes import sole_writer
from mgld_bench.engine.store import FinishedUnit, open_store
from mgld_bench.metrics.metric import ClipScore
from pathlib import Path

workspace = Path(sys.argv[1])
with sole_writer(workspace), open_store(sys.argv[2], workspace, create=True) as store:
    run = store.begin_run("table1", {})
    print("begun", flush=True)
    for number in range(30):
        unit = FinishedUnit(f"k{number}", "score", "reds4", f"{number}", "bicubic", "psnr.rgb", "mgld-2024")
        store.add(run, [(unit, ClipScore("psnr.rgb", 30.0, {frame: 30.0 for frame in range(100)}))])
"""
"""A run that does nothing but add units, as quickly as it can."""


def test_a_reader_sees_whole_units_while_another_process_adds_them_and_does_not_stop_it(tmp_path: Path, store_url: str) -> None:
    keys = [f"k{number}" for number in range(30)]
    command = [sys.executable, "-c", WRITER, str(tmp_path), store_url]
    seen, running = [0], []
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        assert writer.stderr is not None
        assert writer.stdout.readline() == "begun\n"
        with open_store(store_url, tmp_path, create=False) as store:
            while writer.poll() is None:
                running.append(has_writer(tmp_path))
                scores = store.scores(keys)
                assert [key for key, score in scores.items() if len(score.per_frame or ()) != 100] == []
                assert set(scores) <= set(store.units(keys))
                seen.append(len(scores))
            assert len(store.scores(keys)) == 30
        assert (writer.wait(), writer.stderr.read()) == (0, "")
    assert seen == sorted(seen)
    assert len([count for count in set(seen) if 0 < count < 30]) > 1
    assert running[0]
    assert not has_writer(tmp_path)


def test_what_is_opened_to_be_read_is_not_written_to_and_has_to_be_there(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'results.sqlite'}"
    with pytest.raises(InputError, match=r"--store .*results\.sqlite: there is no such file"):
        open_store(url, tmp_path, create=False)
    with open_store(url, tmp_path, create=True) as store:
        run = store.begin_run("table1", {})
        before = (tmp_path / "results.sqlite").read_bytes()
        with open_store(url, tmp_path, create=False) as reader:
            assert set(reader.runs([run])) == {run}
            with pytest.raises(InputError, match="readonly"):
                reader.add(run, [(unit("a"), None)])
    assert (tmp_path / "results.sqlite").read_bytes() == before


def test_the_empty_file_of_a_run_that_has_just_begun_holds_nothing_yet(tmp_path: Path) -> None:
    (tmp_path / "results.sqlite").touch()
    with open_store("", tmp_path, create=False) as store:
        assert store.scores(["a"]) == {}
    assert (tmp_path / "results.sqlite").read_bytes() == b""

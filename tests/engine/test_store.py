"""The results database, on real SQLite files."""

from __future__ import annotations

import json
import math
import sqlite3
from pathlib import Path

import pytest

from mgld_bench.engine.store import FinishedUnit, RecordedRun, Store, open_store
from mgld_bench.errors import InputError
from mgld_bench.metrics.metric import ClipScore


def unit(key: str, kind: str = "score", seconds: float = 2.0) -> FinishedUnit:
    return FinishedUnit(key, kind, "reds4", "000", "bicubic", "psnr.rgb", "mgld-2024", frames=4, seconds=seconds)


def test_scores_come_back_as_they_were_kept_also_infinite_ones(tmp_path: Path) -> None:
    score = ClipScore("psnr.rgb", math.inf, {0: 31.25, 2: math.inf}, ("one", "two"), {"infinite_frames": 1.0, "encoder": "x"})
    with open_store("", tmp_path, create=True) as store:
        run = store.begin_run("table1", {"command": "test"})
        store.add(run, [(unit("a"), score)])
    with open_store("", tmp_path, create=False) as store:
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
    with sqlite3.connect(tmp_path / "results.sqlite") as database:
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
    with sqlite3.connect(tmp_path / "results.sqlite") as database:
        (kept,) = database.execute("SELECT notes FROM clip_scores").fetchone()
    assert json.loads(kept) == {"infinite_at": "3", "notes": ["a sentence"]}


def test_a_key_is_kept_once(tmp_path: Path) -> None:
    with open_store("", tmp_path, create=True) as store:
        run = store.begin_run("table1", {})
        store.add(run, [(unit("a"), ClipScore("psnr.rgb", 30.0, None))])
        store.add(run, [(unit("a"), ClipScore("psnr.rgb", 99.0, None))])
        assert store.scores(["a"])["a"].value == 30.0


def test_a_transaction_is_kept_whole_or_not_at_all(tmp_path: Path) -> None:
    broken = ClipScore("psnr.rgb", 30.0, {0: "not a number"})  # type: ignore[dict-item]
    with open_store("", tmp_path, create=True) as store:
        run = store.begin_run("table1", {})
        with pytest.raises(Exception, match="could not convert"):
            store.add(run, [(unit("a"), ClipScore("psnr.rgb", 30.0, {0: 30.0})), (unit("b"), broken)])
        assert store.finished(["a", "b"]) == set()


def test_the_cost_of_every_unit_is_kept(tmp_path: Path) -> None:
    with open_store("", tmp_path, create=True) as store:
        run = store.begin_run("table1", {})
        store.add(run, [(unit("a", "restore", 2.0), None), (unit("b", "restore", 4.0), None)])
        assert [(what, frames, seconds) for _, what, frames, seconds in store.times()] == [
            (("restore", "bicubic"), 4, 2.0),
            (("restore", "bicubic"), 4, 4.0),
        ]


def test_more_keys_than_one_query_can_hold(tmp_path: Path) -> None:
    keys = [f"k{number}" for number in range(1203)]
    with open_store("", tmp_path, create=True) as store:
        run = store.begin_run("table1", {})
        store.add(run, [(unit(key), ClipScore("psnr.rgb", 1.0, {0: 1.0})) for key in keys])
        assert store.finished(keys) == set(keys)
        assert set(store.scores(keys)) == set(keys)


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

"""Results go from one store to another, as files or at once, and come out as they were."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import pytest

from mgld_bench.engine.store import FinishedUnit, Store, open_store
from mgld_bench.engine.transfer import Content, add_content, content_of, counts_of, read_files, write_files
from mgld_bench.errors import CheckError, InputError
from mgld_bench.metrics.metric import ClipScore
from mgld_bench.nightly import history

HERE = Path(__file__).parent


def unit(key: str, clip: str = "007") -> FinishedUnit:
    facts = {"definition": 'a "quoted", é', "files": {}}
    return FinishedUnit(key, "score", "reds4", clip, "NA", "psnr.rgb", "mgld-2024", 4, 1 / 3, facts)


def fill(store: Store) -> Store:
    run = store.begin_run("table1", {"command": "run, of it", "versions": {"torch": "2.6.0"}})
    score = ClipScore("psnr.rgb", 0.1 + 0.2, {0: 1e-300, 7: math.inf}, ("a note",), {"seed": 7})
    store.add(run, [(unit("a"), score), (FinishedUnit("p", "pair", "reds4", "007"), None)])
    night = history.Night(
        0, "small", "x", "/c.pth", "ab", "x-1", "quality", "2026-11-01", "", "", "", "", False, None, (), {"lines": ["one"]}
    )
    begun = history.begin(store, night)
    history.finish(store, begun.id, "accepted", "better", run=run, units=["a"], facts={"lines": ["one"]}, becomes_reference=True)
    return store


def same(one: Content, other: Content) -> bool:
    """Whether results are the same but for the numbers of runs and nights."""
    columns = {"id", "run_id"}
    return all(
        [{key: repr(value) for key, value in row.items() if key not in columns} for row in one[name].to_dict("records")]
        == [{key: repr(value) for key, value in row.items() if key not in columns} for row in other[name].to_dict("records")]
        for name in one
    )


@pytest.fixture
def filled(tmp_path: Path) -> Iterator[Store]:
    with open_store("", tmp_path / "filled", create=True) as store:
        yield fill(store)


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_files_bring_everything_back(form: str, filled: Store, tmp_path: Path, store_url: str) -> None:
    if form == "parquet":
        pytest.importorskip("pyarrow")
    written = write_files(content_of(filled), tmp_path / "files", form)
    assert [path.name for path in written][:2] == [f"runs.{form}", f"units.{form}"]
    with open_store(store_url, tmp_path / "other", create=True) as other:
        other.begin_run("earlier", {})
        added = add_content(other, read_files(tmp_path / "files"), "files")
        assert (added.units, added.known, added.nights) == (2, 0, 1)
        content = content_of(other)
        runs = content["runs"]
        assert same({**content, "runs": runs[runs["report"] != "earlier"]}, content_of(filled))
        assert other.scores(["a"]) == filled.scores(["a"])
        assert other.runs([other.units(["a"])["a"].run])[2].report == "table1"
        assert history.nights(other)[0].run == 2
        again = add_content(other, read_files(tmp_path / "files"), "files")
        assert (again.units, again.known, again.nights, again.profiles) == (0, 2, 0, 0)


def test_stores_are_merged_by_keys_and_a_contradiction_is_named_and_adds_nothing(filled: Store, tmp_path: Path) -> None:
    with open_store("", tmp_path / "other", create=True) as other:
        run = other.begin_run("table1", {})
        other.add(run, [(unit("a"), ClipScore("psnr.rgb", 31.0, None)), (unit("b", "011"), ClipScore("psnr.rgb", 32.0, None))])
        with pytest.raises(CheckError, match=r"1 units have .*psnr\.rgb NA reds4 007: 0\.30000000000000004 and 31\.0 \(unit a\)"):
            add_content(filled, content_of(other), other.address)
        assert filled.finished(["a", "b"]) == {"a"}
        other.remove(["a"])
        added = add_content(filled, content_of(other), other.address)
        assert (added.units, added.known) == (1, 0)
        assert filled.scores(["b"])["b"].value == 32.0


@pytest.mark.parametrize("kept", sorted((HERE / "stores").glob("*.sqlite")), ids=lambda path: path.stem)
def test_a_store_of_an_earlier_release_is_merged_without_being_changed(kept: Path, tmp_path: Path) -> None:
    before = kept.read_bytes()
    with Store(f"sqlite:///{kept}", read_only=True) as old, open_store("", tmp_path, create=True) as new:
        added = add_content(new, content_of(old), old.address)
        assert added.units == counts_of(old)["units"]
    assert kept.read_bytes() == before


def test_a_folder_without_results_is_refused(tmp_path: Path, filled: Store) -> None:
    with pytest.raises(InputError, match=r"has no runs\.csv or runs\.parquet"):
        read_files(tmp_path)
    write_files(content_of(filled), tmp_path / "files", "csv")
    (tmp_path / "files/units.csv").write_text("key,kind\na,score\n")
    with pytest.raises(InputError, match=r"units\.csv: cannot be read"):
        read_files(tmp_path / "files")

"""A report of what has not changed is not written again, and pictures of what has not changed are not drawn again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from mgld_bench.report.collect.data import ReportData
from mgld_bench.report.figures import drawings
from mgld_bench.report.figures.pictures import write_pictures
from mgld_bench.report.write import write_dated_report
from tests.helpers.example_data import example_data


def better(data: ReportData) -> ReportData:
    """The same with another score of one clip."""
    first, *rest = data.cells
    clip, score = next(iter(first.scores.items()))
    changed = replace(first, scores={**first.scores, clip: replace(score, value=score.value + 1)})
    return replace(data, cells=(changed, *rest))


def few_pictures() -> ReportData:
    """With strips, and one plot for each dataset."""
    data = example_data()
    return replace(data, card=data.card.model_copy(update={"plots": ("strip", "per-clip")}))


def test_the_same_is_not_written_again(tmp_path: Path) -> None:
    data = example_data()
    first = write_dated_report(data, tmp_path, ("csv",))
    asked_otherwise = replace(data, command="another command")
    again = write_dated_report(asked_otherwise, tmp_path, ("csv",))
    assert (first.unchanged, again.unchanged) == (False, True)
    assert (again.folder, again.index, again.written) == (first.folder, first.index, first.written)
    assert again.table == first.table
    assert not write_dated_report(data, tmp_path, ("csv", "md")).unchanged
    newer = write_dated_report(better(data), tmp_path, ("csv",))
    assert not newer.unchanged
    assert newer.folder != first.folder
    (newer.folder / "table.csv").unlink()
    whole = write_dated_report(better(data), tmp_path, ("csv",))
    assert not whole.unchanged
    (whole.folder / "table.csv").write_text("a better one")
    assert not write_dated_report(better(data), tmp_path, ("csv",)).unchanged
    assert write_dated_report(better(data), tmp_path, ("csv",)).unchanged


def test_pictures_are_drawn_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = few_pictures()
    drawn = write_pictures(data, tmp_path / "first", kept=tmp_path / "kept")
    monkeypatch.setattr(drawings, "_drawn", None)
    again = write_pictures(data, tmp_path / "second", kept=tmp_path / "kept")
    assert len(drawn) > 2
    for one, other in zip(drawn, again, strict=True):
        assert replace(one, files=()) == replace(other, files=())
        assert [file.name for file in one.files] == [file.name for file in other.files]
        assert [file.read_bytes() for file in one.files] == [file.read_bytes() for file in other.files]
    # What was changed since is not shown.
    picture = next((tmp_path / "kept").rglob("[!.]*.png"))
    before = picture.read_bytes()
    picture.write_bytes(b"another")
    with pytest.raises(TypeError):
        write_pictures(data, tmp_path / "changed", kept=tmp_path / "kept")
    picture.write_bytes(before)
    # A half that a kill has left is no picture.
    for record in (tmp_path / "kept").rglob(".*.json"):
        record.unlink()
    with pytest.raises(TypeError):
        write_pictures(data, tmp_path / "third", kept=tmp_path / "kept")


def test_worker_processes_draw_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = few_pictures()
    alone = write_pictures(data, tmp_path / "alone")
    monkeypatch.setattr(drawings, "threads", lambda: 2)
    monkeypatch.setattr(drawings, "_WORTH_A_WORKER", 1)
    together = write_pictures(data, tmp_path / "together")
    assert [[file.read_bytes() for file in one.files] for one in together] == [
        [file.read_bytes() for file in one.files] for one in alone
    ]

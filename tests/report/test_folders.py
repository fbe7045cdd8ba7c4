"""No report overwrites the one before: dated folders, `latest`, and the newest under the names at the top."""

from __future__ import annotations

import errno
import os
import re
from datetime import datetime, timezone
from pathlib import Path

import pytest

from mgld_bench.report.folders import dated_folder


def write(top: Path, **files: str) -> Path:
    with dated_folder(top) as folder:
        for name, text in {"run.json": "{}", **files}.items():
            path = folder / name.replace("_", ".").replace("..", "/")
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
    return folder


def test_each_report_has_a_folder_and_the_names_at_the_top_lead_to_the_newest(tmp_path: Path) -> None:
    first = write(tmp_path, table_csv="old", plots__x_svg="old")
    second = write(tmp_path, table_csv="new", plots__x_svg="new")
    assert first != second
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ(-2)?", folder.name) for folder in (first, second))
    assert [(folder / "table.csv").read_text() for folder in (first, second)] == ["old", "new"]
    assert (tmp_path / "table.csv").read_text() == (tmp_path / "latest/table.csv").read_text() == "new"
    assert (tmp_path / "plots/x.svg").read_text() == "new"
    # The folder can be moved or copied as it is.
    assert all(not path.readlink().is_absolute() for path in tmp_path.iterdir() if path.is_symlink())
    assert not list(tmp_path.glob(".*"))


def test_a_name_leads_to_the_newest_report_that_has_it(tmp_path: Path) -> None:
    page = write(tmp_path, index_html="page", table_csv="1")
    write(tmp_path, table_csv="2")
    assert (tmp_path / "table.csv").read_text() == "2"
    assert (tmp_path / "index.html").resolve() == page / "index.html"
    for path in page.iterdir():
        path.unlink()
    page.rmdir()
    write(tmp_path, table_csv="3")
    assert not (tmp_path / "index.html").is_symlink()


def test_what_breaks_off_leaves_no_folder_and_the_report_before_it_stays(tmp_path: Path) -> None:
    before = write(tmp_path, table_csv="1")
    with pytest.raises(KeyboardInterrupt), dated_folder(tmp_path) as folder:
        (folder / "table.csv").write_text("half")
        raise KeyboardInterrupt
    assert not folder.exists()
    assert (tmp_path / "latest").resolve() == before


def test_a_report_of_version_0_1_moves_into_a_folder_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "plots").mkdir()
    record = '{"files": ["plots/x.svg", "index.html"]}'
    older = {"table.csv": "old", "index.html": "page", "plots/x.svg": "plot", "run.json": record}
    for name, text in older.items():
        (tmp_path / name).write_text(text)
        os.utime(tmp_path / name, (0, datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone.utc).timestamp()))
    (tmp_path / "mine.txt").write_text("a file of the user's own")
    os.utime(tmp_path / "plots", (0, 0))
    write(tmp_path, table_csv="new")
    moved = tmp_path / "2026-01-02T03-04-05Z"
    assert {name: (moved / name).read_text() for name in older} == older
    assert (tmp_path / "table.csv").read_text() == "new"
    assert (tmp_path / "mine.txt").read_text() == "a file of the user's own"


def test_without_links_the_newest_is_copied_and_its_page_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_arguments: object, **_options: object) -> None:
        raise OSError(errno.EPERM, "this file system has no links")

    monkeypatch.setattr(Path, "symlink_to", refused)
    write(tmp_path, table_csv="1", index_html="first")
    newest = write(tmp_path, table_csv="2", index_html="second")
    assert (tmp_path / "table.csv").read_text() == "2"
    assert f'href="{newest.name}/index.html"' in (tmp_path / "index.html").read_text()
    assert (tmp_path / "latest.txt").read_text().strip() == newest.name
    assert len([path for path in tmp_path.iterdir() if path.is_dir()]) == 2

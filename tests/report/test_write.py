from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from mgld_bench.errors import InputError
from mgld_bench.report.file_names import file_name
from mgld_bench.report.write import write_report
from tests.helpers.example_data import example_data
from tests.helpers.handmade import make_data
from tests.helpers.nasty import nasty_data

# The figures' font has no Chinese.
pytestmark = pytest.mark.filterwarnings("ignore:Glyph .* missing from font")


def files_below(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_two_reports_of_the_same_data_are_the_same_bytes(tmp_path: Path) -> None:
    data = example_data()
    first, second = (write_report(data, tmp_path / name) for name in ("first", "second"))
    before, after = files_below(first.folder), files_below(second.folder)
    assert before == after
    assert (
        {name for name in before if "/" not in name}
        == {path.name for path in first.written}
        == {*("table.csv", "table-wide.csv", "scores.csv", "frames.csv", "table.md", "run.json", "index.html")}
        | {"table.tex", "table-notes.tex"}
    )
    assert {name for name in before if "/" in name and not name.startswith("page/")} == {
        *("data/report.js", "data/windows.js", "data/maps.js", "data/profiles.js"),
        *(
            name.format(clip)
            for clip in ("animation/bigbuckbunny", "street/bikes", "street/carphone")
            for name in ("data/clips/{}.js", "thumbnails/{}.jpg")
        ),
        *(
            f"plots/animation/{name}.{ending}"
            for name in ("per-clip", "bigbuckbunny.per-frame")
            for ending in ("png", "svg", "pdf")
        ),
        *(f"plots/street/per-clip.{ending}" for ending in ("png", "svg", "pdf")),
        *(f"plots/street/{clip}.per-frame.{ending}" for clip in ("bikes", "carphone") for ending in ("png", "svg", "pdf")),
        "strips/animation/bigbuckbunny.frame-00000005.png",
        *(f"strips/street/{clip}.frame-00000005.png" for clip in ("bikes", "carphone")),
    }
    assert set(json.loads(before["run.json"])["files"]) == set(before) - {"run.json"}


def test_scores_read_back_are_those_of_the_report(tmp_path: Path) -> None:
    data = example_data()
    write_report(data, tmp_path, ("csv",))
    scores, frames = pd.read_csv(tmp_path / "scores.csv"), pd.read_csv(tmp_path / "frames.csv")
    table = pd.read_csv(tmp_path / "table.csv").set_index(["dataset", "method", "metric"])["value"]
    means = scores.groupby(["dataset", "method", "metric"])["value"].mean()
    pd.testing.assert_series_equal(table.sort_index(), means.sort_index(), check_names=False)
    of_frames = frames.groupby(["dataset", "clip", "method", "metric"])["value"].mean()
    of_clips = scores[scores["frames"].notna()].set_index(["dataset", "clip", "method", "metric"])["value"]
    pd.testing.assert_series_equal(of_frames.sort_index(), of_clips.sort_index(), check_names=False)


def test_only_what_is_asked_for_is_written(tmp_path: Path) -> None:
    files = write_report(nasty_data(), tmp_path, ("md",))
    assert files.index is None
    assert set(files_below(tmp_path)) == {"table.md", "run.json"}


def test_only_the_pictures_of_the_card_are_drawn(tmp_path: Path) -> None:
    data = nasty_data()
    data = replace(data, card=data.card.model_copy(update={"plots": ("per-clip",)}))
    write_report(data, tmp_path, ("html",))
    assert {name.split("/")[-1].split(".")[0] for name in files_below(tmp_path) if name.startswith("plots/")} == {"per-clip"}


def test_the_record_states_how_the_numbers_were_made(tmp_path: Path) -> None:
    write_report(nasty_data(), tmp_path, ("md",))
    run = json.loads((tmp_path / "run.json").read_text())
    assert run["command"] == "mgld-bench report x --format <b>"
    assert run["provenance"]["command"] == run["runs"][0]["provenance"]["command"] == "mgld-bench run x --cards <b>"
    assert run["made_on"]["scores"][0]["torch"] == "2.6.0"
    assert run["metrics"]["lpips.alex"]["files"] == {"alex.pth": "ab" * 32}
    assert run["protocol"]["name"] == "hand"
    assert set(run["methods"]) == {"bicubic", "evil", "paper"}


def test_a_new_report_replaces_the_old_one(tmp_path: Path) -> None:
    old = make_data({("a", "one", "psnr.rgb"): {"x": 20.0}}, {"a": ("x",)}, {"one": "One"})
    new = make_data({("a", "one", "psnr.rgb"): {"x": 30.0}}, {"a": ("x",)}, {"one": "One"})
    write_report(old, tmp_path, ("md", "csv"))
    write_report(new, tmp_path, ("md", "csv"))
    assert "30.00" in (tmp_path / "table.md").read_text()
    assert "20.00" not in (tmp_path / "table.md").read_text()
    assert not [path for path in tmp_path.iterdir() if path.suffix == ".tmp"]


def test_an_unknown_format_is_an_error_and_nothing_is_written(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="unknown report format 'docx': use csv, md, tex, html, figures"):
        write_report(nasty_data(), tmp_path, ("md", "docx"))
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match=r"file"):
        write_report(nasty_data(), tmp_path / "file", ("md",))


def test_file_names_are_plain_and_stay_different() -> None:
    assert file_name("clip_01.a-b") == "clip_01.a-b"
    assert file_name("a/b?c") != file_name("a?b/c")
    assert all(character.isalnum() or character in "._-" for character in file_name("<script> ä|中%"))

"""The rows of a published set beside ours: marks of what was not checked and of what is another number."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from mgld_bench.errors import InputError
from mgld_bench.report.collect.data import ReportData
from mgld_bench.report.collect.published_sets import published_sets
from mgld_bench.report.tables.build import build_table
from mgld_bench.report.tables.render_csv import render_long_csv
from mgld_bench.report.tables.render_latex import render_latex, render_latex_notes
from mgld_bench.report.tables.render_markdown import render_markdown
from tests.helpers.handmade import Place, make_data
from tests.helpers.published_samples import published_card

ROWS = """
REDS4 Bicubic PSNR 22.10
REDS4 One PSNR 23.50 unchecked
REDS4 Theirs PSNR 25.00
REDS4 One DOVER 8.471
REDS4 One NIQE 4.5
"""
CARD = (
    "variants: {psnr: psnr.rgb, dover: dover.technical, niqe: niqe.pyiqa}\nscales: {dover: 0.01}\n"
    "rows: {bicubic: Bicubic, one: One}\nunstated: [psnr]\n"
)


@pytest.fixture
def data(tmp_path: Path) -> ReportData:
    published_card(tmp_path, "theirs-2025", ROWS, CARD)
    clips = ("000", "011")
    scores: dict[Place, dict[str, float]] = {
        ("reds4", method, metric): dict.fromkeys(clips, value)
        for metric, values in {"psnr.rgb": (22.1, 23.0), "dover.fused": (0.3, 0.4), "niqe.pyiqa": (9.0, 4.6)}.items()
        for method, value in zip(("bicubic", "one"), values, strict=True)
    }
    titles = {"reds4": "REDS4"}
    methods = {"bicubic": "Bicubic", "one": "One", "mine": "One"}
    return make_data(scores, {"reds4": clips}, methods, titles=titles, published_sets=published_sets((tmp_path,)))


def test_values_stand_below_ours_with_marks(data: ReportData) -> None:
    table = build_table(data, against_published=False, against="theirs-2025")
    shown = {(cell.method, cell.metric): cell.published_text for row in table.cells for cell in row}
    assert shown["bicubic", "psnr.rgb"] == "22.10 (0.00)"
    assert shown["one", "psnr.rgb"] == "23.50 (-0.50) °"
    # Of the technical score, times 100: on our scale, and without a difference.
    assert shown["one", "dover.fused"] == "0.0847 ≠"
    # A card of the same title is not the method that was published.
    assert shown["mine", "psnr.rgb"] == ""
    assert "°: read in one copy of the publication" in table.explanation
    assert "≠: another metric variant or other frames" in table.explanation
    assert "≠ DOVER: dover.technical there, dover.fused here." in table.notes
    assert "Its source does not state how psnr were computed; the variants are assumed." in table.notes


def test_the_whole_columns_stand_below_the_table_in_every_format(data: ReportData) -> None:
    table = build_table(data, against_published=False, against="theirs-2025")
    (block,) = table.blocks
    assert block.title == "REDS4 as published in Paper theirs-2025 [theirs-2025], Table 2"
    assert block.columns == ("PSNR", "DOVER", "NIQE")
    assert dict(block.rows) == {
        "Bicubic": ("22.10", "–", "–"),
        "One": ("23.50°", "0.08471≠", "4.5"),
        "Theirs": ("25.00", "–", "–"),
    }
    assert "| Theirs | 25.00 | – | – |" in render_markdown(table)
    assert "Theirs: PSNR 25.00" in render_latex_notes(table)
    assert r"$\neq$" in render_latex(table)
    lines = render_long_csv(table, data).splitlines()
    marks = {tuple(line.split(",")[1:3]): line.rpartition(",")[2] for line in lines[1:]}
    assert marks["one", "psnr.rgb"] == "unchecked"
    assert marks["one", "dover.fused"] == "other variant or frames"


def test_another_instance_is_a_warning(data: ReportData, tmp_path: Path) -> None:
    assert build_table(data, against_published=False, against="theirs-2025").warnings == ()
    other = published_card(tmp_path, "other-2025", "REDS4 Bicubic PSNR 24.00", CARD.replace(", one: One", ""))
    (warning,) = build_table(replace(data, published_sets=(other,)), against_published=False, against="other-2025").warnings
    assert warning.startswith(
        "REDS4: another instance of this test set than that of Paper other-2025 [other-2025] (Bicubic: PSNR 22"
    )
    nothing = published_card(tmp_path, "nothing-2025", "REDS4 Theirs PSNR 24.00", "variants: {psnr: psnr.rgb}\n")
    (warning,) = build_table(replace(data, published_sets=(nothing,)), against_published=False, against="nothing-2025").warnings
    assert warning.startswith("REDS4: whether this is the test set of Paper nothing-2025 [nothing-2025] is not known")


def test_a_set_that_there_is_not_is_named(data: ReportData) -> None:
    with pytest.raises(
        InputError, match=r"--against theirs-2024: there is no published set of this name; did you mean theirs-2025"
    ):
        build_table(data, against_published=False, against="theirs-2024")

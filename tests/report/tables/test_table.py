from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mgld_bench.cards.schemas import TableLayout
from mgld_bench.errors import InputError
from mgld_bench.report.tables.build import build_table
from mgld_bench.report.tables.table import Table, TableCell
from tests.helpers.example_data import example_data
from tests.helpers.handmade import Place, make_data

CLIPS = {"set": ("000", "011", "015")}
METHODS = {"bicubic": "Bicubic", "one": "One", "two": "Two"}
FULL: dict[Place, dict[str, float]] = {
    ("set", "bicubic", "psnr.rgb"): {"000": 20.0, "011": 22.0, "015": 24.0},
    ("set", "one", "psnr.rgb"): {"000": 21.0, "011": 23.0, "015": 25.0},
    ("set", "two", "psnr.rgb"): {"000": 19.0, "011": 21.0, "015": 23.0},
    ("set", "bicubic", "lpips.alex"): {"000": 0.5, "011": 0.5, "015": 0.5},
    ("set", "one", "lpips.alex"): {"000": 0.3, "011": 0.4, "015": 0.5},
    ("set", "two", "lpips.alex"): {"000": 0.2, "011": 0.3, "015": 0.4},
}


def by_place(table: Table) -> dict[tuple[str, str], TableCell]:
    """Cells by method and metric."""
    return {(cell.method, cell.metric): cell for row in table.cells for cell in row}


def test_rows_are_datasets_and_metrics_and_columns_are_methods() -> None:
    table = build_table(make_data(FULL, CLIPS, METHODS), against_published=False)
    assert [[heading.label for heading in row] for row in table.rows] == [["set", "PSNR ↑"], ["set", "LPIPS ↓"]]
    assert [column[0].text for column in table.columns] == ["Bicubic", "One", "Two"]
    assert [[cell.text for cell in row] for row in table.cells] == [["22.00", "23.00", "21.00"], ["0.5000", "0.4000", "0.3000"]]
    assert [[cell.rank for cell in row] for row in table.cells] == [["second", "best", ""], ["", "second", "best"]]
    # Student's t with 2 degrees of freedom: 4.3027 * 2 / sqrt(3).
    assert by_place(table)["one", "psnr.rgb"].interval_text == "±4.97"
    assert by_place(table)["bicubic", "lpips.alex"].interval_text == "±0.0000"
    assert by_place(table)["one", "psnr.rgb"].frames == 6
    assert "set: 3 clips, 6 frames scored." in table.caption
    assert table.legend == ("PSNR is psnr.rgb (higher is better)", "LPIPS is lpips.alex (lower is better)")


def test_methods_as_rows_has_the_same_cells() -> None:
    table = build_table(make_data(FULL, CLIPS, METHODS), against_published=False)
    turned = build_table(
        make_data(FULL, CLIPS, METHODS, layout=TableLayout(orientation="methods-as-rows")), against_published=False
    )
    assert turned.cells == tuple(zip(*table.cells, strict=True))
    assert (turned.rows, turned.columns) == (table.columns, table.rows)


def test_a_gap_is_a_gap_and_does_not_compete() -> None:
    scores = {**FULL, ("set", "one", "psnr.rgb"): {"000": 31.0, "015": 35.0}, ("set", "two", "psnr.rgb"): {}}
    table = build_table(make_data(scores, CLIPS, METHODS), against_published=False)
    cells = by_place(table)
    assert cells["one", "psnr.rgb"].text == "33.00 (2/3)"
    assert cells["one", "psnr.rgb"].rank == ""
    assert cells["two", "psnr.rgb"].text == "– (0/3)"
    assert cells["two", "psnr.rgb"].value is None
    # Bicubic alone has every clip: nothing to be better than.
    assert cells["bicubic", "psnr.rgb"].rank == ""
    notes = {note.mark: note.text for note in table.footnotes}
    assert notes == {
        "a": "2 of 3 clips scored, without 011: not scored yet; not ranked.",
        "b": "0 of 3 clips scored: not scored yet.",
    }
    assert cells["one", "psnr.rgb"].marks == ("a",)
    assert cells["two", "psnr.rgb"].marks == ("b",)


def test_a_method_without_any_cell_is_a_gap_of_all_clips() -> None:
    scores = {place: values for place, values in FULL.items() if place[1:] != ("two", "psnr.rgb")}
    table = build_table(make_data(scores, CLIPS, METHODS), against_published=False)
    assert by_place(table)["two", "psnr.rgb"].text == "– (0/3)"


def test_not_a_number_counts_as_missing() -> None:
    scores = {**FULL, ("set", "one", "psnr.rgb"): {"000": 31.0, "011": math.nan, "015": 35.0}}
    table = build_table(make_data(scores, CLIPS, METHODS), against_published=False)
    assert by_place(table)["one", "psnr.rgb"].text == "33.00 (2/3)"
    assert table.footnotes[0].text == "2 of 3 clips scored, without 011: 011: not a number; not ranked."


def test_infinite_psnr() -> None:
    scores = {**FULL, ("set", "one", "psnr.rgb"): {"000": math.inf, "011": 30.0, "015": 35.0}}
    table = build_table(make_data(scores, CLIPS, METHODS), against_published=False)
    cell = by_place(table)["one", "psnr.rgb"]
    assert (cell.text, cell.rank, cell.interval_text) == ("∞", "best", "")
    assert table.footnotes[0].text == "Infinite because of 000 of set: restored frames that equal the ground truth."


def test_one_clip_has_no_interval() -> None:
    scores: dict[Place, dict[str, float]] = {("set", "one", "psnr.rgb"): {"000": 31.0}, ("set", "two", "psnr.rgb"): {"000": 30.0}}
    table = build_table(make_data(scores, {"set": ("000",)}, {"one": "One", "two": "Two"}), against_published=False)
    assert [cell.interval_text for cell in table.cells[0]] == ["", ""]
    assert "set: 1 clip, 2 frames scored." in table.caption


def test_digits_of_the_card_and_no_marks_where_it_says_so() -> None:
    layout = TableLayout(digits={"PSNR": 1, "lpips.ALEX": 2}, mark_best=False)
    table = build_table(make_data(FULL, CLIPS, METHODS, layout=layout), against_published=False)
    assert [[cell.text for cell in row] for row in table.cells] == [["22.0", "23.0", "21.0"], ["0.50", "0.40", "0.30"]]
    assert {cell.rank for row in table.cells for cell in row} == {""}


def test_a_test_set_that_was_trained_on_is_flagged() -> None:
    data = make_data(FULL, CLIPS, METHODS, trained_on={"two": ("DIV2K", "The Set")}, titles={"set": "The set"})
    table = build_table(data, against_published=False)
    assert [note.text for note in table.footnotes] == ["Two was trained on The set."]
    assert [cell.marks for row in table.cells for cell in row] == [(), (), ("a",)] * 2


def test_what_the_card_asks_for_and_is_absent_is_said() -> None:
    data = make_data(FULL, CLIPS, METHODS, asked_methods=("bicubic", "rvrt", "one", "two"))
    asked = data.card.datasets[0].model_copy(update={"metrics": ("psnr", "lpips", "dover")})
    data = replace(data, card=data.card.model_copy(update={"datasets": (asked,)}))
    assert build_table(data, against_published=False).notes == (
        "In the report card but not in this table: methods rvrt.",
        "In the report card but not in this table: metrics dover.fused on set.",
    )


def test_two_variants_of_a_metric_never_look_alike() -> None:
    scores: dict[Place, dict[str, float]] = {
        ("set", "one", "psnr.rgb"): {"000": 31.0},
        ("set", "one", "psnr.y"): {"000": 33.0},
    }
    table = build_table(make_data(scores, {"set": ("000",)}, {"one": "One"}), against_published=False)
    assert [row[1].label for row in table.rows] == ["PSNR (psnr.rgb) ↑", "PSNR (psnr.y) ↑"]


def test_methods_with_one_title_are_told_apart() -> None:
    table = build_table(make_data(FULL, CLIPS, {"bicubic": "Bicubic", "one": "Same", "two": "Same"}), against_published=False)
    assert [column[0].text for column in table.columns] == ["Bicubic", "Same (one)", "Same (two)"]


def test_a_metric_per_clip_says_so_and_has_no_frames() -> None:
    scores: dict[Place, dict[str, float]] = {("set", "one", "dover.fused"): {"000": 0.5, "011": 0.5, "015": 0.5}}
    table = build_table(make_data(scores, CLIPS, {"one": "One"}), against_published=False)
    assert table.cells[0][0].frames is None
    assert table.legend == ("DOVER is dover.fused (higher is better; one score per clip, from all its frames)",)


def test_flat_area_is_told() -> None:
    scores: dict[Place, dict[str, float]] = {("set", "one", "niqe.pyiqa"): {"000": 5.0, "011": 5.0, "015": 5.0}}
    data = make_data(scores, CLIPS, {"one": "One"}, notes={"flat_share": 0.25})
    assert build_table(data, against_published=False).footnotes[0].text == (
        "NIQE is unreliable on flat area, which is up to 25% of a clip of set here."
    )


def test_an_empty_report_is_an_error() -> None:
    with pytest.raises(InputError, match="nothing to show"):
        build_table(replace(make_data(FULL, CLIPS, METHODS), cells=()), against_published=False)


@settings(max_examples=40, deadline=None)
@given(st.permutations(list(METHODS)), st.lists(st.sampled_from([20.0, 20.001, 21.0, 22.0, math.inf]), min_size=9, max_size=9))
def test_permuting_methods_moves_ranks_with_them(order: list[str], values: list[float]) -> None:
    scores: dict[Place, dict[str, float]] = {
        ("set", method, "psnr.rgb"): dict(zip(CLIPS["set"], values[3 * index : 3 * index + 3], strict=True))
        for index, method in enumerate(METHODS)
    }
    usual = by_place(build_table(make_data(scores, CLIPS, METHODS), against_published=False))
    data = make_data({place: scores[place] for place in sorted(scores)}, CLIPS, {name: METHODS[name] for name in order})
    permuted = by_place(build_table(data, against_published=False))
    assert {place: cell.rank for place, cell in usual.items()} == {place: cell.rank for place, cell in permuted.items()}


def test_the_example_is_complete_but_for_one_clip() -> None:
    table = build_table(example_data(), against_published=False)
    assert sum(not cell.complete for row in table.cells for cell in row) == 1

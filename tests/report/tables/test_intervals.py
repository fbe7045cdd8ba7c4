"""What stands beside the numbers: intervals within a metric's range, paired differences, ties with the best, categories."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

import numpy as np
import pytest
from rich.console import Console
from scipy import stats

from mgld_bench.cards.schemas import Statement, TableLayout
from mgld_bench.report.collect.data import ReportData
from mgld_bench.report.tables.build import build_table
from mgld_bench.report.tables.render_csv import render_long_csv, render_scores_csv
from mgld_bench.report.tables.render_latex import render_latex, render_latex_notes
from mgld_bench.report.tables.render_markdown import render_markdown
from mgld_bench.report.tables.render_terminal import render_terminal
from mgld_bench.report.tables.table import Table, TableCell
from tests.helpers.handmade import Place, make_data

CLIPS = {"set": ("a", "b", "c", "d")}
METHODS = {"first": "First", "close": "Close", "far": "Far", "part": "Part"}
LPIPS = {"first": [0.02, 0.1, 0.6, 0.9], "close": [0.03, 0.08, 0.61, 0.91], "far": [0.12, 0.21, 0.69, 1.0]}
SCORES: dict[Place, dict[str, float]] = {
    **{("set", method, "lpips.alex"): dict(zip("abcd", values, strict=True)) for method, values in LPIPS.items()},
    ("set", "part", "lpips.alex"): {"a": 0.05, "b": 0.09},
}


def data(layout: TableLayout | None = None) -> ReportData:
    made = make_data(SCORES, CLIPS, METHODS, layout=layout)
    bounded = {name: replace(facts, bounds=(0.0, None)) for name, facts in made.metrics.items()}
    return replace(made, metrics=bounded)


def cells(table: Table) -> dict[str, TableCell]:
    return {cell.method: cell for row in table.cells for cell in row}


def test_an_interval_is_cut_at_the_end_of_the_metrics_range() -> None:
    first = cells(build_table(data(), against_published=False))["first"]
    values = LPIPS["first"]
    low, high = stats.t.interval(0.95, 3, np.mean(values), stats.sem(values))
    assert low < 0
    assert (first.low, first.cut) == (0.0, True)
    assert first.high == pytest.approx(high)
    assert first.half_width == pytest.approx((high - low) / 2)
    assert first.interval_text == f"[0.0000, {high:.4f}]"


def test_differences_are_paired_by_clip_and_those_that_may_be_chance_are_marked() -> None:
    of = cells(build_table(data(), against_published=False))
    assert of["first"].to_baseline is None
    assert of["first"].rank == "best"
    assert of["first"].to_best is None
    for method in ("close", "far"):
        found = of[method].to_baseline
        assert found is not None
        expected = stats.ttest_rel(LPIPS[method], LPIPS["first"]).confidence_interval(0.95)
        assert [found.low, found.high] == pytest.approx([expected.low, expected.high])
        assert found == of[method].to_best
    # Their intervals overlap almost wholly; the paired difference of one of them is clear nevertheless.
    assert (of["close"].tied, of["far"].tied) == (True, False)
    assert (of["part"].tied, of["part"].to_best) == (False, None)
    assert of["part"].to_baseline is not None
    assert (of["part"].to_baseline.clips, of["part"].to_baseline.low) == (2, None)


def test_the_baseline_is_that_of_the_card_and_else_the_first() -> None:
    table = build_table(data(TableLayout(baseline="far")), against_published=False)
    assert table.baseline == "Far"
    assert cells(table)["far"].to_baseline is None
    assert table.differences[1].startswith("set, LPIPS: First -0.1000 [-0.1")
    assert build_table(data(TableLayout(baseline="gone")), against_published=False).baseline == "First"


def test_every_format_explains_what_stands_beside_its_numbers() -> None:
    made = data()
    table = build_table(made, against_published=False)
    console = Console(width=1000, file=io.StringIO())
    console.print(render_terminal(table))
    assert isinstance(console.file, io.StringIO)
    terminal, markdown, latex = console.file.getvalue(), render_markdown(table), render_latex(table)
    for text in (terminal, markdown, latex):
        assert "95% interval of the mean over clips, Student's t" in text.replace(r"\%", "%")
        assert "where it is cut at the end of the metric's range" in text
        assert "not told apart from the best" in text
    assert "0.4075 [0.0000, " in terminal
    assert "] ≈" in terminal
    assert "<u>0.4075</u> <sup>≈</sup>" in markdown
    assert r"$_{[0.0000," in latex
    assert r"$^{\approx}$" in latex
    assert "Differences to First, paired by clip" in markdown
    assert r"Far +0.1000 [+0.0" in render_latex_notes(table)
    lines = {line["method"]: line for line in csv.DictReader(render_long_csv(table, made).splitlines())}
    assert {method: line["tied_with_best"] for method, line in lines.items()} == {
        **{"first": "", "close": "true", "far": "false", "part": ""},
    }
    assert float(lines["far"]["vs_baseline"]) == pytest.approx(0.1)
    assert float(lines["first"]["interval95_low"]) == 0
    by_clip = [line for line in csv.DictReader(render_scores_csv(made).splitlines()) if line["method"] == "far"]
    assert [line["baseline"] for line in by_clip] == ["first"] * 4
    assert float(by_clip[0]["vs_baseline"]) == pytest.approx(0.1)


def tagged(layout: TableLayout) -> ReportData:
    made = data(layout)
    scenes = {"a": "street", "b": "night", "c": "street"}
    clips = tuple(
        clip.model_copy(update={"tags": {"scene": scenes[clip.name]} if clip.name in scenes else {}})
        for clip in made.datasets["set"].clips
    )
    return replace(made, datasets={"set": made.datasets["set"].model_copy(update={"clips": clips})})


def test_a_line_for_all_clips_and_for_each_value_of_a_tag_with_its_number_of_clips() -> None:
    made = tagged(TableLayout(by="scene"))
    table = build_table(made, against_published=False)
    assert [row[0].text for row in table.rows] == [
        "set, all clips (n = 4)",
        "set, street (n = 2)",
        "set, night (n = 1)",
        "set, no scene (n = 1)",
    ]
    everything, street, night, rest = table.cells
    assert everything[0].value == pytest.approx(np.mean(LPIPS["first"]))
    assert street[0].value == pytest.approx((0.02 + 0.6) / 2)
    assert [cell.category for cell in (everything[0], street[0], night[0], rest[0])] == ["", "street", "night", "no scene"]
    assert street[3].text == "0.0500 (1/2)"
    assert night[0].frames == 2
    assert rest[3].text == "– (0/1)"
    long = list(csv.DictReader(render_long_csv(table, made).splitlines()))
    assert [(line["category"], line["clips_expected"]) for line in long if line["method"] == "far"] == [
        *(("", "4"), ("street", "2"), ("night", "1"), ("no scene", "1")),
    ]
    scores = list(csv.DictReader(render_scores_csv(made).splitlines()))
    assert scores[0]["tags"] == '{"scene": "street"}'
    assert "set: 4 clips" in table.caption
    turned = build_table(tagged(TableLayout(by="scene", orientation="methods-as-rows")), against_published=False)
    assert [column[0].text for column in turned.columns] == [row[0].text for row in table.rows]


def test_only_what_is_assumed_about_the_tables_metrics_is_printed() -> None:
    made = data()
    assumed = (
        Statement(text="PSNR is luma.", metrics=("psnr",)),
        Statement(text="LPIPS is alex.", metrics=("lpips",)),
        "All frames.",
    )
    table = build_table(replace(made, protocol=made.protocol.model_copy(update={"assumed": assumed})), against_published=False)
    assert table.assumed == ("LPIPS is alex.", "All frames.")
    assert [line for line in table.fine_print if line.startswith("Assumed")] == [
        "Assumed: LPIPS is alex.",
        "Assumed: All frames.",
    ]

"""The table of costs: numbers as papers print them, published values beside them, and warnings where rows cannot be compared."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mgld_bench.cards.loader import load_method, load_report
from mgld_bench.cards.schemas import CostTable
from mgld_bench.cards.table_schemas import CostColumn
from mgld_bench.engine.cost_columns import COST_FACTS, cost_text
from mgld_bench.engine.origins import Origin
from mgld_bench.engine.suite import COSTS
from mgld_bench.report.collect.data import MeasuredCost, ReportData
from mgld_bench.report.tables.build import build_table
from mgld_bench.report.tables.render_latex import render_latex
from mgld_bench.report.tables.render_markdown import render_markdown
from tests.engine.test_measuring import RESULT

HERE = Origin("Linux CPU", "cuda NVIDIA H100", "float16", (("torch", "2.6.0"),))
THERE = replace(HERE, device="cuda NVIDIA A100")
COLUMNS: tuple[CostColumn, ...] = ("trained", "parameters", "seconds", "memory")


def costs(*places: Origin, sizes: tuple[str, ...] = ("128x128",)) -> ReportData:
    """Table 6 with a measurement in each of ``places``, the first methods first."""
    card = load_report("table6")
    card = card.model_copy(update={"costs": CostTable(sizes=sizes, frames=100, columns=COLUMNS)})
    methods = {name: load_method(name) for name in card.methods}
    counts = {
        "realesrgan": (16_697_987, 16_697_987),
        "realbasicvsr": (4_851_000, 6_291_311),
        "stablesr": (149_910_000, 1_500_000_000),
    }
    made = []
    for (name, (trained, total)), place in zip(counts.items(), places, strict=False):
        for number, size in enumerate(sizes, 1):
            seconds = (number * len(name) / 1000,) * 3
            result = replace(RESULT, trained={"": trained}, total_parameters=total, seconds=seconds, peak_gpu=3_380_000_000)
            made.append(MeasuredCost(name, size, result, "those of its card", place, "2026-11-28T08:00:00+00:00"))
    facts = {COST_FACTS[column].name: COST_FACTS[column] for column in COLUMNS}
    return ReportData(card, COSTS, {}, methods, facts, (), costs=tuple(made))


def test_numbers_stand_as_in_the_paper_with_its_own_below() -> None:
    table = build_table(costs(HERE, HERE, HERE), against_published=True)
    assert [[cell.text for cell in row] for row in table.cells] == [
        ["16.70M", "16.70M", "0.0100", "3.38 GB"],
        ["4.85M", "6.29M", "0.0120", "3.38 GB"],
        ["149.91M", "1.50B", "0.00800", "3.38 GB"],
        ["–", "–", "–", "–"],
    ]
    assert [[cell.published_text for cell in row] for row in table.cells] == [
        ["16.70M", "16.70M", "0.034", ""],
        ["6.30M", "6.30M", "0.011", ""],
        ["149.91M", "1.5B", "3.194", ""],
        ["130.45M", "1.5B", "1.113", ""],
    ]
    assert [row[2].rank for row in table.cells] == ["second", "", "best", ""]
    assert {row[0].rank for row in table.cells} == {""}
    assert [heading.label for heading in table.columns[2]] == ["128x128 to 512x512", "s/frame ↓"]
    assert "Measured on cuda NVIDIA H100, Linux CPU, float16, torch 2.6.0 (2026-11-28)." in table.caption
    assert table.warnings == ()
    assert [note.text for note in table.footnotes] == ["Not measured yet."]
    assert "times on different hardware cannot be compared with ours" in table.notes[0]
    assert table.explanation.endswith("Below a value: the published one.")


def test_rows_of_several_machines_are_named_and_not_ranked() -> None:
    table = build_table(costs(HERE, THERE, HERE), against_published=False)
    assert table.warnings == (
        "The rows of this table were measured in 2 places; their times cannot be compared: RealESRGAN, StableSR: cuda NVIDIA "
        "H100; RealBasicVSR: cuda NVIDIA A100.",
    )
    assert {cell.rank for row in table.cells for cell in row} == {""}
    marked = {row[2].method: row[2].marks for row in table.cells}
    assert marked["realesrgan"] == marked["stablesr"] != marked["realbasicvsr"]
    assert table.footnotes[1].text == "Measured on cuda NVIDIA A100, Linux CPU, float16, torch 2.6.0 (2026-11-28)."


def test_published_times_belong_to_their_size() -> None:
    table = build_table(costs(HERE, HERE, HERE, sizes=("128x128", "320x180")), against_published=True)
    seconds = [cell for cell in table.cells[0] if cell.metric == "cost.seconds"]
    assert [(cell.category, cell.published_text) for cell in seconds] == [("128x128", "0.034"), ("320x180", "")]
    assert [column[0].text for column in table.columns] == ["Parameters"] * 2 + ["128x128 to 512x512"] * 2 + [
        "320x180 to 1280x720"
    ] * 2


def test_it_renders() -> None:
    table = build_table(costs(HERE, THERE), against_published=True)
    assert "| RealESRGAN | 16.70M <sup>a</sup><br>16.70M |" in render_markdown(table)
    assert r"\multicolumn{2}{c}{128x128 to 512x512}" in render_latex(table)


@pytest.mark.parametrize(
    ("column", "value", "text"),
    [
        ("fps", 90.909, "90.9"),
        ("memory", 7.5e8, "750 MB"),
        ("flops", 1.2345e12, "1,234.5"),
        ("seconds", None, "–"),
        ("trained", 0.0, "0"),
    ],
)
def test_numbers_as_printed(column: CostColumn, value: float | None, text: str) -> None:
    assert cost_text(column, value) == text

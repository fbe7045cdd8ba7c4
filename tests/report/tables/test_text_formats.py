from __future__ import annotations

import csv
import io
import math
import re
from pathlib import Path

import pandas as pd
import pytest
from rich.console import Console

from mgld_bench.cards.schemas import TableLayout
from mgld_bench.report.tables import render_latex, render_markdown
from mgld_bench.report.tables.build import build_table
from mgld_bench.report.tables.render_csv import render_frames_csv, render_long_csv, render_scores_csv, render_wide_csv
from mgld_bench.report.tables.render_terminal import render_terminal
from tests.helpers.example_data import example_data
from tests.helpers.handmade import Place, make_data
from tests.helpers.nasty import METHODS, nasty_data, published_csv


def test_markdown_is_exactly_this(tmp_path: Path) -> None:
    table = build_table(nasty_data(published_csv(tmp_path)), against_published=True)
    name = r"=cmd()\|a\_b&amp;c% \#1 ^\~\\\{x\}\$"
    other = r'Ours "Ä中" &lt;b&gt;\[x\](y)&lt;/b&gt;'
    script = "&lt;script&gt;alert(1)&lt;/script&gt;"
    dataset = rf"Set\_1 \| {script}"
    assert render_markdown.render_markdown(table) == (
        rf"# Table\_1: {script} &amp; 100%"
        "\n\n"
        f"> **Warning:** {dataset}: another instance of this test set: Bicubic is off the published values"
        " (PSNR 21.00 against 20.50, +0.50).\n\n"
        "> **Warning:** Two: another instance of this test set: Bicubic is off the published values"
        " (PSNR 26.00 against 27.50, -1.50).\n\n"
        f"| Dataset | Metric | Bicubic | {name} | {other} |\n"
        "| --- | --- | ---: | ---: | ---: |\n"
        f"| {dataset} | PSNR ↑ | 21.00<br>20.50 (+0.50) | <u>23.00</u> | **∞** <sup>a</sup> |\n"
        f"| {dataset} | LPIPS ↓ | <u>0.5000</u> | **0.4000** | **0.4000** |\n"
        "| Two | PSNR ↑ | 26.00<br>27.50 (-1.50) | 27.50 (1/2) <sup>b,c</sup> | – (0/2) <sup>d</sup> |\n\n"
        "Protocol hand: all frames; mean over the frames of a clip, then over clips."
        f" {dataset}: 2 clips, 4 frames scored. Two: 2 clips, 4 frames scored.\n\n"
        "PSNR is psnr.rgb (higher is better); LPIPS is lpips.alex (lower is better).\n\n"
        "Bold: best; underlined: second best, among the methods with every clip of a dataset."
        " Fewer than 3 clips have no interval: there, nothing can be told apart."
        " Below a value: the published one and, in brackets, ours minus published.\n\n"
        rf"- <sup>a</sup> Infinite because of 00\|0 of {dataset}: restored frames that equal the ground truth."
        "\n"
        "- <sup>b</sup> 1 of 2 clips scored, without &lt;i&gt;: not scored yet; not ranked.\n"
        f"- <sup>c</sup> {name} was trained on Two.\n"
        "- <sup>d</sup> 0 of 2 clips scored: not scored yet.\n\n"
        r"Differences to Bicubic, paired by clip: mean \[95% interval, Student's t\]; without interval"
        " where fewer than 3 clips are common."
        "\n\n"
        rf"- {dataset}, PSNR: {name} +2.00; {other} +8.00 on 1 of 2 clips."
        "\n"
        rf"- {dataset}, LPIPS: {name} -0.1000; {other} -0.1000."
        "\n"
        f"- Two, PSNR: {name} +0.50 on 1 of 2 clips.\n\n"
        "- Published values are those of Somebody, 2024; printed beside ours, they are a comparison, not a reproduction.\n"
        r"- Lossy input: \`&lt;img src=x onerror=alert(1)&gt;\` &amp; more\_of\_it."
        "\n"
        "- Licences of metrics: LPIPS BSD-2-Clause.\n"
        r"- Scores made on: cpu, A\_B &lt;i&gt;, torch 2.6.0 (2026-11-28)."
        "\n"
        r"- Restored clips made on: cpu, A\_B &lt;i&gt;, torch 2.6.0 (2026-11-27)."
        "\n"
    )


def test_markdown_rows_have_as_many_cells_as_the_head() -> None:
    layout = TableLayout(orientation="methods-as-rows")
    data = nasty_data()
    table = build_table(data.__class__(**{**vars(data), "card": data.card.model_copy(update={"table": layout})}), False)
    lines = [line for line in render_markdown.render_markdown(table).splitlines() if line.startswith("|")]
    assert {line.replace(r"\|", "").count("|") for line in lines} == {5}


@pytest.mark.parametrize("text", ["a\nb", "a \r\n b"])
def test_a_name_stays_on_one_line(text: str) -> None:
    assert render_markdown.escape(text) == "a b"
    assert render_latex.escape(text) == "a b"


def test_long_csv_is_exactly_this(tmp_path: Path) -> None:
    data = nasty_data(published_csv(tmp_path))
    lines = render_long_csv(build_table(data, against_published=True), data).splitlines()
    made = '"cpu, A_B <i>, torch 2.6.0","cpu, A_B <i>, torch 2.6.0",2026-11-28T04:08:30+00:00'
    assert lines[:4] == [
        "dataset,method,metric,direction,value,interval95,clips_scored,clips_expected,frames,rank,published,difference,protocol,"
        "scored_on,restored_on,scored_at,interval95_low,interval95_high,baseline,vs_baseline,vs_baseline95_low,vs_baseline95_high,"
        "vs_baseline_clips,vs_best,vs_best95_low,vs_best95_high,vs_best_clips,tied_with_best,category,why_missing,published_marks",
        f"one,bicubic,psnr.rgb,higher,21.0,,2,2,4,,20.5,0.5,hand,{made},,,,,,,,,,,,,,,",
        f"one,evil,psnr.rgb,higher,23.0,,2,2,4,second,,,hand,{made},,,bicubic,2.0,,,2,,,,,,,,",
        f"one,paper,psnr.rgb,higher,inf,,2,2,4,best,,,hand,{made},,,bicubic,8.0,,,1,,,,,,,,",
    ]
    assert lines[-1] == "two,paper,psnr.rgb,higher,,,0,2,,,,,hand,,,,,,,,,,,,,,,,,not scored yet,"


def test_long_csv_reads_back_in_any_layout() -> None:
    texts = []
    for orientation in ("methods-as-columns", "methods-as-rows"):
        data = example_data()
        layout = TableLayout(orientation=orientation)
        data = data.__class__(**{**vars(data), "card": data.card.model_copy(update={"table": layout})})
        texts.append(render_long_csv(build_table(data, against_published=False), data))
    assert texts[0] == texts[1]
    frame = pd.read_csv(io.StringIO(texts[0]))
    cell = next(cell for cell in data.cells if (cell.dataset, cell.method, cell.metric) == ("street", "bicubic", "psnr.rgb"))
    line = frame.query("dataset == 'street' and method == 'bicubic' and metric == 'psnr.rgb'").iloc[0]
    assert line["value"] == sum(score.value for score in cell.scores.values()) / 2


def test_no_field_of_a_csv_is_a_formula() -> None:
    data = nasty_data()
    table = build_table(data, against_published=False)
    texts = (render_long_csv(table, data), render_wide_csv(table), render_scores_csv(data), render_frames_csv(data))
    fields = [field for text in texts for line in csv.reader(io.StringIO(text)) for field in line]
    assert f"'{METHODS['evil']}" in fields
    assert "'@SUM(1)" in fields
    assert not [field for field in fields if field[:1] in tuple("=+-@\t\r") and not re.fullmatch(r"-[\d.e-]+", field)]


def test_wide_csv_has_both_levels_of_headings() -> None:
    scores: dict[Place, dict[str, float]] = {
        ("a", "one", "psnr.rgb"): {"x": 20.0},
        ("a", "one", "lpips.alex"): {"x": 0.5},
        ("b", "one", "psnr.rgb"): {"y": math.inf},
    }
    layout = TableLayout(orientation="methods-as-rows")
    table = build_table(make_data(scores, {"a": ("x",), "b": ("y",)}, {"one": "One"}, layout=layout), against_published=False)
    assert render_wide_csv(table) == ",a,a,b\nMethod,PSNR ↑,LPIPS ↓,PSNR ↑\nOne,20.00,0.5000,∞\n"


def test_scores_and_frames_csv() -> None:
    scores: dict[Place, dict[str, float]] = {("a", "one", "psnr.rgb"): {"x": 20.5}, ("a", "one", "dover.fused"): {"x": 0.25}}
    data = make_data(scores, {"a": ("x", "y")}, {"one": "One"}, notes={"flat_share": 0.1}, gap="no LR")
    assert render_scores_csv(data) == (
        "dataset,clip,method,metric,value,frames,notes,scored_on,restored_on,scored_at,tags,baseline,vs_baseline\n"
        'a,x,one,psnr.rgb,20.5,2,"{""flat_share"": 0.1}",,,,,,\n'
        "a,y,one,psnr.rgb,,,no LR,,,,,,\n"
        'a,x,one,dover.fused,0.25,,"{""flat_share"": 0.1}",,,,,,\n'
        "a,y,one,dover.fused,,,no LR,,,,,,\n"
    )
    assert render_frames_csv(data) == (
        "dataset,clip,method,metric,frame,value\na,x,one,psnr.rgb,0,20.5\na,x,one,psnr.rgb,1,20.5\n"
    )


def printed(width: int, styled: bool = False) -> str:
    console = Console(width=width, file=io.StringIO(), force_terminal=styled, color_system="truecolor" if styled else None)
    console.print(render_terminal(build_table(example_data(), against_published=False)))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


@pytest.mark.parametrize("width", [50, 80, 200])
def test_no_number_is_cut_off_on_a_narrow_terminal(width: int) -> None:
    text = printed(width)
    table = build_table(example_data(), against_published=False)
    assert "…" not in text
    for row in table.cells:
        for cell in row:
            assert f"{cell.text} {cell.interval_text}".strip() in text
    assert text.count("PSNR ↑") == (2 if width >= 80 else 6)


def test_the_terminal_marks_best_and_second_best() -> None:
    text = printed(120, styled=True)
    assert "\x1b[1m30.49\x1b[0m" in text
    assert "\x1b[4m29.87\x1b[0m" in text


def test_names_are_no_markup_on_the_terminal() -> None:
    data = make_data({("a", "one", "psnr.rgb"): {"x": 20.0}}, {"a": ("x",)}, {"one": "[red]One[/red] [/nope]"})
    console = Console(width=120, file=io.StringIO())
    console.print(render_terminal(build_table(data, against_published=False)))
    assert isinstance(console.file, io.StringIO)
    assert "[red]One[/red] [/nope]" in console.file.getvalue()

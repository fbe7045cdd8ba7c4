from __future__ import annotations

import csv
import io
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rich.console import Console

from mgld_bench.cards.schemas import TableLayout
from mgld_bench.report.collect.data import ReportData
from mgld_bench.report.tables.build import build_table
from mgld_bench.report.tables.render_csv import render_long_csv, render_wide_csv
from mgld_bench.report.tables.render_latex import escape, render_latex, render_latex_notes
from mgld_bench.report.tables.render_markdown import render_markdown
from mgld_bench.report.tables.render_terminal import render_terminal
from tests.helpers.handmade import make_data
from tests.helpers.nasty import nasty_data, published_csv

needs_latex = pytest.mark.skipif(
    shutil.which("pdflatex") is None, reason="pdflatex is not installed (Debian: texlive-latex-base, texlive-latex-recommended)"
)


PACKAGES = "\\usepackage[T1]{fontenc}\n\\usepackage{booktabs}\n\\usepackage{graphicx}\n\\usepackage{amssymb}\n"
"""What a paper loads. Tables have to compile without any of these, too."""


def compile_latex(folder: Path, body: str, packages: str = PACKAGES) -> str:
    """The log of pdflatex; fails where it does."""
    (folder / "page.tex").write_text(f"\\documentclass{{article}}\n{packages}\\begin{{document}}\n{body}\n\\end{{document}}\n")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "-no-shell-escape", "page.tex"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, errors="replace", timeout=120)
    assert done.returncode == 0, done.stdout[-3000:]
    assert (folder / "page.pdf").stat().st_size > 1000
    return done.stdout


def turned(data: ReportData) -> ReportData:
    layout = TableLayout(orientation="methods-as-rows")
    return data.__class__(**{**vars(data), "card": data.card.model_copy(update={"table": layout})})


def turned_with_attributes(data: ReportData) -> ReportData:
    """Methods as rows, with attributes of every kind, hostile ones too."""
    layout = TableLayout(orientation="methods-as-rows", attributes=("M_D&S", "=year", "kind"))
    values = {"bicubic": {"M_D&S": False, "=year": 1981}, "evil": {"M_D&S": True, "kind": "\\input{x}|<b>"}, "paper": {}}
    methods = {name: card.model_copy(update={"attributes": values[name]}) for name, card in data.methods.items()}
    return replace(data, card=data.card.model_copy(update={"table": layout}), methods=methods)


@needs_latex
@pytest.mark.parametrize("packages", [PACKAGES, ""], ids=["of a paper", "none"])
def test_tables_and_notes_compile(tmp_path: Path, packages: str) -> None:
    data = nasty_data(published_csv(tmp_path))
    tables = [build_table(laid_out, against_published=True) for laid_out in (data, turned_with_attributes(data))]
    body = "\n".join(render(table) for table in tables for render in (render_latex, render_latex_notes))
    log = compile_latex(tmp_path, body + "Table~\\ref{tab:report}.", packages)
    # Without graphicx nothing can be shrunk.
    assert not packages or "Overfull \\hbox" not in log


@needs_latex
@pytest.mark.parametrize("packages", [PACKAGES, ""], ids=["of a paper", "none"])
def test_a_row_that_begins_with_a_bracket_or_a_star_compiles(tmp_path: Path, packages: str) -> None:
    """After the end of a row and after a rule, LaTeX takes these for an option."""
    names = {"a": "[0] first", "b": "*best*", "c": "\u7d75\u753b", "d": "[", "e": "\u202e[2]\x1b[31m\n*"}
    scores = {(dataset, name, "psnr.rgb"): {"clip": 20.0} for dataset in ("one", "two") for name in names}
    titles = {"one": "\u4e2d\u6587", "two": "*[x]*"}
    data = make_data(scores, {"one": ["clip"], "two": ["clip"]}, names, titles=titles, report_title="[\u7d75] * table")
    body = "\n".join(render_latex(build_table(laid_out, against_published=False)) for laid_out in (data, turned(data)))
    assert not re.search(r"^\s*[\[*]", body, re.MULTILINE)
    compile_latex(tmp_path, body, packages)


def test_attributes_are_marks_in_every_format() -> None:
    data = turned_with_attributes(nasty_data())
    table = build_table(data, against_published=False)
    assert table.attribute_titles == ("M_D&S", "=year", "kind")
    assert [[one.text for one in row] for row in table.attributes] == [
        ["✗", "1981", "–"],
        ["✓", "–", "\\input{x}|<b>"],
        ["–", "–", "–"],
    ]
    latex = render_latex(table)
    assert r"Method & M\_D\&S & =year & kind & PSNR" in latex
    assert r"Bicubic & \no & 1981 & \textendash{} & " in latex
    assert r" & \yes & \textendash{} & \textbackslash{}input\{x\}\textbar{}\textless{}b\textgreater{} & " in latex
    assert r"| Bicubic | ✗ | 1981 | – |" in render_markdown(table)
    assert r"| ✓ | – | \\input\{x\}\|&lt;b&gt; |" in render_markdown(table)
    heads, bicubic, evil, paper = list(csv.reader(render_wide_csv(table).splitlines()))[1:]
    assert (heads[:4], bicubic[:4]) == (["Method", "M_D&S", "'=year", "kind"], ["Bicubic", "false", "1981", ""])
    assert (evil[1:4], paper[1:4]) == (["true", "", "\\input{x}|<b>"], ["", "", ""])
    long = list(csv.DictReader(render_long_csv(table, data).splitlines()))
    assert {(line["method"], line["attribute M_D&S"]) for line in long} == {("bicubic", "false"), ("evil", "true"), ("paper", "")}
    console = Console(width=200, file=io.StringIO())
    console.print(render_terminal(table))
    assert isinstance(console.file, io.StringIO)
    assert re.search(r"Bicubic +✗ +1981 +–", console.file.getvalue())


@needs_latex
@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=40, max_size=200))
def test_any_name_compiles(tmp_path: Path, name: str) -> None:
    compile_latex(tmp_path, f"x {escape(name)}\\par \\textbf{{{escape(name)}}}")


@pytest.mark.parametrize(
    ("text", "latex"),
    [
        ("a_b&c%", r"a\_b\&c\%"),
        ("#1 ^~\\{x}$", r"\#1 \textasciicircum{}\textasciitilde{}\textbackslash{}\{x\}\$"),
        ("<script>|", r"\textless{}script\textgreater{}\textbar{}"),
        ("MGLD-VSR", "MGLD-VSR"),
        ("--format", "-{}-format"),
        ("Äé ø", r"\"{A}\'{e} \o{}"),
        ("中", "[U+4E2D]"),
        ("PSNR ↑ ∞ ±", r"PSNR $\uparrow$ $\infty$ $\pm$"),
        ("a\x00b\tc", "ab c"),
    ],
)
def test_names_are_literal(text: str, latex: str) -> None:
    assert escape(text) == latex


def test_cells_are_marked() -> None:
    text = render_latex(build_table(nasty_data(), against_published=False))
    assert r"21.00 & \underline{23.00} & \textbf{$\infty$}$^{\mathrm{a}}$ \\" in text
    assert r"27.50 (1/2)$^{\mathrm{b,c}}$ & \textendash{} (0/2)$^{\mathrm{d}}$ \\" in text
    assert text.count("\n\\midrule") == 2


def test_columns_of_a_dataset_are_grouped() -> None:
    text = render_latex(build_table(turned(nasty_data()), against_published=False))
    assert r" & \multicolumn{2}{c}{Set\_1 \textbar{} \textless{}script\textgreater{}" in text
    assert re.search(r"\\cmidrule\(lr\)\{2-3\}\n\\cmidrule\(lr\)\{4-4\}\n", text)


def test_a_very_wide_table_becomes_one_per_dataset() -> None:
    clips = {f"set{index}": ("a",) for index in range(6)}
    scores = {(name, "one", metric): {"a": 1.0} for name in clips for metric in ("psnr.rgb", "lpips.alex")}
    data = make_data(scores, clips, {"one": "One"}, report_title="Table 3: wide")
    text = render_latex(build_table(turned(data), against_published=False))
    assert text.count(r"\begin{table*}") == text.count(r"\end{table*}") == 6
    assert text.count(r"1.00 & 1.0000 \\") == 6
    assert r"\caption{wide.}" in text
    assert r"\caption{wide, continued: set5.}" in text
    assert re.findall(r"\\label\{(.*)\}", text) == ["tab:report", *(f"tab:report-{number}" for number in range(2, 7))]
    assert "PSNR is psnr.rgb" not in text
    assert render_latex_notes(build_table(turned(data), against_published=False)).count("PSNR is psnr.rgb") == 1

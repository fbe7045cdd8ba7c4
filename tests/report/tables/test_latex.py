from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mgld_bench.cards.schemas import TableLayout
from mgld_bench.report.collect.data import ReportData
from mgld_bench.report.tables.render_latex import escape, render_latex
from mgld_bench.report.tables.table import build_table
from tests.helpers.handmade import make_data
from tests.helpers.nasty import nasty_data, published_csv

needs_latex = pytest.mark.skipif(
    shutil.which("pdflatex") is None, reason="pdflatex is not installed (Debian: texlive-latex-base, texlive-latex-recommended)"
)


def compile_latex(folder: Path, body: str) -> str:
    """The log of pdflatex; fails where it does."""
    (folder / "page.tex").write_text(
        "\\documentclass{article}\n\\usepackage[T1]{fontenc}\n\\usepackage{booktabs}\n\\usepackage{graphicx}\n"
        f"\\begin{{document}}\n{body}\n\\end{{document}}\n"
    )
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "-no-shell-escape", "page.tex"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, errors="replace", timeout=120)
    assert done.returncode == 0, done.stdout[-3000:]
    assert (folder / "page.pdf").stat().st_size > 1000
    return done.stdout


def turned(data: ReportData) -> ReportData:
    layout = TableLayout(orientation="methods-as-rows")
    return data.__class__(**{**vars(data), "card": data.card.model_copy(update={"table": layout})})


@needs_latex
def test_both_layouts_compile(tmp_path: Path) -> None:
    data = nasty_data(published_csv(tmp_path))
    body = render_latex(build_table(data, against_published=True)) + render_latex(
        build_table(turned(data), against_published=True)
    )
    log = compile_latex(tmp_path, body)
    assert "Overfull \\hbox" not in log


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
    assert text.count(r"\midrule") == 2


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
    assert r"\caption{wide. Protocol" in text
    assert r"\caption{wide, continued: set5.}" in text
    assert text.count(r"PSNR is psnr.rgb") == 1

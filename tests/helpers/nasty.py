"""A small report whose names try to break out of every format."""

from __future__ import annotations

import math
from pathlib import Path

from mgld_bench.engine.origins import Made, restored_origin, scoring_origin
from mgld_bench.engine.store import RecordedRun
from mgld_bench.report.collect.data import ReportData
from tests.helpers.handmade import Place, make_data

SET = "Set_1 | <script>alert(1)</script>"
METHODS = {"bicubic": "Bicubic", "evil": "=cmd()|a_b&c% #1 ^~\\{x}$", "paper": 'Ours "Ä中" <b>[x](y)</b>'}
CLIPS = {"one": ("00|0", "@SUM(1)"), "two": ("<i>", "b*c*")}
SCORES: dict[Place, dict[str, float]] = {
    ("one", "bicubic", "psnr.rgb"): {"00|0": 20.0, "@SUM(1)": 22.0},
    ("one", "evil", "psnr.rgb"): {"00|0": 23.0, "@SUM(1)": 23.0},
    ("one", "paper", "psnr.rgb"): {"00|0": math.inf, "@SUM(1)": 30.0},
    ("one", "bicubic", "lpips.alex"): {"00|0": 0.5, "@SUM(1)": 0.5},
    ("one", "evil", "lpips.alex"): {"00|0": 0.4, "@SUM(1)": 0.4},
    ("one", "paper", "lpips.alex"): {"00|0": 0.4, "@SUM(1)": 0.4},
    ("two", "bicubic", "psnr.rgb"): {"<i>": 25.0, "b*c*": 27.0},
    ("two", "evil", "psnr.rgb"): {"b*c*": 27.5},
    ("two", "paper", "psnr.rgb"): {},
}
PROVENANCE = {
    "command": "mgld-bench run x --cards <b>",
    "hardware": {"processor": "A_B <i>"},
    "device": "cpu, 2 cores",
    "versions": {"torch": "2.6.0"},
}
MADE = Made(1, scoring_origin(PROVENANCE), "2026-11-28T04:08:30+00:00", restored_origin(PROVENANCE), "2026-11-27T23:59:00+00:00")


def nasty_data(published: Path | None = None, title: str = "Table_1: <script>alert(1)</script> & 100%") -> ReportData:
    """Gaps, ties, infinity, and names with the special characters of HTML, Markdown, LaTeX and spreadsheets."""
    return make_data(
        SCORES,
        CLIPS,
        METHODS,
        titles={"one": SET, "two": "Two"},
        report_title=title,
        trained_on={"evil": ("Two",)},
        published=published,
        footnotes=("Lossy input: `<img src=x onerror=alert(1)>` & more_of_it.",),
        made=MADE,
        runs={1: RecordedRun("2026-11-28T04:08:17+00:00", "<u>", PROVENANCE)},
        command="mgld-bench report x --format <b>",
    )


def published_csv(folder: Path) -> Path:
    """Published values for some of its cells."""
    path = folder / "published.csv"
    path.write_text(f'table,dataset,method,metric,value\nt,"{SET}",Bicubic,PSNR,20.50\nt,Two,Bicubic,PSNR,27.5\n')
    return path

"""A written report for programs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mgld_bench.report.write import ReportFiles


def as_json(files: ReportFiles) -> dict[str, object]:
    """The numbers of a written report, which way is better, how each metric is computed, and where the numbers were made."""
    from mgld_bench.engine.cost_columns import facts_of

    record = json.loads((files.folder / "run.json").read_text(encoding="utf-8"))
    numbers = [
        {
            "dataset": cell.dataset,
            "method": cell.method,
            "metric": cell.metric,
            "direction": f"{facts_of(cell.metric).direction} is better",
            "mean": cell.value,
            "interval95": None if cell.low is None else [cell.low, cell.high],
            "clips": cell.scored,
            "clips_asked": cell.expected,
            "published": cell.published,
            **({"size": cell.category, "measured_on": cell.measured_on} if not cell.dataset else {"category": cell.category}),
        }
        for row in files.table.cells
        for cell in row
    ]
    return {
        "report": record["report"]["name"],
        "protocol": record["protocol"]["name"],
        "numbers": numbers,
        **{name: record[name] for name in ("metrics", "made_on", "provenance", "warnings")},
        "figures": [
            {
                "name": figure.name,
                "caption": figure.caption,
                "missing": list(figure.missing),
                "written": [str(path) for path in figure.files],
            }
            for figure in files.figures
        ],
        "written": [str(path) for path in files.written],
    }

"""The JSON lines of a session as Markdown tables, one for each phase."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import Any

from gpu_bench.session import short

SHOWN_APART = {"phase", "label", "at"}


def as_markdown(lines: str) -> str:
    """A table for each phase and set of columns; what was skipped or failed stands in its row."""
    rows: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for line in lines.splitlines():
        row = json.loads(line)
        if row["label"] != "took":
            rows[row["phase"]].append(row)
    return "\n\n".join(_table(phase, found) for phase, found in rows.items())


def _table(phase: str, rows: list[dict[str, Any]]) -> str:
    columns = list(dict.fromkeys(name for row in rows for name in row if name not in SHOWN_APART))
    lines = [f"### {phase}", "", f"| | {' | '.join(columns)} |", f"|---|{'---:|' * len(columns)}"]
    for row in rows:
        cells = (short(row[name]) if name in row else "" for name in columns)
        lines.append(f"| {row['label'].replace('|', '/')} | {' | '.join(cells)} |")
    return "\n".join(lines)

"""The newest report of a workspace, where it is made of just what a report would be made of now: then it is not written again."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from mgld_bench.report.folders import LATEST, NO_LINKS, RECORD

MADE_OF: Final = "made_of"
"""In the record: digests of what the report and its videos are made of."""


@dataclass(frozen=True)
class WrittenReport:
    """A report that was written earlier."""

    folder: Path
    record: dict[str, Any]
    """Its run.json."""


def unchanged_report(top: Path, report: str, videos: str) -> WrittenReport | None:
    """The newest report below ``top``; None where it is made of something different, or a file of it is gone or was changed.

    Args:
        top: the folder of the reports of a card.
        report: digest of what it would be made of.
        videos: which videos it would have, in words; "": none are asked for, and whichever it has are welcome.
    """
    try:
        if (top / NO_LINKS).exists():
            # The links were not all made.
            return None
        folder = top / (top / LATEST).readlink()
        record = json.loads((folder / RECORD).read_text(encoding="utf-8"))
        same = record[MADE_OF]["report"] == report and videos in ("", record[MADE_OF]["videos"])
        # The record is written last.
        last = (folder / RECORD).stat().st_mtime_ns
        there = all((folder / name).is_file() and (folder / name).stat().st_mtime_ns <= last for name in record["files"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return WrittenReport(folder, record) if same and there else None

"""Where the clips of a comparison can be watched: addresses into the pages of the workspace's reports."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

from mgld_bench.comparing.comparison import Comparison
from mgld_bench.report.clip_ids import clip_id
from mgld_bench.report.folders import LATEST


def player_addresses(comparison: Comparison, workspace: Path, page: Path) -> dict[tuple[str, str], str]:
    """Addresses of clips in the newest report that shows every compared method, relative to ``page``; by dataset and clip.

    Only of states of this workspace: a report of another one shows other frames. Where no report has a clip, it is absent.

    Args:
        comparison: whose clips.
        workspace: where reports are.
        page: the file that will link to them.
    """
    if any(state.place or state.run is not None for state in comparison.states):
        return {}
    methods = {state.method for state in comparison.states}
    clips = dict.fromkeys((line.dataset, clip) for line in comparison.lines for clip in line.clips)
    found: dict[tuple[str, str], str] = {}
    for report in _newest_first(workspace):
        if not methods <= set(_methods(report)):
            continue
        for dataset, clip in clips:
            name = clip_id(dataset, clip)
            if (dataset, clip) not in found and (report / "data" / "clips" / f"{name}.js").is_file():
                place = Path(os.path.relpath(report / "index.html", page.absolute().parent)).as_posix()
                found[dataset, clip] = f"{quote(place)}#tab=clips&clip={quote(name, safe='')}"
    return found


def _newest_first(workspace: Path) -> Iterator[Path]:
    reports = [folder / LATEST for folder in (workspace / "reports").glob("*") if (folder / LATEST / "index.html").is_file()]
    yield from sorted(reports, key=lambda report: (report / "index.html").stat().st_mtime, reverse=True)


def _methods(report: Path) -> list[str]:
    """The methods that a report shows; none where its record cannot be read."""
    try:
        record: dict[str, Any] = json.loads((report / "run.json").read_text(encoding="utf-8"))
        return list(record["methods"])
    except (OSError, ValueError, KeyError, TypeError):
        return []

"""The clips of a report, and their identity: part of file names, and of the page's address."""

from __future__ import annotations

from mgld_bench.report.collect.data import ReportData
from mgld_bench.report.file_names import file_name


def clip_id(dataset: str, clip: str) -> str:
    """``<dataset>/<clip>``, the clip's name as a file name that works everywhere.

    >>> clip_id("reds4", "000")
    'reds4/000'
    """
    return f"{dataset}/{file_name(clip)}"


def every_clip(data: ReportData) -> tuple[tuple[str, str], ...]:
    """Dataset and clip of every clip that is expected, in the order of the report."""
    order = list(data.datasets)
    found = dict.fromkeys((cell.dataset, clip) for cell in data.cells for clip in cell.expected_clips)
    return tuple(sorted(found, key=lambda place: order.index(place[0])))

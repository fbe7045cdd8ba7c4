"""The identity of a clip in a report: part of file names, and of the page's address."""

from __future__ import annotations

from mgld_bench.report.figures.pictures import file_name


def clip_id(dataset: str, clip: str) -> str:
    """``<dataset>/<clip>``, the clip's name as a file name that works everywhere.

    >>> clip_id("reds4", "000")
    'reds4/000'
    """
    return f"{dataset}/{file_name(clip)}"

"""What a report lacks, and why, in lines."""

from __future__ import annotations

from mgld_bench.errors import first_of
from mgld_bench.report.collect.data import ReportData
from mgld_bench.report.collect.scored import scored_cells

_NAMED = 5


def gap_lines(data: ReportData) -> tuple[str, ...]:
    """One line per method, dataset and reason: which metrics lack which clips."""
    gaps: dict[tuple[str, str, tuple[str, ...], str], list[str]] = {}
    counts: dict[tuple[str, str, tuple[str, ...], str], int] = {}
    for cell in scored_cells(data):
        if cell.missing or not cell.expected_clips:
            place = (cell.method, cell.dataset, cell.missing, cell.gap or "not scored")
            gaps.setdefault(place, []).append(data.metric_headings[cell.metric])
            counts[place] = len(cell.expected_clips)
    return tuple(
        f"{data.method_headings[method]} on {data.dataset_headings[dataset]}: {', '.join(metrics)} "
        f"{_clips(missing, counts[method, dataset, missing, reason])}: {reason}."
        for (method, dataset, missing, reason), metrics in gaps.items()
    )


def _clips(missing: tuple[str, ...], expected: int) -> str:
    if len(missing) == expected:
        return "of every clip"
    return f"of {len(missing)} of {expected} clips ({first_of(missing, _NAMED)})"

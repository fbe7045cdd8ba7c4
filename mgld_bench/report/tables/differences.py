"""The paired differences of a table in words."""

from __future__ import annotations

from collections.abc import Sequence

from mgld_bench.report.collect.data import ReportData
from mgld_bench.report.tables.paired import baseline_of
from mgld_bench.report.tables.table import TableCell
from mgld_bench.statistics.intervals import FEWEST_CLIPS


def paired_lines(data: ReportData, lines: Sequence[Sequence[TableCell]], headings: Sequence[str]) -> tuple[str, ...]:
    """The differences to the baseline in words, one sentence per line of the table; none where there is nothing to compare.

    Args:
        data: what the report shows.
        lines: the cells of each dataset (or category of clips) and metric.
        headings: the dataset of each line, as printed.
    """
    texts = []
    few = False
    for cells, heading in zip(lines, headings, strict=True):
        known = [(cell, cell.to_baseline) for cell in cells if cell.to_baseline is not None]
        parts = []
        for cell, paired in known:
            of = f" on {paired.clips} of {cell.expected} clips" if paired.clips < cell.expected else ""
            parts.append(f"{data.method_headings[cell.method]} {paired.text(cell.digits)}{of}")
            few = few or paired.low is None
        if parts:
            texts.append(f"{heading}, {data.metric_headings[cells[0].metric]}: {'; '.join(parts)}.")
    if not texts:
        return ()
    interval = f"; without interval where fewer than {FEWEST_CLIPS} clips are common" if few else ""
    other = data.method_headings[baseline_of(data)]
    return (f"Differences to {other}, paired by clip: mean [95% interval, Student's t]{interval}.", *texts)

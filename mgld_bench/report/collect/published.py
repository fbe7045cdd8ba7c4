"""The published values that are printed beside ours."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mgld_bench.cards.schemas import Published
from mgld_bench.errors import InputError
from mgld_bench.report.collect.data import ReportData

COLUMNS = ("table", "dataset", "method", "metric", "value")


@dataclass(frozen=True)
class PublishedValues:
    """One published table, by printed titles; upper and lower case are the same."""

    source: str
    values: Mapping[tuple[str, str, str], float]

    def find(self, data: ReportData, dataset: str, method: str, metric: str) -> float | None:
        """The published value beside a cell of ours, or None.

        Only for methods that the report card itself names, because a variant of a method is not what was published, and only for
        the metric variants that the protocol names.
        """
        if method not in data.card.methods:
            return None
        short = [name for name, full in data.protocol.metrics.items() if full == metric]
        if not short:
            return None
        for title in (data.metrics[metric].title, *short):
            key = _key(data.datasets[dataset].heading, data.methods[method].heading, title)
            if key in self.values:
                return self.values[key]
        return None


def load_published(published: Published) -> PublishedValues:
    """Read one table of a CSV file of published values.

    Raises:
        InputError: naming file and line, for a missing file or column, a value that is not a number or appears twice, or a table
            without lines.
    """
    path = Path(published.file)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: published values cannot be read: {error}") from None
    lines = csv.DictReader(text.splitlines())
    missing = [column for column in COLUMNS if column not in (lines.fieldnames or ())]
    if missing:
        raise InputError(f"{path}: no column {missing[0]!r}: a file of published values has the columns {', '.join(COLUMNS)}")
    values: dict[tuple[str, str, str], float] = {}
    for line in lines:
        if line["table"] != published.table:
            continue
        key = _key(line["dataset"] or "", line["method"] or "", line["metric"] or "")
        if key in values:
            raise InputError(f"{path}:{lines.line_num}: {' '.join(key)} appears twice")
        try:
            values[key] = float(line["value"])
        except (TypeError, ValueError):
            raise InputError(f"{path}:{lines.line_num}: value {line['value']!r} is not a number") from None
    if not values:
        raise InputError(f"{path}: no line for table {published.table!r}")
    return PublishedValues(published.source or published.table, values)


def _key(dataset: str, method: str, metric: str) -> tuple[str, str, str]:
    return (dataset.casefold(), method.casefold(), metric.casefold())

"""The published values that are printed beside ours."""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mgld_bench.cards.schemas import Published
from mgld_bench.errors import InputError, did_you_mean
from mgld_bench.report.collect.data import ReportData

COLUMNS = ("table", "dataset", "method", "metric", "value")
"""Of a file whose tables have several datasets."""
ROW_COLUMNS = ("table", "row", "metric", "value")
"""Of one whose tables have none or one, which is not named: ``row`` is what the table calls a method."""
_SURPLUS = "fields beyond the last column"
_UNITS = {"": 1.0, "k": 1e3, "M": 1e6, "B": 1e9}


@dataclass(frozen=True)
class PublishedValues:
    """One published table, by printed titles; upper and lower case are the same."""

    source: str
    values: Mapping[tuple[str, str, str], float]
    """By dataset ("" where the file names none), method and metric."""
    texts: Mapping[tuple[str, str, str], str] = field(default_factory=dict)
    """As they are printed in the file: 16.70M."""
    rows: Mapping[str, str] = field(default_factory=dict)
    """By method, what the file calls it, where that is not its title."""
    metrics: Mapping[str, str] = field(default_factory=dict)
    """By short metric name, what the file calls it, where that is neither its title nor this name."""
    size: str = ""
    """Of the LR input at which costs were published; "": at any."""

    def find(self, data: ReportData, dataset: str, method: str, metric: str) -> float | None:
        """The published value beside a cell of ours, or None.

        Only for methods that the report card itself names, because a variant of a method is not what was published, and only for
        the metric variants that the protocol names.
        """
        short = [name for name, full in data.protocol.metrics.items() if full == metric]
        if not short:
            return None
        key = self._key(data, data.datasets[dataset].heading, method, (data.metrics[metric].title, *short))
        return None if key is None else self.values[key]

    def find_cost(self, data: ReportData, method: str, column: str, size: str) -> tuple[float, str] | None:
        """The published cost of a method, and how it is printed; None where there is none, as find(), or it is of another size.

        ``size``: of the LR input, as in the report card; "" for what does not depend on it.
        """
        if size and self.size and size != self.size:
            return None
        key = self._key(data, "", method, (column,))
        return None if key is None else (self.values[key], self.texts[key])

    def _key(self, data: ReportData, dataset: str, method: str, metrics: Sequence[str]) -> tuple[str, str, str] | None:
        if method not in data.card.methods:
            return None
        row = self.rows.get(method, data.methods[method].heading)
        named = [self.metrics[metric] for metric in metrics if metric in self.metrics]
        keys = [_key(place, row, metric) for metric in (*named, *metrics) for place in (dataset, "")]
        return next((key for key in keys if key in self.values), None)


def published_of(data: ReportData) -> PublishedValues:
    """The published values of a report. Raises InputError where its card names none, or their file is unusable."""
    if data.card.published is None:
        raise InputError(f"report {data.card.name}: its card names no published values; run it without --against paper")
    return load_published(data.card.published)


def load_published(published: Published) -> PublishedValues:
    """Read one table of a CSV file of published values.

    Raises:
        InputError: naming file and line, for a missing file or column, a value that is not a number or appears twice, or a table
            without lines; also for a row or metric that the card names and the table has not.
    """
    path = Path(published.file)
    try:
        lines = csv.DictReader(path.read_text(encoding="utf-8").splitlines(), restkey=_SURPLUS)
        rows = [(lines.line_num, row) for row in lines]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path}: published values cannot be read: {error}") from None
    columns = ROW_COLUMNS if "row" in (lines.fieldnames or ()) else COLUMNS
    missing = [column for column in columns if column not in (lines.fieldnames or ())]
    if missing:
        raise InputError(
            f"{path}: no column {missing[0]!r}: a file of published values has the columns {', '.join(COLUMNS)}, "
            f"or {', '.join(ROW_COLUMNS)}"
        )
    values: dict[tuple[str, str, str], float] = {}
    texts: dict[tuple[str, str, str], str] = {}
    for number, line in rows:
        if line["table"] != published.table:
            continue
        if _SURPLUS in line:
            raise InputError(f"{path}:{number}: has more fields than there are columns; put text with commas in quotes")
        key = _key(line.get("dataset") or "", line.get("method") or line.get("row") or "", line["metric"] or "")
        if key in values:
            raise InputError(f"{path}:{number}: {' '.join(filter(None, key))} appears twice")
        try:
            values[key] = _number(line["value"])
        except (TypeError, ValueError):
            raise InputError(f"{path}:{number}: value {line['value']!r} is not a number that is finite") from None
        texts[key] = line["value"]
    if not values:
        raise InputError(f"{path}: no line for table {published.table!r}")
    _check_names(published, path, values)
    return PublishedValues(published.source or published.table, values, texts, published.rows, published.metrics, published.size)


def _number(text: str) -> float:
    """The value of ``text``, which may end in k, M or B: 16.70M. Raises ValueError for anything else, infinity and NaN too."""
    unit = text[-1:] if text[-1:] in _UNITS else ""
    value = float(text.removesuffix(unit)) * _UNITS[unit]
    if not math.isfinite(value):
        raise ValueError(text)
    return value


def _check_names(published: Published, path: Path, values: Mapping[tuple[str, str, str], float]) -> None:
    for what, named, place in (("row", published.rows, 1), ("metric", published.metrics, 2)):
        known = {key[place] for key in values}
        for name in named.values():
            if name.casefold() not in known:
                hint = did_you_mean(name, sorted(known), f"there are: {', '.join(sorted(known))}")
                raise InputError(f"{path}: table {published.table} has no {what} {name!r}, which the report card names; {hint}")


def _key(dataset: str, method: str, metric: str) -> tuple[str, str, str]:
    return (dataset.casefold(), method.casefold(), metric.casefold())

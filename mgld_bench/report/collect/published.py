"""The published values that are printed beside ours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mgld_bench.cards.schemas import Published
from mgld_bench.errors import InputError, did_you_mean
from mgld_bench.report.collect.data import ReportData
from mgld_bench.report.collect.published_rows import read_rows


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
    values: dict[tuple[str, str, str], float] = {}
    texts: dict[tuple[str, str, str], str] = {}
    for row in read_rows(path, (published.table,)):
        key = _key(row.dataset, row.method, row.metric)
        values[key], texts[key] = row.value, row.text
    if not values:
        raise InputError(f"{path}: no line for table {published.table!r}")
    _check_names(published, path, values)
    return PublishedValues(published.source or published.table, values, texts, published.rows, published.metrics, published.size)


def _check_names(published: Published, path: Path, values: Mapping[tuple[str, str, str], float]) -> None:
    for what, named, place in (("row", published.rows, 1), ("metric", published.metrics, 2)):
        known = {key[place] for key in values}
        for name in named.values():
            if name.casefold() not in known:
                hint = did_you_mean(name, sorted(known), f"there are: {', '.join(sorted(known))}")
                raise InputError(f"{path}: table {published.table} has no {what} {name!r}, which the report card names; {hint}")


def _key(dataset: str, method: str, metric: str) -> tuple[str, str, str]:
    return (dataset.casefold(), method.casefold(), metric.casefold())

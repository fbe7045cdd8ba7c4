"""A CSV file of published values: its lines, each with where it was printed and how it was read."""

from __future__ import annotations

import csv
import math
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mgld_bench.errors import InputError

COLUMNS: Final = ("table", "dataset", "method", "metric", "value")
"""Of a file whose tables have several datasets. Further ones, which may be absent: reading, source, link."""
ROW_COLUMNS: Final = ("table", "row", "metric", "value")
"""Of one whose tables have none or one, which is not named: ``row`` is what the table calls a method."""
READINGS: Final = ("checked", "unchecked")
"""Of a value: the same in two copies, or somebody's own number; or read in one copy, where a digit may be wrong."""
_SURPLUS = "fields beyond the last column"
_UNITS = {"": 1.0, "k": 1e3, "M": 1e6, "B": 1e9}


@dataclass(frozen=True)
class PublishedRow:
    """One published value."""

    table: str
    dataset: str
    """"" where the file names none."""
    method: str
    metric: str
    value: float
    text: str
    """The value as it is printed in the file: 16.70M, 0.3370."""
    unchecked: bool = False
    """Whether it was read in one copy only, and may have a wrong digit."""
    source: str = ""
    link: str = ""

    @property
    def rounding(self) -> float:
        """Half a unit of the last digit that is printed: by how much the exact value may differ.

        >>> PublishedRow("", "", "", "", 24.2, "24.20").rounding
        0.005
        """
        return 0.5 * 10.0 ** -len(self.text.partition(".")[2])


def read_rows(path: Path, tables: Collection[str] = ()) -> list[PublishedRow]:
    """The lines of these tables, in the order of the file; of all tables where none is named.

    Raises:
        InputError: naming file and line, for a missing file or column, a value that is not a number or appears twice, or a
            reading that there is not.
    """
    try:
        lines = csv.DictReader(path.read_text(encoding="utf-8").splitlines(), restkey=_SURPLUS)
        read = [(lines.line_num, line) for line in lines]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path}: published values cannot be read: {error}") from None
    columns = ROW_COLUMNS if "row" in (lines.fieldnames or ()) else COLUMNS
    missing = [column for column in columns if column not in (lines.fieldnames or ())]
    if missing:
        raise InputError(
            f"{path}: no column {missing[0]!r}: a file of published values has the columns {', '.join(COLUMNS)}, "
            f"or {', '.join(ROW_COLUMNS)}"
        )
    rows: dict[tuple[str, str, str], PublishedRow] = {}
    for number, line in read:
        if tables and line["table"] not in tables:
            continue
        if _SURPLUS in line:
            raise InputError(f"{path}:{number}: has more fields than there are columns; put text with commas in quotes")
        row = _row(line, f"{path}:{number}")
        key = (row.dataset.casefold(), row.method.casefold(), row.metric.casefold())
        if key in rows:
            raise InputError(f"{path}:{number}: {' '.join(filter(None, key))} appears twice")
        rows[key] = row
    return list(rows.values())


def _row(line: dict[str, str], place: str) -> PublishedRow:
    try:
        value = _number(line["value"])
    except (TypeError, ValueError):
        raise InputError(f"{place}: value {line['value']!r} is not a number that is finite") from None
    reading = line.get("reading") or READINGS[0]
    if reading not in READINGS:
        raise InputError(f"{place}: reading {reading!r}: use {' or '.join(READINGS)}")
    return PublishedRow(
        table=line["table"] or "",
        dataset=line.get("dataset") or "",
        method=line.get("method") or line.get("row") or "",
        metric=line["metric"] or "",
        value=value,
        text=line["value"],
        unchecked=reading != READINGS[0],
        source=line.get("source") or "",
        link=line.get("link") or "",
    )


def _number(text: str) -> float:
    """The value of ``text``, which may end in k, M or B: 16.70M. Raises ValueError for anything else, infinity and NaN too."""
    unit = text[-1:] if text[-1:] in _UNITS else ""
    value = float(text.removesuffix(unit)) * _UNITS[unit]
    if not math.isfinite(value):
        raise ValueError(text)
    return value

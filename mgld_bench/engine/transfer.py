"""Taking results out of a store and into another one: tables as they are, merged by the keys of units."""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pandas as pd
from sqlalchemy import Column, func, inspect, select
from sqlalchemy import Table as SqlTable
from sqlalchemy.orm import Session as OrmSession

from mgld_bench.clips.atomic import replacing
from mgld_bench.engine.schema.tables import Table
from mgld_bench.engine.schema.upgrade import version_of
from mgld_bench.engine.store import Store
from mgld_bench.errors import CheckError, InputError, first_of

FORMATS: Final = ("csv", "parquet")
TABLES: Final = ("runs", "units", "clip_scores", "frame_scores", "profiles", "nights")
"""What results consist of, in the order in which it can be added."""
_JSON: Final = ("provenance", "facts", "notes", "units")
"""Columns of JSON, which are text in files. ``units`` is one of nights."""
_IDENTITY: Final = {"profiles": ("identity", "measured_at"), "nights": ("suite", "method", "name", "started_at")}
"""What makes two rows the same where there are no keys."""
_BATCH: Final = 1000

Content = Mapping[str, pd.DataFrame]
"""By the name of a table, its rows."""


@dataclass(frozen=True)
class Added:
    """What was new."""

    units: int
    known: int
    """Units that were there already, with the same results."""
    profiles: int
    nights: int


def content_of(store: Store) -> Content:
    """All results in a store."""

    def read(session: OrmSession) -> dict[str, pd.DataFrame]:
        connection = session.connection()
        there = set(inspect(connection).get_table_names())
        found = {}
        for name in TABLES:
            table = _table(name)
            order = [*table.primary_key.columns]
            rows = connection.execute(select(table).order_by(*order)).all() if name in there else []
            found[name] = pd.DataFrame.from_records(
                [tuple(row) for row in rows], columns=[column.name for column in table.columns]
            )
        return found

    return store.transact(read, writing=False)


def counts_of(store: Store) -> dict[str, int | str]:
    """How many rows a store has of each kind, and the version of its form."""

    def read(session: OrmSession) -> dict[str, int | str]:
        connection = session.connection()
        there = set(inspect(connection).get_table_names())
        counts: dict[str, int | str] = {
            name: connection.execute(select(func.count()).select_from(_table(name))).scalar_one()
            for name in TABLES
            if name in there
        }
        return {"version": version_of(connection) or "before there were versions", **counts}

    return store.transact(read, writing=False)


def write_files(content: Content, folder: Path, form: str) -> list[Path]:
    """Write each table as a file of ``folder``: csv, or parquet. Raises InputError where the package for that is missing."""
    written = []
    for name, frame in content.items():
        texts = frame.assign(**{column: [json.dumps(value) for value in frame[column]] for column in _json_columns(name)})
        path = folder / f"{name}.{form}"
        with replacing(path) as temporary:
            if form == "csv":
                # Seventeen digits bring every number back as it was.
                texts.to_csv(temporary, index=False, float_format="%.17g")
            else:
                _require_pyarrow()
                texts.to_parquet(temporary, index=False)
        written.append(path)
    return written


def read_files(folder: Path) -> Content:
    """The tables that write_files() has written. Raises InputError where there are none, or they are damaged."""
    found = {}
    for name in TABLES:
        path = next((folder / f"{name}.{form}" for form in FORMATS if (folder / f"{name}.{form}").is_file()), None)
        if path is None:
            raise InputError(
                f"{folder}: has no {name}.csv or {name}.parquet: name a folder that mgld-bench store export has written"
            )
        columns = [column.name for column in _table(name).columns]
        try:
            frame = _read(path, name)
            frame = frame[columns].assign(
                **{column: [json.loads(text) for text in frame[column]] for column in _json_columns(name)}
            )
        except (ValueError, KeyError, OSError) as error:
            raise InputError(f"{path}: cannot be read: {' '.join(str(error).split())}; export it again") from error
        found[name] = frame
    return found


def add_content(store: Store, content: Content, origin: str) -> Added:
    """Add results to a store; those whose keys are there already are compared.

    Args:
        store: where to.
        content: what.
        origin: where it comes from, for messages.

    Raises:
        CheckError: units that are in both have different scores; each is named, and nothing is added.
    """
    units = content["units"]
    known = store.finished(units["key"])
    _refuse_contradictions(store, content, known, origin)
    new = units[~units["key"].isin(known)]
    keys = set(new["key"])

    def add(session: OrmSession) -> Added:
        nights = _unknown(session, "nights", content)
        profiles = _unknown(session, "profiles", content)
        wanted = set(new["run_id"]) | {int(run) for run in nights["run_id"] if pd.notna(run)}
        numbers = _add_runs(session, content["runs"], wanted)
        _insert(session, "units", new.assign(run_id=[numbers[run] for run in new["run_id"]]))
        for name in ("clip_scores", "frame_scores"):
            frame = content[name]
            _insert(session, name, frame[frame["unit"].isin(keys)])
        _insert(session, "profiles", profiles.drop(columns="id"))
        renamed = [numbers[int(run)] if pd.notna(run) else None for run in nights["run_id"]]
        _insert(session, "nights", nights.drop(columns="id").assign(run_id=pd.Series(renamed, index=nights.index, dtype=object)))
        return Added(len(new), len(known), len(profiles), len(nights))

    return store.transact(add)


def _refuse_contradictions(store: Store, content: Content, known: set[str], origin: str) -> None:
    theirs = content["clip_scores"].set_index("unit")["value"]
    ours = store.scores(known)
    units = content["units"].set_index("key")
    different = []
    for key in sorted(known):
        if key in ours and key in theirs.index and ours[key].value != theirs[key]:
            unit = units.loc[key]
            place = " ".join((unit["metric"], unit["method"], unit["dataset"], unit["clip"]))
            different.append(f"{place}: {ours[key].value!r} and {float(theirs[key])!r} (unit {key[:12]})")
    if different:
        raise CheckError(
            f"{store.address} and {origin}: {len(different)} units have different scores under one key, and nothing was added: "
            f"{first_of(different, 5, '; ')}. mgld-bench report with --store twice names where each was made"
        )


def _unknown(session: OrmSession, name: str, content: Content) -> pd.DataFrame:
    """The rows of a table without keys that are not there yet."""
    columns = _IDENTITY[name]
    table = _table(name)
    there = {tuple(row) for row in session.execute(select(*(table.c[column] for column in columns)))}
    frame = content[name]
    rows = frame[list(columns)].itertuples(index=False, name=None)
    new: pd.DataFrame = frame.loc[[tuple(row) not in there for row in rows]]
    return new


def _add_runs(session: OrmSession, runs: pd.DataFrame, wanted: set[int]) -> dict[int, int]:
    """Add those runs; returns their new numbers."""
    table = _table("runs")
    numbers = {}
    for row in _records(runs[runs["id"].isin(wanted)]):
        number = row.pop("id")
        numbers[number] = session.execute(table.insert().values(**row).returning(table.c.id)).scalar_one()
    return numbers


def _insert(session: OrmSession, name: str, frame: pd.DataFrame) -> None:
    for first in range(0, len(frame), _BATCH):
        session.execute(_table(name).insert(), list(_records(frame.iloc[first : first + _BATCH])))


def _records(frame: pd.DataFrame) -> Iterator[dict[str, Any]]:
    """The rows as plain Python values: databases do not know those of numpy."""
    for row in frame.to_dict("records"):
        yield {str(name): value.item() if hasattr(value, "item") else value for name, value in row.items()}


def _table(name: str) -> SqlTable:
    return Table.metadata.tables[name]


def _json_columns(name: str) -> list[str]:
    return [column.name for column in _table(name).columns if column.name in _JSON]


def _read(path: Path, name: str) -> pd.DataFrame:
    if path.suffix == ".parquet":
        _require_pyarrow()
        frame: pd.DataFrame = pd.read_parquet(path)
        return frame
    # As texts, which Python reads exactly; an empty text is one, and a clip may be called 007 or NA.
    texts = pd.read_csv(path, dtype=str, keep_default_na=False)
    exact: dict[str, Any] = {
        column.name: [_value(text, column) for text in texts[column.name]] for column in _table(name).columns
    }
    result: pd.DataFrame = pd.DataFrame(exact)
    return result


def _value(text: str, column: Column[Any]) -> Any:  # noqa: ANN401 - of any type that a column has
    kind = column.type.python_type
    if kind is bool:
        return text == "True"
    if kind is int:
        # A column of numbers of which one is missing is written with decimals.
        return None if column.nullable and not text else int(float(text))
    return float(text) if kind is float else text


def _require_pyarrow() -> None:
    try:
        importlib.import_module("pyarrow")
    except ModuleNotFoundError as error:
        raise InputError("Parquet needs the package pyarrow: pip install 'mgld-bench[parquet]'; or use csv") from error

"""What the words of `mgld-bench compare` stand for: a method, a store or workspace, an output of score, or a folder of frames."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from mgld_bench.comparing.from_scores import CSV_NAME
from mgld_bench.errors import InputError

Kind = Literal["method", "store", "scores", "folder"]
_RUN = re.compile(r"(?P<method>.+)@(?P<run>\d+)")
_DATABASES = (".sqlite", ".sqlite3", ".db")


@dataclass(frozen=True)
class Operand:
    """One side, not read yet."""

    text: str
    """As the user wrote it."""
    kind: Kind
    place: str = ""
    """A path, or a database's URL; "" for the workspace that all share."""
    method: str = ""
    """"" where the place is to hold one method only."""
    run: int | None = None
    """Count only this run of the store and those before it."""


def parse_operand(text: str) -> Operand:
    """The operand in text such as mine, mine@12, ../other/workspace, old.sqlite:mine, scores.json, out/mine.

    Where a file or folder of this name exists, it is that; the reader refuses a name that is a method's as well.

    Raises:
        InputError: a path that does not exist, or text that is empty.
    """
    if not text.strip():
        raise InputError("a side of the comparison is empty: name a method, a workspace, a folder or the output of score")
    if _kind_of(text):
        return Operand(text, _kind_of(text) or "folder", text)
    place, colon, method = text.rpartition(":")
    if colon and _kind_of(place) in ("store", "scores"):
        name, run = _method(method)
        return Operand(text, _kind_of(place) or "store", place, name, run)
    if "/" in text or "\\" in text or Path(text).suffix in (*_DATABASES, ".json", ".csv"):
        raise InputError(f"{text}: there is no such file or folder")
    name, run = _method(text)
    return Operand(text, "method", "", name, run)


def _method(text: str) -> tuple[str, int | None]:
    found = _RUN.fullmatch(text)
    return (found["method"], int(found["run"])) if found else (text, None)


def _kind_of(place: str) -> Kind | None:
    """What a path or URL is; None where it is neither."""
    if re.match(r"\w+(\+\w+)?://", place):
        # What follows a colon behind the last slash is a method.
        return None if ":" in place.rsplit("/", 1)[-1] else "store"
    path = Path(place)
    if path.is_dir():
        if (path / "results.sqlite").is_file():
            return "store"
        return "scores" if (path / CSV_NAME).is_file() else "folder"
    if path.is_file():
        if path.suffix in _DATABASES:
            return "store"
        return "scores" if path.suffix in (".json", ".csv") else "folder"
    return None

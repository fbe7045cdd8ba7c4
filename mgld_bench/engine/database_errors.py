"""What a database or its driver raises, as one line for people: which database, what is wrong with it, what to do."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from pydantic import ValidationError
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from mgld_bench.engine.credentials import without_credentials
from mgld_bench.errors import InputError, of_system

_KEPT: Final = "pairs and restored clips are kept, scores are made again"
_OTHER: Final = "use a different --workspace or --store"
REMEDIES: Final[Mapping[str, str]] = {
    "is full": "free some space, or use a different disk",
    "malformed": f"it is damaged: bring back a copy of it, or move it away and run again: {_KEPT}",
    "not a database": f"move it away and run again: {_KEPT}",
    "disk I/O error": "the disk is full or failing, or the connection to it is",
    "readonly": f"check who may write to it and to its folder, or {_OTHER}",
    "unable to open": f"check who may use it and its folder, or {_OTHER}",
    "is locked": "another process is using it: wait for that",
    "no such table": f"it is of a different program: {_OTHER}",
    "no such column": f"it is of a different program: {_OTHER}",
}
"""What to do about a results database, by a part of what SQLite reports."""


@contextmanager
def database_errors(database: str, remedies: Mapping[str, str] = REMEDIES) -> Iterator[None]:
    """Turn what a database raises in the block into InputError; ``database``: what and where it is, for people."""
    try:
        yield
    except OSError as error:
        raise InputError(f"{database}: cannot be used: {of_system(error)}") from error
    except (SQLAlchemyError, sqlite3.Error) as error:
        raise _failure(database, reason(error), remedies) from error
    except ValueError as error:
        raise _failure(database, f"a row of it is malformed ({reason(error)})", remedies) from error


def reason(error: BaseException) -> str:
    """What a database says, in one line without the statement that it was about and without passwords."""
    if isinstance(error, ValidationError):
        first = error.errors(include_url=False, include_input=False)[0]
        return " ".join((*map(str, first["loc"]), first["msg"]))
    cause = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    return without_credentials(" ".join(str(cause).split())) or type(cause).__name__


def _failure(database: str, what: str, remedies: Mapping[str, str]) -> InputError:
    remedy = next((f"; {remedy}" for part, remedy in remedies.items() if part in what), "")
    return InputError(f"{database}: cannot be used: {what}{remedy}")

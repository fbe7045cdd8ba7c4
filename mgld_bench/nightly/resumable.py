"""What the machine does to a night, as an incomplete one: exit code 3, and the same command resumes it once the cause is gone."""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from sqlalchemy.exc import SQLAlchemyError

from mgld_bench.errors import IncompleteError, InputError

_FULL: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)


@contextmanager
def resumable(what: str) -> Iterator[None]:
    """Turn a full or failing disk, and a database that cannot be written, into IncompleteError; wrong use stays what it is.

    Args:
        what: the night, and what of it is not done; begins the message.
    """
    try:
        yield
    except InputError as error:
        if not _of_the_machine(error):
            raise
        raise IncompleteError(f"{what}: {error}; the same command resumes it") from error


def _of_the_machine(error: InputError) -> bool:
    cause = error.__cause__ or error.__context__
    return isinstance(cause, (SQLAlchemyError, sqlite3.Error)) or (isinstance(cause, OSError) and cause.errno in _FULL)

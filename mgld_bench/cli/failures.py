"""What ends a verb and is no bug, as one line: errors of the system, of databases, of memory and of the installation."""

from __future__ import annotations

import errno
import sys
from pathlib import Path

from mgld_bench.errors import InputError, of_system


def in_one_line(error: Exception) -> str | None:
    """What is wrong, and what to do; None for a bug, whose traceback is needed, and where a reader closed a pipe."""
    if isinstance(error, OSError):
        # What a reader such as head does is typer's to handle.
        return None if error.errno == errno.EPIPE else of_system(error)
    if _is_of_database(error):
        cause = error.__cause__ or getattr(error, "orig", None) or error
        return f"the database cannot be used: {' '.join(str(cause).split())}"
    if isinstance(error, MemoryError):
        return "there is not enough memory: close other programs, or lower --max-memory"
    if isinstance(error, ImportError):
        return f"{error}: the installation is incomplete or damaged; install it again"
    if isinstance(error, ValueError) and "null byte" in str(error):
        return "a name of a file contains a NUL character, which no file system allows"
    return None


def require_current_folder() -> None:
    """Raise InputError where the current folder is gone: libraries that ask for it end the program in words of their own."""
    try:
        Path.cwd()
    except OSError:
        raise InputError("the current folder was removed, or cannot be reached: change to a different one") from None


def _is_of_database(error: Exception) -> bool:
    """Whether SQLAlchemy or SQLite has raised it; they are not imported for that."""
    known = (("sqlalchemy.exc", "SQLAlchemyError"), ("sqlite3", "Error"))
    return any(isinstance(error, getattr(sys.modules[module], name)) for module, name in known if module in sys.modules)

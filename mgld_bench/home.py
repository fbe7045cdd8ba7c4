"""The folder of this user's weight files and kept scores; and ``~`` in paths."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from mgld_bench.errors import InputError

HOME_VARIABLE: Final = "MGLD_BENCH_HOME"


def bench_home() -> Path:
    """$MGLD_BENCH_HOME, or ~/.cache/mgld-bench. Raises InputError where ``~`` leads nowhere."""
    return expanded(Path(os.environ.get(HOME_VARIABLE) or "~/.cache/mgld-bench"))


def expanded(path: Path) -> Path:
    """``path`` with ``~`` and ``~name`` as the home of that user. Raises InputError where there is no such user."""
    try:
        return path.expanduser()
    except RuntimeError:
        raise InputError(f"{path}: there is no home folder of {path.parts[0]}; write the path without ~") from None

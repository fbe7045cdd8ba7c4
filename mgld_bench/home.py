"""The folder of this user's weight files and kept scores."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

HOME_VARIABLE: Final = "MGLD_BENCH_HOME"


def bench_home() -> Path:
    """$MGLD_BENCH_HOME, or ~/.cache/mgld-bench."""
    named = os.environ.get(HOME_VARIABLE)
    return Path(named).expanduser() if named else Path.home() / ".cache" / "mgld-bench"

"""pyproject.toml as it is written."""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path
from typing import Any

if sys.version_info >= (3, 11):
    import tomllib
else:
    # pytest needs it there.
    import tomli as tomllib

ROOT = Path(__file__).parents[2]


@cache
def project() -> dict[str, Any]:
    """The content of pyproject.toml; not to be changed."""
    content: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return content

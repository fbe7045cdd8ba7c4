"""The exit codes of every verb, besides 0 for done."""

from __future__ import annotations

from typing import Final

FAILED: Final = 1
"""A check or a gate failed."""
WRONG_USE: Final = 2
"""Wrong use or bad input."""
INTERRUPTED: Final = 130

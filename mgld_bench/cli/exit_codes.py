"""The exit codes of every verb beside 0, done."""

from __future__ import annotations

from typing import Final

FAILED: Final = 1
"""A check or a gate failed."""
WRONG_USE: Final = 2
"""Wrong use or bad input."""
INTERRUPTED: Final = 130

"""Runs the fixtures of the degradation's operators, walks and whole chain on mgld_bench.pairs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

RUNNERS: dict[tuple[str, str], Callable[[Any], Any]] = {}

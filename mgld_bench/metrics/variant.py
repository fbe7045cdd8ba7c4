"""What a metric's file tells the catalogue."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from mgld_bench.metrics.metric import Metric, MetricFacts


@dataclass(frozen=True)
class Variant:
    """One variant of a metric."""

    facts: MetricFacts
    build: Callable[[MetricFacts, int, str], Metric]
    """From the facts (with the full name), the pixels that are cut from every side, and the torch device."""
    croppable: bool = True
    """Whether .cropN may follow the name."""
    why_unavailable: Callable[[], str | None] = lambda: None
    """Why it cannot run here, in one line, or None; missing weight files are looked for in any case."""

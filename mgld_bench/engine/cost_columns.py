"""What a table of costs may show of a measurement: each column with its name, its definition and its number."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from mgld_bench.cards.table_schemas import CostColumn
from mgld_bench.metrics.catalogue import describe
from mgld_bench.metrics.metric import Direction, MetricFacts

if TYPE_CHECKING:
    from mgld_bench.restoring.profiling import ProfileResult

OF_PARAMETERS: Final[tuple[CostColumn, ...]] = ("trained", "parameters")
"""Columns that do not depend on the size of the input."""
PREFIX: Final = "cost."


def _facts(column: CostColumn, title: str, definition: str, direction: Direction = "lower") -> MetricFacts:
    return MetricFacts(f"{PREFIX}{column}", title, direction, False, False, 3, 1, definition)


COST_FACTS: Final[Mapping[CostColumn, MetricFacts]] = {
    "trained": _facts("trained", "Trained", "parameters that the method's authors trained"),
    "parameters": _facts("parameters", "Total", "parameters of all networks that run; one that two of them share counts once"),
    "flops": _facts("flops", "GFLOPs/frame", "operations of convolutions, matrix products and attention, 2 per multiply-add"),
    "seconds": _facts("seconds", "s/frame", "a run's time divided by its frames; median of the timed runs, after a warm-up run"),
    "fps": _facts("fps", "FPS", "frames per second: 1 divided by s/frame", "higher"),
    "memory": _facts(
        "memory", "Memory", "peak of a timed run: on a GPU, what PyTorch had allocated, weights included; on a CPU, the process"
    ),
    "first-frame": _facts(
        "first-frame", "First frame (s)", "seconds from the start of a run to its first frame, weights loaded; median"
    ),
}


def cost_of(result: ProfileResult, column: CostColumn) -> float | None:
    """The number of a column: a count, operations, seconds, or bytes; None where there is none.

    A method without networks has no operations, and the time to the first frame is not known of measurements before it was kept.
    """
    if column == "trained":
        return float(result.trained_parameters)
    if column == "parameters":
        return float(result.total_parameters)
    if column == "flops":
        return result.flops_per_frame
    if column == "seconds":
        return result.seconds_per_frame
    if column == "fps":
        return 1 / result.seconds_per_frame
    if column == "memory":
        return float(result.peak_resident if result.peak_gpu is None else result.peak_gpu)
    return result.seconds_to_first_frame


def cost_text(column: CostColumn, value: float | None) -> str:
    """A number of a column as papers print it; "–" for None.

    >>> cost_text("parameters", 16_697_987.0), cost_text("seconds", 0.0342), cost_text("memory", 3.38e9)
    ('16.70M', '0.0342', '3.38 GB')
    """
    if value is None:
        return "–"
    if column in OF_PARAMETERS:
        return short_count(round(value))
    if column == "flops":
        return f"{value / 1e9:,.1f}"
    if column == "memory":
        return f"{value / 1e9:.2f} GB" if value >= 1e9 else f"{value / 1e6:.0f} MB"
    return short_seconds(value)


def short_count(count: int) -> str:
    """A number of parameters as papers print it: 16.70M, 1.54B."""
    if not count:
        return "0"
    return f"{count / 1e9:.2f}B" if count >= 1e9 else f"{count / 1e6:.2f}M"


def short_seconds(seconds: float) -> str:
    """Three significant digits, without an exponent."""
    return f"{seconds:.0f}" if seconds >= 100 else f"{seconds:#.3g}" if seconds >= 0.001 else f"{seconds:.6f}"


def facts_of(name: str) -> MetricFacts:
    """What a metric, or a column of costs by its name in tables (cost.seconds), is."""
    return next((facts for facts in COST_FACTS.values() if facts.name == name), None) or describe(name)

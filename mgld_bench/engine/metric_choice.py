"""Which metrics to score: names as users write them, resolved by a protocol, and what cannot run here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from mgld_bench.cards.schemas import ProtocolCard
from mgld_bench.errors import InputError, sentence
from mgld_bench.metrics.catalogue import describe, reason_unavailable

EVERY: Final = "all"
"""In place of names: every metric of the protocol."""
REFERENCE_METRICS = ("psnr", "ssim", "vmaf", "niqe", "brisque")
"""Scored where there is ground truth and no metric is named (short names of the protocol)."""
NO_REFERENCE_METRICS = ("niqe", "brisque")
"""The same without ground truth."""


@dataclass(frozen=True)
class MetricChoice:
    """The metrics that were asked for, by full variant name, in order."""

    asked: tuple[str, ...]
    left_out: Mapping[str, str]
    """Those that cannot run here, with the reason in one line."""

    @property
    def runnable(self) -> tuple[str, ...]:
        """Those that can run."""
        return tuple(name for name in self.asked if name not in self.left_out)


def default_metrics(has_reference: bool) -> tuple[str, ...]:
    """What is scored where no metric is named: short names."""
    return REFERENCE_METRICS if has_reference else NO_REFERENCE_METRICS


def choose_metrics(names: Sequence[str], protocol: ProtocolCard, has_reference: bool) -> MetricChoice:
    """Resolve the names of metrics, and find out which of them cannot run here.

    Args:
        names: short names of the protocol, full variants, or "all" for every metric of the protocol, in any case; where there is
            none, those that need no weights.
        protocol: the card that resolves short names.
        has_reference: whether there is ground truth; where there is none, "all" leaves out the metrics that need it.

    Raises:
        InputError: a name does not exist, or needs a missing ground truth.
    """
    asked = names or default_metrics(has_reference)
    full: list[str] = []
    for name in asked:
        full += _every(protocol, has_reference) if name.lower() == EVERY else [describe(protocol.resolve(name)).name]
    for name in full:
        if describe(name).needs_reference and not has_reference:
            raise InputError(f"metric {name} needs ground truth: name its folder with --gt, or choose no-reference metrics")
    chosen = tuple(dict.fromkeys(full))
    reasons = {name: reason_unavailable(name) for name in chosen}
    return MetricChoice(chosen, {name: reason for name, reason in reasons.items() if reason is not None})


def require_runnable(choice: MetricChoice) -> None:
    """Raise InputError that lists every metric that cannot run here, with its reason."""
    if choice.left_out:
        listed = "; ".join(f"metric {name}: {reason}" for name, reason in choice.left_out.items())
        raise InputError(f"cannot score: {sentence(listed)} Fix this, or skip them with --skip-unavailable")


def _every(protocol: ProtocolCard, has_reference: bool) -> list[str]:
    return [name for name in protocol.metrics.values() if has_reference or not describe(name).needs_reference]

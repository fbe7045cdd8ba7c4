"""The printed names of datasets, methods and metrics; no two of a table are alike."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from mgld_bench.cards.schemas import ProtocolCard
from mgld_bench.report.data import ReportData


def dataset_headings(data: ReportData) -> dict[str, str]:
    """By dataset name."""
    return _distinct({name: card.heading for name, card in data.datasets.items()})


def method_headings(data: ReportData) -> dict[str, str]:
    """By method name."""
    return _distinct({name: card.heading for name, card in data.methods.items()})


def metric_headings(data: ReportData) -> dict[str, str]:
    """By full variant name."""
    return _distinct({name: facts.title for name, facts in data.metrics.items()})


def short_name(protocol: ProtocolCard, metric: str) -> str:
    """The protocol's short name of a variant; the variant where it has none."""
    return next((short for short, full in protocol.metrics.items() if full == metric), metric)


def _distinct(headings: Mapping[str, str]) -> dict[str, str]:
    """Names are added in brackets where several things have one heading."""
    uses = Counter(headings.values())
    return {name: heading if uses[heading] == 1 else f"{heading} ({name})" for name, heading in headings.items()}

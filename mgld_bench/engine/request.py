"""What a session was asked for, as plain data: a process on another machine opens the same suite from it."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from mgld_bench.cards.search_path import SUFFIXES
from mgld_bench.home import expanded
from mgld_bench.plain_data import PlainData


class SuiteRequest(PlainData):
    """What `Session.open` takes, with paths from the root and with the memory that the run that asked allows."""

    report: str
    methods: tuple[str, ...] = ()
    datasets: tuple[str, ...] = ()
    metrics: tuple[str, ...] = ()
    sources: dict[str, Path] = Field(default_factory=dict)
    cards: tuple[Path, ...] = ()
    device: str = "cpu"
    """Its kind: cpu, cuda."""
    precision: str = "float32"
    max_memory: int = 0
    """Bytes. Methods cut clips by it, and keys depend on how."""
    allow_tf32: bool = False
    degradation: str = ""
    protocol: str = ""
    clips: tuple[str, ...] = ()
    limit: int | None = None
    threads: int = 1
    """With a different number, sums are rounded differently."""


def rooted(card: str) -> str:
    """The name of a card as it is, the path of a card's file from the root."""
    return str(expanded(Path(card)).absolute()) if "/" in card or "\\" in card or card.endswith(SUFFIXES) else card

"""Which restored frames of nights are kept: those of the accepted night, the anchor and the last ones. Scores are always kept."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from glob import escape
from pathlib import Path

from mgld_bench.clips.listing import files_below, matching
from mgld_bench.nightly.history import Night, anchor_of, reference_of


@dataclass(frozen=True)
class Freed:
    """A folder of restored clips that need not be kept."""

    night: int
    folder: Path
    size: int
    """Bytes."""


def plan_retention(workspace: Path, series: Sequence[Night], keep: int) -> tuple[Freed, ...]:
    """What can be freed of the nights of one suite and method.

    Args:
        workspace: where the clips are.
        series: all nights of that suite and method.
        keep: so many of the last nights keep their frames; the accepted night, the anchor and an unfinished one always do.
    """
    kept = {night.id for night in series[len(series) - keep :]} if keep else set()
    kept |= {night.id for night in (reference_of(series), anchor_of(series)) if night is not None}
    kept |= {night.id for night in series if not night.verdict}
    names = {night.name for night in series if night.id in kept}
    found = []
    for night in series:
        own = [f"{night.name}-night{night.id}"] if night.kind == "identity" else [night.name]
        again = [f"{name}-confirmed{night.id}" for name in own]
        for name in [*([] if night.id in kept else own), *([] if night.id in kept else again)]:
            if name in names:
                continue
            for folder in matching(workspace / "restored", "*", escape(name)):
                found.append(Freed(night.id, folder, _size(folder)))
    return tuple({freed.folder: freed for freed in found}.values())


def free(planned: Sequence[Freed]) -> None:
    """Delete them."""
    for freed in planned:
        shutil.rmtree(freed.folder)


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in files_below(folder))

"""Which restored frames and players of nights are kept: those of the accepted night, the anchor and the last ones; all scores."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from glob import escape
from pathlib import Path

from mgld_bench.clips.listing import files_below, matching
from mgld_bench.comparing.players.write import FOLDER_SUFFIX
from mgld_bench.nightly.history import Night, anchor_of, reference_of


@dataclass(frozen=True)
class Freed:
    """A folder that need not be kept: restored clips, or what the page of a comparison plays."""

    night: int
    folder: Path
    size: int
    """Bytes."""
    page: Path | None = None
    """That of the comparison whose players' files they are."""


def plan_retention(workspace: Path, pages: Path, series: Sequence[Night], keep: int) -> tuple[Freed, ...]:
    """What can be freed of the nights of one suite and method.

    Args:
        workspace: where the clips are.
        pages: the folder of their pages.
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
        if night.id not in kept:
            for folder in matching(pages, f"night-{night.id}-with-*{FOLDER_SUFFIX}"):
                found.append(Freed(night.id, folder, _size(folder), folder.with_suffix(".html")))
    return tuple({freed.folder: freed for freed in found}.values())


def free(planned: Sequence[Freed], videos: Path) -> None:
    """Delete them, with the pages that play what is deleted.

    ``videos``: where videos are kept under second names; those that nothing else shows are deleted too.
    """
    for freed in planned:
        if freed.page is None:
            shutil.rmtree(freed.folder)
            continue
        played = {_identity(file) for file in files_below(freed.folder)}
        # First: nothing links to what is deleted.
        freed.page.unlink(missing_ok=True)
        shutil.rmtree(freed.folder)
        for file in matching(videos, "*", "[!.]*"):
            if file.stat().st_nlink == 1 and _identity(file) in played:
                file.unlink()


def _identity(file: Path) -> tuple[int, int]:
    found = file.stat()
    return found.st_dev, found.st_ino


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in files_below(folder))

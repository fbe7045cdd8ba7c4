"""The clips that a dataset has by its card, before it is on this machine."""

from __future__ import annotations

from dataclasses import dataclass

from mgld_bench.cards.schemas import ClipEntry, DatasetCard


@dataclass(frozen=True)
class ExpectedClip:
    """One clip as far as the card knows it."""

    name: str
    frames: int
    """0 where the card does not know it."""
    size: tuple[int, int] | None
    """(height, width) of the ground truth, or of what a method makes of LR; None where the card does not know it."""


def expected_clips(card: DatasetCard) -> list[ExpectedClip]:
    """The clips that the card names or counts; where it only knows how many frames all have together, they share them evenly."""
    entries = card.clips or tuple(ClipEntry(name=f"clip {number + 1}") for number in range(card.clip_count or 0))
    known = sum(entry.frames or 0 for entry in entries)
    open_clips = sum(entry.frames is None for entry in entries)
    rest = max(0, (card.total_frames or known) - known)
    found, shared = [], 0
    for entry in entries:
        frames = entry.frames
        if frames is None:
            frames = rest * (shared + 1) // open_clips - rest * shared // open_clips
            shared += 1
        found.append(ExpectedClip(entry.name, frames, _size(card, entry)))
    return found


def _size(card: DatasetCard, entry: ClipEntry) -> tuple[int, int] | None:
    size = (entry.crop.width, entry.crop.height) if entry.crop else entry.size or card.size
    scale = 1 if card.ground_truth else card.scales[0]
    return None if size is None else (scale * size[1], scale * size[0])

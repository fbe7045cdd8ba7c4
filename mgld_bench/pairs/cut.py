"""How a dataset's card cuts a clip out of its source: recorded with the pair, and compared where the source is not read again."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

from mgld_bench.cards.schemas import ClipEntry, DatasetCard
from mgld_bench.clips.video import VIDEO_SUFFIXES


def colour_of(card: DatasetCard, entry: ClipEntry) -> str:
    """Matrix and range of video without tags; "": by the size of its frames."""
    return card.colour or ("bt601" if entry.source else "")


def cut_of(card: DatasetCard, entry: ClipEntry) -> dict[str, object]:
    """What the card says of the clip that decides its frames, for the side file."""
    crop = None if entry.crop is None else entry.crop.model_dump()
    return {"first_frame": entry.first_frame, "crop": crop, "colour": colour_of(card, entry)}


def cut_differently(card: DatasetCard, clip: str, side: Mapping[str, Any]) -> str:
    """What the card says that the frames of a built pair do not have, such as ``first_frame: 0, not 20``; "" where they agree.

    Pairs of version 0.1.0 recorded the number, size and names of frames only: as far as these show it, they are compared too.
    """
    entry = next((entry for entry in card.clips if entry.name == clip), None)
    if entry is None:
        return ""
    there: dict[str, object] = dict(side["GT" if "GT" in side else "LQ"])
    asked: dict[str, object] = {}
    if entry.frames is not None:
        asked["frames"] = entry.frames
    size = (entry.crop.width, entry.crop.height) if entry.crop else entry.size or card.size
    if size is not None:
        asked["width"], asked["height"] = size
    recorded = side.get("facts", {}).get("cut")
    if isinstance(recorded, Mapping):
        there |= recorded
        asked |= cut_of(card, entry)
    elif PurePath(entry.source).suffix.lower() in VIDEO_SUFFIXES:
        # Frames of a video are called by their numbers.
        names = there.get("source_names")
        first = str(names[0]) if isinstance(names, list) and names else ""
        there["first_frame"] = int(first) if first.isdecimal() and first.isascii() else entry.first_frame
        asked["first_frame"] = entry.first_frame
    return ", ".join(f"{name}: {value}, not {there.get(name)}" for name, value in asked.items() if there.get(name) != value)

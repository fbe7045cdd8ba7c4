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
    # Recorded only where there is something to record, as pairs did that are older than the field.
    reduced = {"reduce_lr": card.reduce_lr} if card.reduce_lr > 1 else {}
    return {"first_frame": entry.first_frame, "crop": crop, "colour": colour_of(card, entry), **reduced}


def cut_differently(card: DatasetCard, clip: str, side: Mapping[str, Any]) -> str:
    """What the card says that the frames of a built pair do not have, such as ``first_frame: 0, not 20``; "" where they agree.

    Pairs of version 0.1.0 recorded the number, size and names of frames only: as far as these show it, they are compared too.
    """
    entry = next((entry for entry in card.clips if entry.name == clip), None)
    recorded = side.get("facts", {}).get("cut")
    known: Mapping[str, object] = recorded if isinstance(recorded, Mapping) else {}
    there: dict[str, object] = {"reduce_lr": known.get("reduce_lr", 1)}
    # LR that was built is not what came with the set.
    asked: dict[str, object] = {"reduce_lr": card.reduce_lr} if side.get("degradation") is None else {}
    if entry is None:
        return _differing(there, asked)
    there |= side["GT" if "GT" in side else "LQ"]
    if entry.frames is not None:
        asked["frames"] = entry.frames
    size = (entry.crop.width, entry.crop.height) if entry.crop else entry.size or card.size
    if size is not None:
        asked["width"], asked["height"] = size
    if isinstance(recorded, Mapping):
        there |= recorded
        asked |= {name: value for name, value in cut_of(card, entry).items() if name != "reduce_lr"}
    elif PurePath(entry.source).suffix.lower() in VIDEO_SUFFIXES:
        # Frames of a video are called by their numbers.
        names = there.get("source_names")
        first = str(names[0]) if isinstance(names, list) and names else ""
        there["first_frame"] = int(first) if first.isdecimal() and first.isascii() else entry.first_frame
        asked["first_frame"] = entry.first_frame
    return _differing(there, asked)


def _differing(there: Mapping[str, object], asked: Mapping[str, object]) -> str:
    return ", ".join(f"{name}: {value}, not {there.get(name)}" for name, value in asked.items() if there.get(name) != value)

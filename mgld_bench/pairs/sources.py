"""A dataset's clips as they are on disk, checked against its card before anything is made of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mgld_bench.cards.schemas import ClipEntry, DatasetCard
from mgld_bench.clips.clip import Clip
from mgld_bench.clips.digest import DigestCache, stack_sha256, text_digest
from mgld_bench.clips.listing import dead_link
from mgld_bench.clips.numbering import numbers_disagree
from mgld_bench.clips.reading import open_clip, select_frames
from mgld_bench.clips.reduced import ReducedClip
from mgld_bench.errors import InputError, first_of
from mgld_bench.pairs.cut import colour_of, cut_of
from mgld_bench.pairs.layouts import FoundLayout, find_layout

_PARTS = {1: "the same as", 2: "half of", 4: "a quarter of"}
"""What LR is of the ground truth, by the scale."""


@dataclass(frozen=True)
class SourceClip:
    """One clip of a dataset on disk, cut as the card says."""

    name: str
    ground_truth: Clip | None
    low_resolution: Clip | None
    """None where LR is to be built."""
    layout: str
    notes: tuple[str, ...]
    """Facts to record with the pair: what was cut, names that differ."""
    cut: Mapping[str, object]
    """See cut_of()."""
    scale: int
    """How many times larger than LR the ground truth is, or what a method makes of LR."""

    @property
    def frame_count(self) -> int:
        """The number of frames."""
        return self._any.frame_count

    @property
    def target_size(self) -> tuple[int, int]:
        """(height, width) of the ground truth, or of what a method makes of the LR frames."""
        factor = 1 if self.ground_truth is not None else self.scale
        return factor * self._any.height, factor * self._any.width

    def digest(self) -> str:
        """sha256 (hex) of everything that is read of it."""
        return text_digest([clip.digest() if clip else None for clip in (self.ground_truth, self.low_resolution)])

    @property
    def _any(self) -> Clip:
        clip = self.ground_truth or self.low_resolution
        if clip is None:
            raise ValueError(f"clip {self.name} is empty")
        return clip


def locate_clips(
    card: DatasetCard,
    source: Path | None,
    existing_lq: bool | None = None,
    cache: DigestCache | None = None,
    scale: int = 4,
) -> list[SourceClip]:
    """Find the clips of a dataset, and check them against its card: names, frame counts, sizes, pinned digests, LR against GT.

    Args:
        card: The dataset.
        source: Folder of the download; None: the package that ships the clips.
        existing_lq: Whether LR clips are used as they are; None: where the card names no degradation.
        cache: Digests of files that are already known.
        scale: Where LR is to be built: how many times larger the ground truth is.

    Returns:
        The clips in the card's order.

    Raises:
        InputError: Something does not match the card; one line with the first few findings.
    """
    if existing_lq is None:
        existing_lq = card.degradation is None
    found = find_layout(card, source, existing_lq)
    if card.clip_count is not None and len(found.clips) != card.clip_count:
        there = first_of([_described(found, name) for name in found.clips], 10)
        surplus = f"; there are: {there}" if len(found.clips) > card.clip_count else ""
        raise InputError(
            f"dataset {card.name}: layout {found.name} has {len(found.clips)} clips, the card says {card.clip_count}{surplus}"
        )
    entries = {entry.name: entry for entry in card.clips}
    problems: list[str] = []
    clips: list[SourceClip] = []
    for name in found.clips:
        try:
            clips.append(_checked(card, entries.get(name, ClipEntry(name=name)), found, cache, scale))
        except InputError as error:
            problems.append(f"clip {name}: {error}")
    if problems:
        raise InputError(f"dataset {card.name}: {first_of(problems, 3, '; ')}")
    _check_total(card, clips)
    return clips


def _described(found: FoundLayout, clip: str) -> str:
    places = [side[clip] for side in (found.ground_truth, found.low_resolution) if clip in side]
    return f"{clip} (a dead link)" if any(dead_link(place) for place in places) else clip


def _checked(card: DatasetCard, entry: ClipEntry, found: FoundLayout, cache: DigestCache | None, scale: int) -> SourceClip:
    """One clip: opened, cut as the card says, and checked."""
    notes: list[str] = []
    colour = colour_of(card, entry)

    def opened(path: Path | None, what: str) -> Clip | None:
        if path is None:
            return None
        if not entry.source and entry.name not in {*path.parts, path.stem}:
            notes.append(f"{what}: clip {entry.name} is called {path.stem if path.is_file() else path.name} in the download")
        return _cut(card, entry, open_clip(path, entry.name, cache, colour), what, notes)

    ground_truth = opened(found.ground_truth.get(entry.name), "ground truth")
    low_resolution = opened(found.low_resolution.get(entry.name), "LR")
    if low_resolution is not None and card.reduce_lr > 1:
        low_resolution = ReducedClip(low_resolution, card.reduce_lr)
        notes.append(f"LR: reduced {card.reduce_lr} times in each direction by MATLAB's bicubic, as the card says")
    main = ground_truth or low_resolution
    size = (entry.crop.width, entry.crop.height) if entry.crop else entry.size or card.size
    if main is not None and size is not None and (main.width, main.height) != size:
        raise InputError(f"{main.path}: frames are {main.width}x{main.height}, the card says {size[0]}x{size[1]}")
    if low_resolution is not None:
        scale = card.scales[0] if ground_truth is None else _check_pair(card, ground_truth, low_resolution, notes)
    if ground_truth is not None:
        _check_ground_truth(entry, ground_truth, scale)
    return SourceClip(entry.name, ground_truth, low_resolution, found.name, tuple(notes), cut_of(card, entry), scale)


def _cut(card: DatasetCard, entry: ClipEntry, clip: Clip, what: str, notes: list[str]) -> Clip:
    """The frames (and the crop) of a clip that the card asks for."""
    there = clip.frame_count
    if card.max_frames is not None and there > card.max_frames:
        raise InputError(f"{clip.path}: {there} frames, the card says at most {card.max_frames}")
    if entry.source:
        count = entry.frames or there - entry.first_frame
        return select_frames(clip, entry.first_frame, count, entry.crop, entry.name)
    if entry.frames is None or there == entry.frames:
        return clip
    if there in entry.accepted_frames and there > entry.frames:
        notes.append(f"{what}: the first {entry.frames} of {there} frames are used")
        return select_frames(clip, 0, entry.frames)
    also = f" (or {', '.join(str(count) for count in entry.accepted_frames)})" if entry.accepted_frames else ""
    raise InputError(f"{clip.path}: {there} frames, the card says {entry.frames}{also}")


def _check_ground_truth(entry: ClipEntry, clip: Clip, scale: int) -> None:
    if clip.height % scale or clip.width % scale:
        raise InputError(f"{clip.path}: frames are {clip.width}x{clip.height}, which are not multiples of {scale}")
    if entry.sha256:
        digest = stack_sha256(clip.frames())
        if digest != entry.sha256:
            raise InputError(
                f"{clip.path}: decodes to frames that are not those pinned in the card (sha256 {digest}, pinned {entry.sha256})"
            )


def _check_pair(card: DatasetCard, ground_truth: Clip, low_resolution: Clip, notes: list[str]) -> int:
    """Require that LR has as many frames as the ground truth, and its size at one of the card's scales, which is returned."""
    if low_resolution.frame_count != ground_truth.frame_count:
        raise InputError(
            f"{low_resolution.path}: {low_resolution.frame_count} frames, but the ground truth has {ground_truth.frame_count}"
        )
    numbers = numbers_disagree(ground_truth.facts, low_resolution.facts)
    if numbers:
        raise InputError(
            f"{low_resolution.path}: the frames of ground truth and LR are numbered {numbers}: they overlap, but do not begin "
            f"together, so that it is unclear which belong together; number both alike ({ground_truth.path})"
        )
    scale = _scale_of(card, ground_truth, low_resolution)
    first = ground_truth.facts.frame_names[0], low_resolution.facts.frame_names[0]
    if ground_truth.facts.frame_names != low_resolution.facts.frame_names:
        notes.append(f"frame names of ground truth and LR differ (they begin at {first[0]} and {first[1]}); paired by position")
    return scale


def _scale_of(card: DatasetCard, ground_truth: Clip, low_resolution: Clip) -> int:
    """How many times larger than LR the ground truth is. Raises InputError where the card does not have this scale."""
    low, full = ((clip.height, clip.width) for clip in (low_resolution, ground_truth))
    found = full[0] // low[0]
    whole = (found * low[0], found * low[1]) == full
    if whole and found in card.scales:
        return found
    lr, gt = (f"{clip.width}x{clip.height}" for clip in (low_resolution, ground_truth))
    wanted = " or ".join(_PARTS.get(scale, f"1/{scale} of") for scale in card.scales)
    remedy = f"; if that is right, write a card that extends {card.name} with scales: [{found}]" if whole else ""
    raise InputError(f"{low_resolution.path}: frames are {lr}, which is not {wanted} the ground truth's {gt}{remedy}")


def _check_total(card: DatasetCard, clips: Sequence[SourceClip]) -> None:
    total = sum(clip.frame_count for clip in clips)
    if card.total_frames is not None and total != card.total_frames:
        raise InputError(
            f"dataset {card.name}: {total} frames in total, the card says {card.total_frames}: this is a different version of "
            f"the set; if that is intended, write a card that extends {card.name} with this number"
        )

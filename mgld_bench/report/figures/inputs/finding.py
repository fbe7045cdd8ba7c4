"""Which clip, frame and box a figure shows where its card leaves that open."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from mgld_bench.cards.figures import PIXEL_METRICS, Shot
from mgld_bench.report.collect.data import ReportData
from mgld_bench.report.figures.choosing import Map, Region, best_region, disagreement, error, spread_over, structure
from mgld_bench.report.figures.drawing import NothingToDrawError
from mgld_bench.report.figures.inputs.frames import ClipFrames

FRAMES_SEARCHED = 6
"""Of a clip, evenly spread."""


@dataclass(frozen=True)
class Search:
    """By what clips, frames and boxes are found."""

    between: tuple[str, str] | None = None
    metric: str = "squared-error"
    consecutive: int = 1
    """The frame that is found has so many frames from it on."""

    @property
    def words(self) -> str:
        """For captions."""
        if self.between is None:
            return "where the methods differ and the reference has structure"
        return f"where {self.between[0]} and {self.between[1]} differ most in {self.metric.replace('-', ' ')}"


@dataclass(frozen=True)
class Found:
    """What is shown of a clip."""

    clip: ClipFrames
    frame: int
    region: Region
    searched: tuple[str, ...]
    """Which of clip, frame and box were found; empty: the card gives all of them."""


def find(data: ReportData, shot: Shot, clips: Sequence[ClipFrames], size: Mapping[str, tuple[int, int]], search: Search) -> Found:
    """Fill in what a shot leaves open.

    Args:
        data: for the scores per frame.
        shot: what the card says.
        clips: those that may be shown.
        size: width and height of the box, by clip.
        search: by what.

    Raises:
        NothingToDrawError: the clip lacks the frame, or the box is not inside it.
    """
    searched = tuple(
        name for name, given in (("clip", len(clips) == 1), ("frame", shot.frame is not None), ("box", shot.box)) if not given
    )
    clip, frame = _clip_and_frame(data, shot, clips, size, search)
    last = clip.frame_count - search.consecutive
    if frame > last:
        wanted = f"frames {frame} to {frame + search.consecutive - 1}" if search.consecutive > 1 else f"frame {frame}"
        raise NothingToDrawError(f"{clip.source.dataset} {clip.source.clip} has {clip.frame_count} frames: there is no {wanted}")
    if shot.box is not None:
        region = Region(shot.box.top, shot.box.left, shot.box.height, shot.box.width)
        height, width = clip.whole(frame).shape[:2]
        if region.top + region.height > height or region.left + region.width > width:
            raise NothingToDrawError(f"the box does not lie inside {clip.source.dataset} {clip.source.clip} ({width}×{height})")
    else:
        region, _ = _best_box(clip, frame, size[clip.source.clip], search)
    return Found(clip, frame, region, searched)


def _clip_and_frame(
    data: ReportData, shot: Shot, clips: Sequence[ClipFrames], size: Mapping[str, tuple[int, int]], search: Search
) -> tuple[ClipFrames, int]:
    if search.between is not None and search.metric not in PIXEL_METRICS and shot.frame is None:
        return _by_scores(data, clips, search.between, search)
    # One frame of each clip decides which clip it is; in that, several frames are looked at.
    first = {id(clip): _frames(clip, 1, shot, search)[0] for clip in clips}
    clip = max(clips, key=lambda one: _best_box(one, first[id(one)], size[one.source.clip], search)[1]) if clips[1:] else clips[0]
    frames = _frames(clip, FRAMES_SEARCHED, shot, search)
    frame = max(frames, key=lambda index: _best_box(clip, index, size[clip.source.clip], search)[1]) if frames[1:] else frames[0]
    return clip, frame


def _frames(clip: ClipFrames, most: int, shot: Shot, search: Search) -> list[int]:
    if shot.frame is not None:
        return [shot.frame]
    return spread_over(max(1, clip.frame_count - search.consecutive + 1), most)


def _by_scores(data: ReportData, clips: Sequence[ClipFrames], between: tuple[str, str], search: Search) -> tuple[ClipFrames, int]:
    """Where the two methods' scores per frame are furthest apart."""
    metric = data.protocol.resolve(search.metric)
    best: tuple[float, ClipFrames, int] | None = None
    for clip in clips:
        one, other = (_per_frame(data, clip, name, metric) for name in between)
        for index in sorted(set(one) & set(other)):
            apart = abs(one[index] - other[index])
            if math.isfinite(apart) and index <= clip.frame_count - search.consecutive and (best is None or apart > best[0]):
                best = (apart, clip, index)
    if best is None:
        names = " and ".join(between)
        raise NothingToDrawError(
            f"no scores per frame of {names} in {search.metric}; to get them: mgld-bench run {data.card.name}"
        )
    return best[1], best[2]


def _per_frame(data: ReportData, clip: ClipFrames, method: str, metric: str) -> Mapping[int, float]:
    for cell in data.cells:
        if (cell.dataset, cell.method, cell.metric) == (clip.source.dataset, method, metric) and clip.source.clip in cell.scores:
            return cell.scores[clip.source.clip].per_frame or {}
    return {}


def _best_box(clip: ClipFrames, index: int, size: tuple[int, int], search: Search) -> tuple[Region, float]:
    """The box of the frame in which there is most to see, and how much that is."""
    height, width = clip.whole(index).shape[:2]
    shape = (min(size[1], height), min(size[0], width))
    candidates = [best_region(maps, *shape, clip.scale) for maps in _maps(clip, index, search)]
    return max(candidates, key=lambda candidate: candidate[1])


def _maps(clip: ClipFrames, index: int, search: Search) -> list[list[Map]]:
    """Alternatives: maps whose product says where to look."""
    truth = clip.truth(index)
    if search.between is not None and set(search.between) <= set(clip.usable):
        one, other = (clip.restored(name, index) for name in search.between)
        metric = search.metric if search.metric in PIXEL_METRICS else "squared-error"
        if truth is None:
            return [[error(one, other, metric)]]
        difference = error(one, truth, metric) - error(other, truth, metric)
        # Where the one is worse, or the other.
        return [[difference.clip(min=0)], [(-difference).clip(min=0)]]
    restored = [clip.restored(name, index) for name in clip.usable]
    compared = [*restored, *([truth] if truth is not None and len(restored) == 1 else [])]
    return [[structure(clip.whole(index)), np.sqrt(disagreement(compared))]]

"""What a temporal profile is drawn of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from mgld_bench.cards.figures import TemporalProfileFigure
from mgld_bench.clips.clip import Clip, Frame
from mgld_bench.report.collect.data import ReportData
from mgld_bench.report.figures.choosing import Along, Line, Map, best_line, disagreement, spread_over, structure_along
from mgld_bench.report.figures.drawing import Drawing, NothingToDrawError
from mgld_bench.report.figures.inputs.frames import ClipFrames, clips_of, shown_methods
from mgld_bench.report.figures.style import method_styles
from mgld_bench.report.figures.temporal_profile import Profile, draw_temporal_profile, line_of

FRAMES_SEARCHED = 12
"""Of the clip, evenly spread, by which the line is found."""

BORDER_PART = 20
"""This part of the frame's shorter side, at each edge, is no place for a line that is found."""


def temporal_profile(data: ReportData, figure: TemporalProfileFigure) -> Drawing:
    """Draw it.

    Raises:
        NothingToDrawError: no frames of the clip are here, or the line or the frames are not inside it.
    """
    dataset = figure.dataset or next(iter(data.datasets), "")
    if dataset not in data.datasets:
        # The user asked for different datasets: in these, everything is found.
        dataset = next(iter(data.datasets), "")
        figure = figure.model_copy(update={"clip": "", "row": None, "column": None, "span": None, "frames": None})
    clips = clips_of(data, dataset, figure.clip, shown_methods(data, figure.methods))
    weights = {id(clip): _differences(clip, figure) for clip in clips} if clips[1:] else {}
    clip = max(clips, key=lambda one: max(float(values.mean()) for values in weights[id(one)].values())) if weights else clips[0]
    frames = _frames(clip, figure)
    line = _line(clip, figure, weights.get(id(clip)))
    styles, names = method_styles(data), data.method_headings
    source = clip.source
    profiles = [Profile("LR", _low_resolution(clip, line, frames))]
    for name in clip.methods:
        reason = clip.why_missing(name)
        picture = None if reason else _profile(source.restored[name], line, frames)
        profiles.append(Profile(names[name], picture, reason, styles[name].highlighted))
    if source.ground_truth is not None:
        profiles.append(Profile("GT", _profile(source.ground_truth, line, frames)))
    middle = frames[len(frames) // 2]
    place = f"{line.along} {line.index}, pixels {line.first} to {line.last}, frames {frames[0]} to {frames[-1]}"
    heading = f"{data.dataset_headings[dataset]}, {source.clip}"
    caption = (f"{heading}, frame {middle}", place)
    page = draw_temporal_profile(clip.whole(middle), line, profiles, caption, figure.width)
    direction = "downwards" if line.along == "row" else "to the right"
    found = "" if figure.row is not None or figure.column is not None else "; the line was found where the methods differ most"
    statement = f"{heading}: {place}, time {direction}, enlarged without interpolation{found}."
    missing = [f"{names[name]} on {dataset} {source.clip}: {clip.why_missing(name)}" for name in clip.methods]
    gaps = tuple(text for text, name in zip(missing, clip.methods, strict=True) if name not in clip.usable)
    return Drawing(page.figure, statement, gaps, page.dpi)


def _frames(clip: ClipFrames, figure: TemporalProfileFigure) -> range:
    first, last = figure.frames or (0, clip.frame_count - 1)
    if last >= clip.frame_count:
        raise NothingToDrawError(
            f"{clip.source.dataset} {clip.source.clip} has {clip.frame_count} frames: there is no frame {last}"
        )
    if last == first:
        raise NothingToDrawError(f"{clip.source.dataset} {clip.source.clip} has one frame: a profile over time needs several")
    return range(first, last + 1)


def _line(clip: ClipFrames, figure: TemporalProfileFigure, weights: Mapping[Along, Map] | None) -> Line:
    height, width = clip.whole(0).shape[:2]
    if figure.row is None and figure.column is None:
        found = _differences(clip, figure) if weights is None else weights
        return best_line({along: _without_border(values) for along, values in found.items()}, "third")
    along: Along = "row" if figure.row is not None else "column"
    index = figure.row if figure.row is not None else figure.column or 0
    across, length = (height, width) if along == "row" else (width, height)
    if index >= across or (figure.span is not None and figure.span[1] >= length):
        name = f"{clip.source.dataset} {clip.source.clip} ({width}×{height})"
        raise NothingToDrawError(f"{along} {index} or its span does not lie inside {name}")
    if figure.span is not None:
        return Line(along, index, *figure.span)
    found = _differences(clip, figure) if weights is None else weights
    return best_line({along: found[along]}, "third", index)


def _without_border(weights: Map) -> Map:
    """With nothing near the edges of the frame, where methods differ by how they treat borders."""
    border = min(weights.shape) // BORDER_PART
    inner: Map = np.zeros_like(weights)
    kept = (slice(border, weights.shape[0] - border), slice(border, weights.shape[1] - border))
    inner[kept] = weights[kept]
    return inner


def _differences(clip: ClipFrames, figure: TemporalProfileFigure) -> dict[Along, Map]:
    """By the direction of a line, how much the methods differ at each pixel over time, where a line shows structure."""
    frames = _frames(clip, figure)
    size = clip.whole(frames[0]).shape[:2]
    total: dict[Along, Map] = {"row": np.zeros(size), "column": np.zeros(size)}
    for place in spread_over(len(frames), FRAMES_SEARCHED):
        index = frames[place]
        restored = [clip.restored(name, index) for name in clip.usable]
        truth = clip.truth(index)
        compared = [*restored, *([truth] if truth is not None and len(restored) == 1 else [])]
        different, whole = np.sqrt(disagreement(compared)), clip.whole(index)
        for along in total:
            total[along] += different * structure_along(whole, along)
    return total


def _profile(clip: Clip, line: Line, frames: range) -> Frame:
    """(frames, pixels, 3)."""
    return np.stack([line_of(frame, line) for frame in clip.frames(frames[0], frames[-1] + 1)])


def _low_resolution(clip: ClipFrames, line: Line, frames: Sequence[int]) -> Frame:
    return np.stack([line_of(clip.low_resolution(index), line) for index in frames])

"""Temporal profiles: a row or column of pixels over time for LR, each method and the ground truth (Figure 5)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mgld_bench.clips.clip import Frame
from mgld_bench.report.figures.choosing import Line
from mgld_bench.report.figures.frame_and_cells import Block, Mark, Picture, compose, room_of
from mgld_bench.report.figures.pixel_page import PixelPage, enlarge
from mgld_bench.report.figures.style import PRINT_DPI

TIME_SHARE = {"row": 0.42, "column": 1.25}
"""Time's side of a profile, relative to that of the line, at which one looks best; pixels over time stay whole."""
LOWEST = 0.3
"""Inches: profiles of few frames are stretched in time to about this."""


@dataclass(frozen=True)
class Profile:
    """The line's pixels of LR, one method or the ground truth over time."""

    label: str
    picture: Frame | None
    """(frames, pixels, 3): time downwards; for a column, which is shown upright, too."""
    missing: str = ""
    bold: bool = False


def line_of(frame: Frame, line: Line) -> Frame:
    """The pixels of the line: (pixels, 3) uint8."""
    part = slice(line.first, line.last + 1)
    return np.ascontiguousarray(frame[line.index, part] if line.along == "row" else frame[part, line.index])


def draw_temporal_profile(
    whole: Frame, line: Line, profiles: Sequence[Profile], caption: tuple[str, ...], width: float
) -> PixelPage:
    """The frame with the line on it, and the profiles: time runs downwards for a row, to the right for a column.

    A pixel of the line and a frame are whole numbers of pixels of the PNG, enlarged without interpolation.
    """
    frames = next(profile.picture.shape[0] for profile in profiles if profile.picture is not None)
    rows, columns = _shape(len(profiles), line)
    share = TIME_SHARE[line.along]
    ratio = share if line.along == "row" else 1 / share
    room = room_of(whole, (rows, columns), [profile.label for profile in profiles], False, ratio, width)
    cell = room.cell_width(ratio, width)
    across = cell if line.along == "row" else cell * ratio
    zoom = max(1, math.ceil(across / line.length - 1e-6))
    lowest = LOWEST * PRINT_DPI
    stretch = max(1, round(max(share * zoom * line.length, lowest) / frames))
    along, time = zoom * line.length, stretch * frames
    size = (along, time) if line.along == "row" else (time, along)
    pictures = [
        Picture(profile.label, _shown(profile.picture, line, size), profile.missing, bold=profile.bold) for profile in profiles
    ]
    mark = Mark(line.index, line.first, 1, line.length) if line.along == "row" else Mark(line.first, line.index, line.length, 1)
    steps = f"one frame: {stretch} px, one pixel of the line: {zoom} px"
    return compose([Block(whole, mark, (*caption, steps), pictures, columns, size)], width)


def _shown(picture: Frame | None, line: Line, size: tuple[int, int]) -> Frame | None:
    if picture is None:
        return None
    upright = picture if line.along == "row" else np.ascontiguousarray(picture.transpose(1, 0, 2))
    return enlarge(upright, *size, "nearest")


def _shape(count: int, line: Line) -> tuple[int, int]:
    """Rows and columns of the grid: profiles of a row are wide, those of a column are upright."""
    columns = (
        min(count, 2 if count <= 6 else 3) if line.along == "row" else min(count, math.ceil(count / (1 if count <= 4 else 2)))
    )
    return math.ceil(count / columns), columns

"""Crops: the whole frame with a box, and the box enlarged for LR, each method and the ground truth (Figures 3, 4, 8 to 15)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mgld_bench.cards.figures import Enlargement
from mgld_bench.clips.clip import Frame
from mgld_bench.report.figures.choosing import Region
from mgld_bench.report.figures.frame_and_cells import Block, Mark, Picture, compose, grid_shape, room_of
from mgld_bench.report.figures.pixel_page import PixelPage, enlarge

CELL_RATIO = 0.75
"""Height / width of boxes that are found."""
FRAME_PARTS = 5
"""Boxes that are found are about this part of the frame's width, if they can be enlarged at least twice."""


@dataclass(frozen=True)
class Row:
    """LR, one method, or the ground truth: its frames at full size, one for each frame that is shown."""

    label: str
    frames: Sequence[Frame | None]
    missing: str = ""
    scores: Sequence[str] = ()
    """For each frame; empty: none."""
    bold: bool = False
    low_resolution: bool = False
    """Enlarged to full size already, without interpolation; so is its crop."""


@dataclass(frozen=True)
class Scene:
    """One clip, the frames of it that are shown, and the box."""

    caption: tuple[str, ...]
    whole: Frame
    """The frame on the left."""
    rows: Sequence[Row]
    """In order: LR first, the ground truth last."""
    frames: Sequence[int]
    box: Region
    factor: int
    """How many times the box is enlarged, in both directions."""


def draw_crops(scenes: Sequence[Scene], width: float, enlargement: Enlargement) -> PixelPage:
    """A block per scene: a cell per method, or, of several frames, a row per method and a column per frame.

    Each pixel of a crop that is enlarged without interpolation is a square of ``factor`` x ``factor`` pixels of the PNG.
    """
    return compose([crops_block(scene, enlargement) for scene in scenes], width)


def box_size(
    whole: Frame, labels: Sequence[str], frames: int, width: float, scores: bool, scale: int, size: tuple[int, int] | None
) -> tuple[int, int, int]:
    """Width and height of the box, and how many times it is enlarged, so that the cells fill the width of the figure.

    Args:
        whole: a frame at full size.
        labels: of LR, the methods and the ground truth.
        frames: how many frames are shown.
        width: of the figure, in inches.
        scores: whether there is a line of scores below the cells.
        scale: the box is a multiple of it, so that it is made of whole LR pixels.
        size: width and height, where they are given.
    """
    shape = (len(labels), frames) if frames > 1 else grid_shape(len(labels))
    ratio = size[1] / size[0] if size else CELL_RATIO
    cell = room_of(whole, shape, [] if frames > 1 else labels, scores, ratio, width).cell_width(ratio, width)
    height, across = whole.shape[:2]
    if size is not None:
        return size[0], size[1], max(1, math.ceil(cell / size[0] - 1e-6))
    factor = max(2, round(cell / (across / FRAME_PARTS)))

    def fitting(pixels: float, available: int) -> int:
        return min(available, max(scale, math.ceil(pixels / scale) * scale))

    box = fitting(cell / factor, across)
    return box, fitting(CELL_RATIO * box, height), factor


def crops_block(scene: Scene, enlargement: Enlargement) -> Block:
    """The block of one scene, for compose()."""
    several = len(scene.frames) > 1
    cell = (scene.box.width * scene.factor, scene.box.height * scene.factor)
    pictures = [
        Picture(
            "" if several else row.label,
            None if frame is None else _crop(frame, scene.box, cell, "nearest" if row.low_resolution else enlargement),
            row.missing,
            row.scores[number] if row.scores else "",
            row.bold,
        )
        for row in scene.rows
        for number, frame in enumerate(row.frames)
    ]
    return Block(
        frame=scene.whole,
        mark=Mark(scene.box.top, scene.box.left, scene.box.height, scene.box.width),
        caption=scene.caption,
        pictures=pictures,
        columns=len(scene.frames) if several else grid_shape(len(pictures))[1],
        cell=cell,
        row_titles=tuple((row.label, row.bold) for row in scene.rows) if several else (),
        column_titles=tuple(f"frame {index}" for index in scene.frames) if several else (),
    )


def _crop(frame: Frame, box: Region, cell: tuple[int, int], how: Enlargement) -> Frame:
    return enlarge(np.ascontiguousarray(frame[box.rows, box.columns]), *cell, how)

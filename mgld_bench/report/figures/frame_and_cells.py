"""The layout of papers: the whole frame on the left with what is enlarged marked on it, a grid of cells on the right."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from mgld_bench.clips.clip import Frame
from mgld_bench.report.figures.pixel_page import (
    FONT_SIZE,
    GREY,
    LINE_HEIGHT,
    SMALL_FONT_SIZE,
    PixelPage,
    fit_label,
    fitted,
    line_pixels,
)
from mgld_bench.report.figures.style import PRINT_DPI

GAP = 0.045
"""Inches between cells."""
BLOCK_GAP = 0.09
FRAME_SHARE = 0.46
"""The whole frame takes at most this part of the width."""
NAME_LINES = 2


@dataclass(frozen=True)
class Picture:
    """One picture of the grid."""

    label: str
    """Below it; "" where the row and the column say what it is."""
    picture: Frame | None
    """As large as the cell; None where it is missing."""
    missing: str = ""
    scores: str = ""
    """A line below the label."""
    bold: bool = False


@dataclass(frozen=True)
class Mark:
    """A rectangle on the whole frame, in its pixels; a line is one pixel high or wide."""

    top: float
    left: float
    height: float
    width: float


@dataclass(frozen=True)
class Block:
    """A whole frame and its cells, row by row."""

    frame: Frame
    mark: Mark
    caption: tuple[str, ...]
    """Lines below the whole frame: which clip and frame it is."""
    pictures: Sequence[Picture]
    columns: int
    cell: tuple[int, int]
    """Width and height of each cell in pixels."""
    row_titles: tuple[tuple[str, bool], ...] = ()
    """On the left of each row, and whether bold; empty: none."""
    column_titles: tuple[str, ...] = ()

    @property
    def rows(self) -> int:
        """Of cells."""
        return math.ceil(len(self.pictures) / self.columns)


@dataclass(frozen=True)
class Room:
    """What a block takes beside its pictures, in inches."""

    aspect: float
    """Of the whole frame: width / height."""
    rows: int
    columns: int
    label: float
    """Below each cell."""
    side: float = 0.0
    """On the left of the cells, for the titles of rows."""

    def dots(self, cell: tuple[float, float], width: float) -> float:
        """Dots per inch at which cells of this size, in pixels, fill ``width`` inches."""
        gaps = GAP * self.columns + self.side
        pixels = self.columns * cell[0] + self.aspect * self.rows * cell[1]
        inches = width - gaps - self.aspect * (self.rows - 1) * (GAP + self.label)
        capped = self.columns * cell[0] / (width * (1 - FRAME_SHARE) - gaps)
        if inches <= 0:
            return capped
        dots = pixels / inches
        return dots if self.frame_width(cell, dots) <= FRAME_SHARE * width * dots else capped

    def frame_width(self, cell: tuple[float, float], dpi: float) -> float:
        """Pixels of the whole frame as high as all rows."""
        return self.aspect * (self.rows * cell[1] + (self.rows - 1) * (GAP + self.label) * dpi)

    def cell_width(self, ratio: float, width: float) -> float:
        """The width in pixels of cells that fill ``width`` inches at PRINT_DPI; ``ratio``: their height / width."""
        # The layout is linear in the size of a cell.
        return PRINT_DPI / self.dots((1.0, ratio), width)


def room_of(frame: Frame, shape: tuple[int, int], labels: Sequence[str], scores: bool, ratio: float, width: float) -> Room:
    """What a block takes beside its pictures.

    Args:
        frame: the whole frame.
        shape: rows and columns of cells.
        labels: below the cells; empty where rows and columns have titles instead.
        scores: whether there is a further line below the labels.
        ratio: height / width of a cell.
        width: of the figure in inches.
    """
    aspect, line = frame.shape[1] / frame.shape[0], FONT_SIZE * LINE_HEIGHT / 72
    below = SMALL_FONT_SIZE * LINE_HEIGHT / 72 if scores else 0.0
    if not labels:
        return Room(aspect, *shape, below + 0.02 * scores, 2.2 * line)
    one_line = Room(aspect, *shape, line + below + 0.02)
    cell = one_line.cell_width(ratio, width) / PRINT_DPI
    lines = max(len(fit_label(label, FONT_SIZE, cell, NAME_LINES, bold=True).lines) for label in labels)
    return Room(aspect, *shape, lines * line + below + 0.02)


def grid_shape(count: int) -> tuple[int, int]:
    """Rows and columns for so many cells, beside a whole frame.

    >>> grid_shape(11)
    (2, 6)
    """
    rows = 1 if count <= 3 else 2 if count <= 12 else 3
    return rows, math.ceil(count / rows)


def compose(blocks: Sequence[Block], width: float, below: float = 0.0) -> PixelPage:
    """The blocks below each other, ``width`` inches wide; every block as wide as the page.

    ``below``: inches of the page that are left free below them. Make it, and save it, within figure_settings().
    """
    rooms = [_room(block, width) for block in blocks]
    dpi = max(PRINT_DPI, *(room.dots(block.cell, width) for room, block in zip(rooms, blocks, strict=True)))
    heights = [_height(block, room, dpi) for block, room in zip(blocks, rooms, strict=True)]
    between = round(BLOCK_GAP * dpi)
    page = PixelPage(round(width * dpi), sum(heights) + between * (len(blocks) - 1) + round(below * dpi), dpi)
    top = 0
    for block, room, height in zip(blocks, rooms, heights, strict=True):
        _draw(page, block, room, top, round(width * dpi))
        top += height + between
    return page


def _room(block: Block, width: float) -> Room:
    labels = [] if block.row_titles else [picture.label for picture in block.pictures]
    scores = any(picture.scores for picture in block.pictures)
    return room_of(block.frame, (block.rows, block.columns), labels, scores, block.cell[1] / block.cell[0], width)


def _head(block: Block, dpi: float) -> int:
    return line_pixels(1, dpi) if block.column_titles else 0


def _foot(block: Block, room: Room, dpi: float) -> int:
    """Below the last row: the cells' labels, or the lines below the whole frame where these take more."""
    return max(round(room.label * dpi), line_pixels(len(block.caption), dpi, SMALL_FONT_SIZE) + round(0.03 * dpi))


def _height(block: Block, room: Room, dpi: float) -> int:
    inner = block.rows * block.cell[1] + (block.rows - 1) * round((GAP + room.label) * dpi)
    frame_width = min(room.frame_width(block.cell, dpi), FRAME_SHARE * _natural_width(block, room, dpi))
    capped = frame_width / room.aspect < inner - 1
    # A frame that is less high than the cells has the room for its caption below it.
    return _head(block, dpi) + inner + (round(room.label * dpi) if capped else _foot(block, room, dpi))


def _natural_width(block: Block, room: Room, dpi: float) -> float:
    """The width, in pixels, of the page on which the frame would be capped."""
    return (block.columns * (block.cell[0] + GAP * dpi) + room.side * dpi) / (1 - FRAME_SHARE)


def _draw(page: PixelPage, block: Block, room: Room, top: int, page_width: int) -> None:
    dpi = page.dpi
    label, side, head = round(room.label * dpi), round(room.side * dpi), _head(block, dpi)
    inner = block.rows * block.cell[1] + (block.rows - 1) * round((GAP + room.label) * dpi)
    frame_width = round(min(room.frame_width(block.cell, dpi), FRAME_SHARE * _natural_width(block, room, dpi)))
    frame_height = min(inner, max(1, round(frame_width / room.aspect)))
    # A frame that is less high than the cells stands in the middle, with its caption.
    free = inner - frame_height - line_pixels(len(block.caption), dpi, SMALL_FONT_SIZE) - round(0.03 * dpi)
    frame_top = top + head + max(0, free // 2)
    page.picture(fitted(block.frame, frame_width, frame_height), 0, frame_top)
    _draw_mark(page, block, frame_width, frame_height, frame_top)
    y = frame_top + frame_height + round(0.03 * dpi)
    for line in block.caption:
        label_text = fit_label(line, SMALL_FONT_SIZE, frame_width / dpi, 1)
        page.text(label_text.text, 0, y, size=label_text.size, align="left", colour=GREY)
        y += line_pixels(1, dpi, SMALL_FONT_SIZE)
    # What the pictures leave of the width is shared by the gaps.
    left_over = page_width - frame_width - side - block.columns * block.cell[0]
    gap = left_over / block.columns
    for number, picture in enumerate(block.pictures):
        row, column = divmod(number, block.columns)
        left = round(frame_width + gap + side + column * (block.cell[0] + gap))
        y = top + head + row * (block.cell[1] + round((GAP + room.label) * dpi))
        if row == 0 and column < len(block.column_titles):
            page.text(block.column_titles[column], left + block.cell[0] / 2, top, size=SMALL_FONT_SIZE, colour=GREY)
        if column == 0 and block.row_titles:
            _draw_row_title(page, *block.row_titles[row], left, y, block.cell[1])
        # The last column has no gap on its right into which a label may run.
        beside = 0.0 if column == block.columns - 1 else min(gap, GAP * dpi * 2)
        _draw_picture(page, picture, left, y, block.cell, beside, label)


def _draw_row_title(page: PixelPage, title: str, bold: bool, left: int, top: int, height: int) -> None:
    label = fit_label(title, FONT_SIZE, height / page.dpi, NAME_LINES, bold)
    x = left - 0.03 * page.dpi
    page.text(label.text, x, top + height / 2, size=label.size, bold=bold, align="right", vertical="center", rotation=90)


def _draw_picture(
    page: PixelPage, picture: Picture, left: int, top: int, cell: tuple[int, int], gap: float, label_height: int
) -> None:
    if picture.picture is None:
        page.blank(left, top, *cell, picture.missing)
    else:
        page.picture(picture.picture, left, top)
    if not label_height:
        return
    room = (cell[0] + 0.8 * gap) / page.dpi
    y = top + cell[1] + 0.02 * page.dpi
    if picture.label:
        label = fit_label(picture.label, FONT_SIZE, room, NAME_LINES, picture.bold)
        page.text(label.text, left + cell[0] / 2, y, size=label.size, bold=picture.bold)
    if picture.scores:
        scores = fit_label(picture.scores, SMALL_FONT_SIZE, room, 1)
        # At the same height below all names, however many lines these take.
        bottom = top + cell[1] + label_height - line_pixels(1, page.dpi, SMALL_FONT_SIZE)
        page.text(scores.text, left + cell[0] / 2, bottom, size=scores.size, colour=GREY)


def _draw_mark(page: PixelPage, block: Block, width: int, height: int, top: int) -> None:
    across, down = width / block.frame.shape[1], height / block.frame.shape[0]
    mark = block.mark
    left, above = mark.left * across, top + mark.top * down
    if mark.height == 1:
        page.line((left, left + mark.width * across), (above + down / 2,) * 2)
    elif mark.width == 1:
        page.line((left + across / 2,) * 2, (above, above + mark.height * down))
    else:
        page.outline(left, above, mark.width * across, mark.height * down)

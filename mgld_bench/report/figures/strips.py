"""Picture strips: LR, every method and the ground truth side by side, whole and enlarged."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from matplotlib.font_manager import FontProperties, findfont
from PIL import Image, ImageDraw, ImageFont

from mgld_bench.clips.clip import Clip, Frame
from mgld_bench.report.collect.data import PictureSource, ReportData
from mgld_bench.report.figures.choosing import Region, best_region, disagreement, structure
from mgld_bench.report.middle import middle_frame
from mgld_bench.report.tables.numbers import format_value

TILE_WIDTH = 384
"""Pixels; a whole frame is enlarged or shrunk to about this width."""
TILES_PER_ROW = 5
ZOOM = 4
"""A ground-truth pixel of the detail is this many pixels of the strip."""
_GAP = 10
_LABEL_HEIGHT = 52
_FONT_SIZE = 21
_SMALL_FONT_SIZE = 17
_PAPER, _INK, _GREY, _BOX = (255, 255, 255), (20, 20, 20), (95, 95, 95), (255, 210, 0)
SHOWN_SCORES = 2


@dataclass(frozen=True)
class Strip:
    """One finished strip."""

    picture: Frame
    frame: int
    """The frame that is shown."""
    region: Region
    description: str
    """In words, for readers who cannot see it."""


@dataclass(frozen=True)
class _Tile:
    label: str
    scores: str
    frame: Frame | None
    """At full size; None where there is no picture."""
    missing: str = ""


def draw_strip(data: ReportData, source: PictureSource) -> Strip:
    """The strip of one clip: for LR, each method and the ground truth, the whole frame above a detail.

    The frame is the middle one of those that the protocol scores. LR is enlarged without interpolation. The detail is where the
    methods differ and the ground truth (LR, where there is none) has structure. A method that lacks this frame, or whose size
    differs, gets a blank tile with the reason.
    """
    index = middle_frame(data.protocol, source.lr.frame_count)
    low = source.lr.frame(index)
    height, width = _full_size(source)
    scale = max(1, width // low.shape[1])
    enlarged = np.asarray(Image.fromarray(low).resize((width, height), Image.Resampling.NEAREST), dtype=np.uint8)
    truth = _tile(source.ground_truth, "Ground truth", "", index, height, width) if source.ground_truth else None
    names = data.method_headings
    methods = [
        _tile(clip, names[name], _frame_scores(data, source, name, index), index, height, width)
        for name, clip in source.restored.items()
    ]
    source_tile = _Tile("LR (nearest)", f"{low.shape[1]}×{low.shape[0]}", enlarged)
    last = [truth] if truth else []
    wrapped = 1 + len(methods) + len(last) > TILES_PER_ROW
    # In a row the ground truth stands last; in several rows it would be far from LR.
    tiles = [source_tile, *last, *methods] if wrapped else [source_tile, *methods, *last]
    whole = (TILE_WIDTH, max(1, round(height * TILE_WIDTH / width)))
    reference = truth.frame if truth and truth.frame is not None else enlarged
    restored = [tile.frame for tile in methods if tile.frame is not None]
    region = _region(reference, restored if len(restored) > 1 else [*restored, reference], whole, scale)
    labels = ", ".join(tile.label for tile in tiles)
    description = (
        f"Frame {index} of {source.clip}, whole, and a detail of {region.width}×{region.height} pixels "
        f"{region.left} from the left and {region.top} from the top: {labels}."
    )
    return Strip(_compose(tiles, whole, region), index, region, description)


def _full_size(source: PictureSource) -> tuple[int, int]:
    return source.full.height, source.full.width


def _region(reference: Frame, compared: Sequence[Frame], whole: tuple[int, int], scale: int) -> Region:
    """The region that fills a tile at ZOOM, in whole LR pixels: where pictures differ and there is structure."""

    def fitting(room: int, available: int) -> int:
        return min(available, max(scale, room // ZOOM // scale * scale))

    height, width = fitting(whole[1], reference.shape[0]), fitting(whole[0], reference.shape[1])
    region, _ = best_region([structure(reference), np.sqrt(disagreement(compared))], height, width, scale)
    return region


def _tile(clip: Clip, label: str, scores: str, index: int, height: int, width: int) -> _Tile:
    if index >= clip.frame_count:
        return _Tile(label, scores, None, f"no frame {index}")
    if (clip.height, clip.width) != (height, width):
        return _Tile(label, scores, None, f"{clip.width}×{clip.height} instead of {width}×{height}")
    return _Tile(label, scores, clip.frame(index))


def _frame_scores(data: ReportData, source: PictureSource, method: str, index: int) -> str:
    """The first scores of this frame."""
    names, texts = data.metric_headings, []
    for cell in data.cells:
        score = cell.scores.get(source.clip)
        if cell.dataset != source.dataset or cell.method != method or score is None or index not in (score.per_frame or {}):
            continue
        value = format_value((score.per_frame or {})[index], min(3, data.metrics[cell.metric].digits))
        texts.append(f"{names[cell.metric]} {value}")
    return "   ".join(texts[:SHOWN_SCORES])


def _compose(tiles: list[_Tile], whole: tuple[int, int], region: Region) -> Frame:
    rows = math.ceil(len(tiles) / TILES_PER_ROW)
    columns = math.ceil(len(tiles) / rows)
    detail = (whole[0], max(1, round(region.height * whole[0] / region.width)))
    row_height = _LABEL_HEIGHT + whole[1] + _GAP + detail[1] + 2 * _GAP
    size = (_GAP + columns * (whole[0] + _GAP), _GAP + rows * row_height - _GAP)
    canvas = Image.new("RGB", size, _PAPER)
    draw = ImageDraw.Draw(canvas)
    for number, tile in enumerate(tiles):
        left = _GAP + number % columns * (whole[0] + _GAP)
        top = _GAP + number // columns * row_height
        draw.text((left, top), _fitting(tile.label, _FONT_SIZE, whole[0]), fill=_INK, font=_font(_FONT_SIZE))
        draw.text((left, top + 26), _fitting(tile.scores, _SMALL_FONT_SIZE, whole[0]), fill=_GREY, font=_font(_SMALL_FONT_SIZE))
        top += _LABEL_HEIGHT
        if tile.frame is None:
            draw.rectangle((left, top, left + whole[0], top + whole[1]), outline=_GREY)
            draw.text((left + 12, top + 12), tile.missing, fill=_GREY, font=_font(_SMALL_FONT_SIZE))
            continue
        canvas.paste(_whole(tile.frame, whole), (left, top))
        _outline(draw, region, tile.frame, whole, left, top)
        canvas.paste(_detail(tile.frame, region, detail), (left, top + whole[1] + _GAP))
    return np.asarray(canvas, dtype=np.uint8)


def _whole(frame: Frame, size: tuple[int, int]) -> Image.Image:
    shrinking = frame.shape[1] > size[0]
    return Image.fromarray(frame).resize(size, Image.Resampling.BOX if shrinking else Image.Resampling.BICUBIC)


def _detail(frame: Frame, region: Region, size: tuple[int, int]) -> Image.Image:
    cut = frame[region.top : region.top + region.height, region.left : region.left + region.width]
    return Image.fromarray(np.ascontiguousarray(cut)).resize(size, Image.Resampling.NEAREST)


def _outline(draw: ImageDraw.ImageDraw, region: Region, frame: Frame, whole: tuple[int, int], left: int, top: int) -> None:
    factor = whole[0] / frame.shape[1]
    corners = (
        left + region.left * factor,
        top + region.top * factor,
        left + (region.left + region.width) * factor - 1,
        top + (region.top + region.height) * factor - 1,
    )
    draw.rectangle(corners, outline=_BOX, width=2)


def _fitting(text: str, size: int, width: int) -> str:
    """``text``, its end replaced by … where it is wider than ``width``; the page has it in full."""
    if _font(size).getlength(text) <= width:
        return text
    while text and _font(size).getlength(f"{text}…") > width:
        text = text[:-1]
    return f"{text}…"


@lru_cache(maxsize=4)
def _font(size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(findfont(FontProperties(family="DejaVu Sans")), size)

"""Overlapping tiles of pictures and of latents: where they lie, how they are weighted and merged."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch
    from torch import Tensor


_VARIANCE = 0.01
"""Of the Gaussian weight, for a tile of side 1."""


@dataclass(frozen=True)
class Box:
    """A rectangle of a picture or a latent: rows top to bottom, columns left to right, ends not included."""

    top: int
    bottom: int
    left: int
    right: int

    def of(self, pictures: Tensor) -> Tensor:
        """This part of ``pictures`` (..., h, w); a view."""
        return pictures[..., self.top : self.bottom, self.left : self.right]


def tile_starts(length: int, size: int, stride: int) -> list[int]:
    """Where tiles of ``size`` begin along an axis: every ``stride``, the last one moved back to end with the axis.

    An axis no longer than a tile has one start, 0, and the tile is as short as the axis.

    >>> tile_starts(100, 64, 32), tile_starts(50, 64, 32)
    ([0, 32, 36], [0])
    """
    if length <= size:
        return [0]
    count = math.ceil((length - size) / stride) + 1
    return [min(place * stride, length - size) for place in range(count)]


def strided_starts(length: int, size: int, stride: int) -> list[int]:
    """As `tile_starts`, but with a start for every multiple of ``stride`` below ``length``.

    Starts from which a tile would leave the axis are moved back; of equal ones the first is kept.

    Source: the authors' pixel tiles (ImageSpliterTh); a stride above the size never occurs.
    """
    if length <= size:
        return [0]
    return list(dict.fromkeys(min(start, length - size) for start in range(0, length, stride)))


def boxes(rows: Sequence[int], columns: Sequence[int], height: int, width: int) -> list[Box]:
    """Tiles of ``height`` x ``width`` at these starts, column by column."""
    return [Box(top, top + height, left, left + width) for left in columns for top in rows]


def picture_boxes(height: int, width: int, size: int, stride: int) -> list[Box]:
    """The pixel tiles of a picture, column by column."""
    rows, columns = strided_starts(height, size, stride), strided_starts(width, size, stride)
    return boxes(rows, columns, min(size, height), min(size, width))


def gaussian_weights(height: int, width: int) -> Tensor:
    """The weight of each pixel of a tile, (height, width) float32, largest in the middle.

    Kept: the middle is at height / 2 along y but at (width - 1) / 2 along x. Corners of a 64 x 64 tile weigh 3e-10, so that half
    precision cannot hold them. Source: the authors' _gaussian_weights.
    """
    import torch

    return torch.outer(_bell(height, height / 2), _bell(width, (width - 1) / 2)).float()


def merge(
    shape: Sequence[int],
    places: Sequence[Box],
    tiles: Iterable[Tensor],
    weights: Tensor | None = None,
    device: torch.device | str = "cpu",
) -> Tensor:
    """Merge tiles into a picture, by their mean where they overlap.

    Args:
        shape: of the picture (..., h, w).
        places: of the tiles.
        tiles: in the same order, taken one after the other, so they need not all exist at once.
        weights: (tile height, tile width), for a weighted mean.
        device: where the tiles are.

    Returns:
        The picture in float32.
    """
    import torch

    total = torch.zeros(tuple(shape), dtype=torch.float32, device=device)
    weight_sum = torch.zeros(tuple(shape[-2:]), dtype=torch.float32, device=device)
    for place, tile in zip(places, tiles, strict=True):
        place.of(total).add_(tile.float() if weights is None else tile.float() * weights)
        place.of(weight_sum).add_(1 if weights is None else weights)
    return total.div_(weight_sum)


def _bell(length: int, middle: float) -> Tensor:
    import torch

    positions = torch.arange(length, dtype=torch.float64)
    return torch.exp(-(((positions - middle) / length) ** 2) / (2 * _VARIANCE)) / math.sqrt(2 * math.pi * _VARIANCE)

"""Tiles as in Real-ESRGAN, for pictures that are too large for a network: side by side, with a margin that is dropped."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    import torch


Network: TypeAlias = "Callable[[torch.Tensor], torch.Tensor]"
"""(1, 3, h, w) -> (1, 3, scale * h, scale * w)."""


@dataclass(frozen=True)
class Tiling:
    """How a picture is cut, in pixels of the picture."""

    tile: int
    """Side of a tile; 0: the whole picture at once."""
    tile_pad: int
    """Pixels around a tile that the network sees, as far as the picture goes."""
    pre_pad: int
    """Pixels mirrored onto the picture's right and bottom before the network, and cut off after it."""


def enlarge_padded(network: Network, picture: torch.Tensor, scale: int, tiling: Tiling) -> torch.Tensor:
    """The network's output for ``picture`` (1, 3, h, w), shape (1, 3, scale * h, scale * w).

    ``pre_pad`` has to be smaller than both sides of the picture. Source: RealESRGANer of xinntao/Real-ESRGAN.
    """
    from torch.nn import functional

    height, width = picture.shape[2:]
    padding = tiling.pre_pad
    padded = functional.pad(picture, (0, padding, 0, padding), "reflect") if padding else picture
    output = _enlarge_in_tiles(network, padded, scale, tiling) if tiling.tile else network(padded)
    return output[:, :, : scale * height, : scale * width]


def _enlarge_in_tiles(network: Network, picture: torch.Tensor, scale: int, tiling: Tiling) -> torch.Tensor:
    """Tiles lie side by side; of each output, what lies beyond its tile is dropped. Nothing is blended."""
    height, width = picture.shape[2:]
    output = picture.new_empty((picture.shape[0], picture.shape[1], scale * height, scale * width))
    for tile in tiles(height, width, tiling.tile, tiling.tile_pad):
        tile.put(output, network(tile.seen(picture)), scale)
    return output


@dataclass(frozen=True)
class Tile:
    """Rows ``top`` .. ``bottom`` - 1 and columns ``left`` .. ``right`` - 1 of a picture, and what is seen around them."""

    top: int
    left: int
    bottom: int
    right: int
    seen_top: int
    seen_left: int
    seen_bottom: int
    seen_right: int

    def seen(self, picture: torch.Tensor) -> torch.Tensor:
        """The part of ``picture`` (.., h, w) that the network sees."""
        return picture[..., self.seen_top : self.seen_bottom, self.seen_left : self.seen_right]

    def put(self, output: torch.Tensor, seen: torch.Tensor, scale: int) -> None:
        """Copy the tile's part of ``seen``, the network's output, to its place in ``output``; both are ``scale`` times larger."""
        top, left = scale * (self.top - self.seen_top), scale * (self.left - self.seen_left)
        bottom, right = scale * (self.bottom - self.seen_top), scale * (self.right - self.seen_left)
        place = output[..., scale * self.top : scale * self.bottom, scale * self.left : scale * self.right]
        place.copy_(seen[..., top:bottom, left:right])


def tiles(height: int, width: int, side: int, pad: int) -> Iterator[Tile]:
    """The tiles of a picture, row by row: squares of ``side``, smaller at its ends, with ``pad`` pixels seen around them."""
    for top in range(0, height, side):
        for left in range(0, width, side):
            bottom, right = min(top + side, height), min(left + side, width)
            seen_bottom, seen_right = min(bottom + pad, height), min(right + pad, width)
            yield Tile(top, left, bottom, right, max(top - pad, 0), max(left - pad, 0), seen_bottom, seen_right)

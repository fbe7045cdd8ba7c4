"""Running a network on a picture that is too large for it: in tiles, as Real-ESRGAN does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch.nn import functional

Network = Callable[[torch.Tensor], torch.Tensor]
"""(1, 3, h, w) -> (1, 3, scale * h, scale * w)."""


@dataclass(frozen=True)
class Tiling:
    """How a picture is cut, in pixels of the picture."""

    tile: int
    """Side of a tile; 0: the whole picture at once."""
    tile_pad: int
    """What the network sees of the picture around a tile, as far as the picture goes."""
    pre_pad: int
    """Mirrored onto the picture's right and bottom before, and cut off after."""


def enlarge_padded(network: Network, picture: torch.Tensor, scale: int, tiling: Tiling) -> torch.Tensor:
    """The network's output for ``picture`` (1, 3, h, w), shape (1, 3, scale * h, scale * w).

    ``pre_pad`` has to be smaller than both sides of the picture. Source: RealESRGANer of xinntao/Real-ESRGAN.
    """
    height, width = picture.shape[2:]
    padding = tiling.pre_pad
    padded = functional.pad(picture, (0, padding, 0, padding), "reflect") if padding else picture
    output = _enlarge_in_tiles(network, padded, scale, tiling) if tiling.tile else network(padded)
    return output[:, :, : scale * height, : scale * width]


def _enlarge_in_tiles(network: Network, picture: torch.Tensor, scale: int, tiling: Tiling) -> torch.Tensor:
    """Tiles are laid side by side; of each output, what lies beyond its tile is dropped. Nothing is blended."""
    tile, pad = tiling.tile, tiling.tile_pad
    height, width = picture.shape[2:]
    output = picture.new_empty((picture.shape[0], picture.shape[1], scale * height, scale * width))
    for top in range(0, height, tile):
        for left in range(0, width, tile):
            bottom, right = min(top + tile, height), min(left + tile, width)
            seen_top, seen_left = max(top - pad, 0), max(left - pad, 0)
            enlarged = network(picture[:, :, seen_top : min(bottom + pad, height), seen_left : min(right + pad, width)])
            row, column = scale * (top - seen_top), scale * (left - seen_left)
            kept = enlarged[:, :, row : row + scale * (bottom - top), column : column + scale * (right - left)]
            output[:, :, scale * top : scale * bottom, scale * left : scale * right] = kept
    return output

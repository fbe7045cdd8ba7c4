"""RAFT's correlations: how alike a position in one image is to the neighbourhood of its flow's end in the other image.

The correlations of all pairs of positions grow with the square of the number of pixels: with 4 levels, 5.3 bytes times (h w / 64)
squared, 1.0 GiB for 1280x720 and 16.4 GiB for 2560x1440. What does not fit the budget is computed when it is looked up: averaging
and the dot product commute, so the dot product with averaged features is the averaged correlation.
"""

from __future__ import annotations

from itertools import product

import torch
from torch import Tensor
from torch.nn import functional

TILE = 16
"""Rows and columns of a tile of positions, which look at one part of the second image together."""


class Correlation:
    """The correlations of two images' features, with a pyramid over the second image.

    Dot products divided by the square root of c; each level halves the one before by averaging 2x2. The coarsest levels are
    computed for all pairs of positions at once as long as they take at most ``budget`` bytes together, the other levels at each
    look-up; the values are the same up to rounding. Source: core/corr.py of princeton-vl/RAFT (CorrBlock, AlternateCorrBlock).

    Args:
        first: features of the first image, (n, c, h, w).
        second: features of the second image, (n, c, h, w).
        levels: of the pyramid.
        radius: of the windows that look_up() returns, in positions of each level.
        budget: bytes that stored correlations may take.
    """

    def __init__(self, first: Tensor, second: Tensor, levels: int, radius: int, budget: int) -> None:
        count, channels, height, width = first.shape
        self._first = first / channels**0.5
        self._radius = radius
        pyramid = [second]
        for _ in range(levels - 1):
            pyramid.append(functional.avg_pool2d(pyramid[-1], kernel_size=2, stride=2))
        sizes = [count * height * width * level[0, 0].numel() * first.element_size() for level in pyramid]
        computed = next((level for level in range(levels) if sum(sizes[level:]) <= budget), levels)
        self._features = pyramid[:computed]
        self._volumes = _all_pairs(self._first, pyramid[computed], levels - computed) if computed < levels else []

    def look_up(self, centres: Tensor) -> Tensor:
        """Correlations around centres in the second image, sampled bilinearly, zero outside it.

        Args:
            centres: x and y, (n, 2, h, w), in positions of the finest level.

        Returns:
            (n, levels * (2 radius + 1)^2, h, w); within a level's window the x offset varies slowest.
        """
        levels = [self._computed(features, centres / 2**level) for level, features in enumerate(self._features)]
        for level, volume in enumerate(self._volumes, start=len(levels)):
            levels.append(_sampled(volume, centres / 2**level, self._radius))
        return torch.cat(levels, dim=1).contiguous()

    def _computed(self, second: Tensor, centres: Tensor) -> Tensor:
        """The windows of one level, with correlations computed now, only for the positions in question."""
        height, width = centres.shape[-2:]
        windows = centres.new_empty(len(centres), (2 * self._radius + 1) ** 2, height, width)
        columns = _parts(centres[:, 0], self._radius, second.shape[-1])
        rows = _parts(centres[:, 1], self._radius, second.shape[-2])
        for image, y, x in product(range(len(centres)), range(0, height, TILE), range(0, width, TILE)):
            tile = slice(image, image + 1), slice(None), slice(y, y + TILE), slice(x, x + TILE)
            top, bottom = rows[image][y // TILE][x // TILE]
            left, right = columns[image][y // TILE][x // TILE]
            volume = _all_pairs(self._first[tile], second[image : image + 1, :, top:bottom, left:right], levels=1)[0]
            from_corner = torch.stack([centres[tile][:, 0] - left, centres[tile][:, 1] - top], dim=1)
            windows[tile] = _sampled(volume, from_corner, self._radius)
        return windows


def stored_bytes(height: int, width: int, levels: int) -> int:
    """What the correlations of one pair take, of features (height, width) in float32, where all levels are stored."""
    places = height * width
    return sum(places * max(1, height >> level) * max(1, width >> level) for level in range(levels)) * torch.float32.itemsize


def _all_pairs(first: Tensor, second: Tensor, levels: int) -> list[Tensor]:
    """Correlations of the q positions of ``first`` with all of ``levels`` levels from ``second`` on, each (n * q, 1, h, w)."""
    volume = first.flatten(2).transpose(1, 2) @ second.flatten(2)
    volumes = [volume.view(-1, 1, *second.shape[-2:])]
    for _ in range(levels - 1):
        volumes.append(functional.avg_pool2d(volumes[-1], kernel_size=2, stride=2))
    return volumes


def _sampled(volume: Tensor, centres: Tensor, radius: int) -> Tensor:
    """The windows around ``centres`` (n, 2, h, w), from each position's correlations (n * h * w, 1, ...)."""
    count, _, height, width = centres.shape
    offsets = torch.arange(-radius, radius + 1, dtype=centres.dtype, device=centres.device)
    window = torch.stack(torch.meshgrid(offsets, offsets, indexing="ij"), dim=-1)
    ends = centres.permute(0, 2, 3, 1).reshape(-1, 1, 1, 2) + window
    # Numbers, not a tensor of them: copying a tensor to a GPU would wait for all of its queued work.
    x, y = 2 * ends[..., 0] / (volume.shape[-1] - 1) - 1, 2 * ends[..., 1] / (volume.shape[-2] - 1) - 1
    grid = torch.stack([x, y], dim=-1)
    sampled = functional.grid_sample(volume, grid, mode="bilinear", padding_mode="zeros", align_corners=True)
    return sampled.view(count, height, width, -1).permute(0, 3, 1, 2)


def _parts(centres: Tensor, radius: int, side: int) -> list[list[list[tuple[int, int]]]]:
    """For each image, row and column of tiles: first and last + 1 position that its windows reach on an axis of ``side``.

    ``centres`` (n, h, w) on that axis. At least two positions, which grid_sample() needs.
    """
    finite = centres.nan_to_num()
    lowest = -functional.max_pool2d(-finite, TILE, stride=TILE, ceil_mode=True)
    highest = functional.max_pool2d(finite, TILE, stride=TILE, ceil_mode=True)
    begin = (lowest.floor() - radius).clamp(0, side - 2)
    end = torch.maximum((highest.floor() + radius + 2).clamp(max=side), begin + 2)
    parts: list[list[list[tuple[int, int]]]] = torch.stack([begin, end], dim=-1).long().tolist()
    return parts

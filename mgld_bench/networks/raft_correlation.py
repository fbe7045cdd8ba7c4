"""RAFT's correlations: how alike a position of one image and the neighbourhood of its flow's end in the other are.

The correlation of all positions with all grows with the square of the number of pixels: with 4 levels 5.6 bytes times
(h w / 64) squared, 1.0 GiB for 1280x720 and 16.4 GiB for 2560x1440. What does not fit into a budget is computed where it is
looked up: averaging and dot product commute, so the dot product with the averaged features is the averaged correlation.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

GATHERED_BYTES = 32 * 2**20
"""How much of the second image's features is gathered at once, where correlations are computed as they are looked up."""


class Correlation:
    """The correlations of two images' features, each (n, c, h, w), with a pyramid over the second image.

    Dot products divided by the root of c; every level halves the one before by averaging 2x2. The coarsest levels are computed
    for all positions at once as long as they take at most ``budget`` bytes together; the others at every look-up. The values
    are the same but for rounding. Source: core/corr.py of princeton-vl/RAFT (CorrBlock, AlternateCorrBlock).
    """

    def __init__(self, first: Tensor, second: Tensor, levels: int, radius: int, budget: int) -> None:
        count, channels, height, width = first.shape
        self._first = (first / channels**0.5).flatten(2).transpose(1, 2)
        self._radius = radius
        pyramid = [second]
        for _ in range(levels - 1):
            pyramid.append(functional.avg_pool2d(pyramid[-1], kernel_size=2, stride=2))
        sizes = [count * height * width * level[0, 0].numel() * first.element_size() for level in pyramid]
        computed = next((level for level in range(levels) if sum(sizes[level:]) <= budget), levels)
        self._features = [level.permute(0, 2, 3, 1).contiguous() for level in pyramid[:computed]]
        self._volumes = self._all_pairs(pyramid[computed], levels - computed) if computed < levels else []

    def look_up(self, centres: Tensor) -> Tensor:
        """Correlations around ``centres`` (n, 2, h, w), positions x, y in the second image: (n, levels * (2 radius + 1)^2, h, w).

        Bilinear, zeros outside of the image. Of a level's window the x offset varies slowest.
        """
        count, _, height, width = centres.shape
        positions = centres.flatten(2).transpose(1, 2)
        levels = [self._computed(features, positions / 2**level) for level, features in enumerate(self._features)]
        for level, volume in enumerate(self._volumes, start=len(self._features)):
            levels.append(self._sampled(volume, positions / 2**level))
        return torch.cat(levels, dim=2).transpose(1, 2).reshape(count, -1, height, width)

    def _all_pairs(self, second: Tensor, levels: int) -> list[Tensor]:
        """Correlations of every position with every position of ``levels`` levels from ``second`` on, (n * q, 1, h, w) each."""
        volume = self._first @ second.flatten(2)
        volumes = [volume.view(-1, 1, *second.shape[-2:])]
        for _ in range(levels - 1):
            volumes.append(functional.avg_pool2d(volumes[-1], kernel_size=2, stride=2))
        return volumes

    def _sampled(self, volume: Tensor, positions: Tensor) -> Tensor:
        """Windows (n, q, window) around ``positions`` (n, q, 2), from the correlations of all pairs."""
        offsets = torch.arange(-self._radius, self._radius + 1, dtype=positions.dtype, device=positions.device)
        window = torch.stack(torch.meshgrid(offsets, offsets, indexing="ij"), dim=-1)
        last = positions.new_tensor([volume.shape[-1] - 1, volume.shape[-2] - 1])
        grid = 2 * (positions.reshape(-1, 1, 1, 2) + window) / last - 1
        sampled = functional.grid_sample(volume, grid, mode="bilinear", padding_mode="zeros", align_corners=True)
        return sampled.view(*positions.shape[:2], -1)

    def _computed(self, features: Tensor, positions: Tensor) -> Tensor:
        """The same windows from ``features`` (n, h, w, c) of the second image, some positions at a time."""
        gathered_per_position = (2 * self._radius + 2) ** 2 * features.shape[-1] * features.element_size()
        size = max(GATHERED_BYTES // gathered_per_position, 1)
        images = []
        for first, second, ends in zip(self._first, features, positions, strict=True):
            parts = zip(first.split(size), ends.split(size), strict=True)
            images.append(torch.cat([_windows(part, second, centres, self._radius) for part, centres in parts]))
        return torch.stack(images)


def _windows(first: Tensor, second: Tensor, centres: Tensor, radius: int) -> Tensor:
    """(q, window): dot products of ``first`` (q, c) with ``second`` (h, w, c) around ``centres`` (q, 2).

    All positions of a window lie between pixels in the same way, so the products with whole pixels are computed first and
    then mixed.
    """
    height, width, channels = second.shape
    corner = centres.floor()
    x, y = (centres - corner).view(-1, 2, 1, 1).unbind(1)
    offsets = torch.arange(-radius, radius + 2, dtype=centres.dtype, device=centres.device)
    columns, rows = (corner[..., None] + offsets).unbind(1)
    inside = ((rows >= 0) & (rows < height))[:, :, None] & ((columns >= 0) & (columns < width))[:, None, :]
    pixels = rows.clamp(0, height - 1)[:, :, None] * width + columns.clamp(0, width - 1)[:, None, :]
    gathered = second.view(-1, channels)[pixels.flatten(1).long()]
    products = (gathered @ first[:, :, None]).view_as(inside) * inside
    mixed = products[:, :-1] * (1 - y) + products[:, 1:] * y
    mixed = mixed[:, :, :-1] * (1 - x) + mixed[:, :, 1:] * x
    return mixed.transpose(1, 2).flatten(1)

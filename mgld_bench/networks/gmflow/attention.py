"""Attention of GMFlow in blocks of queries: its memory grows with the number of tokens, not with its square."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

BLOCK_BYTES = 256 * 2**20
"""How much the scores of one block of queries may take, where the scores are written out at all (see attend())."""
OTHER_REGION = -100.0
"""Added to the score of two tokens that are neighbours only because a shifted map was closed to a ring."""


def attend(query: Tensor, key: Tensor, value: Tensor, block_bytes: int, scale: float | None = None) -> Tensor:
    """softmax(query key^T * scale) value: (n, groups, queries, value channels).

    query, key (n, groups, ., c), value (n, groups, keys, value channels), at most c channels. scale: 1 / sqrt(c) if None.

    The fused attention of torch never holds more than a tile of the scores; on a CPU it takes values as wide as keys only, so
    narrower ones are padded with zeros, at less cost than writing the scores out. A device without it writes out the scores of
    a block of queries, of about ``block_bytes``.
    """
    count, groups, keys, channels = key.shape
    wanted = value.shape[-1]
    if wanted < channels:
        value = functional.pad(value, (0, channels - wanted))
    rows = max(1, block_bytes // (count * groups * keys * query.element_size()))
    # Blocks that were kept to be joined would lie between the memory of one block's scores and the next one's.
    output = query.new_empty(count, groups, query.shape[2], wanted)
    for queries, attended in zip(torch.split(query, rows, dim=2), torch.split(output, rows, dim=2), strict=True):
        block = functional.scaled_dot_product_attention(queries, key, value, scale=scale)
        attended.copy_(block[..., :wanted])
    return output


def to_windows(maps: Tensor, splits: int, shift: tuple[int, int]) -> Tensor:
    """Maps (n, h, w, c), rolled up and left by ``shift`` (rows, columns), as windows (n, splits^2, h w / splits^2, c)."""
    count, height, width, channels = maps.shape
    rolled = maps.roll((-shift[0], -shift[1]), (1, 2)) if any(shift) else maps
    grid = rolled.reshape(count, splits, height // splits, splits, width // splits, channels)
    return grid.transpose(2, 3).reshape(count, splits**2, -1, channels)


def from_windows(windows: Tensor, size: tuple[int, int], splits: int, shift: tuple[int, int]) -> Tensor:
    """The maps (n, h, w, c) of ``size`` (h, w) that to_windows() made these windows of."""
    (height, width), (count, channels) = size, (windows.shape[0], windows.shape[-1])
    grid = windows.reshape(count, splits, splits, height // splits, width // splits, channels)
    maps = grid.transpose(2, 3).reshape(count, height, width, channels)
    return maps.roll(shift, (1, 2)) if any(shift) else maps


def region_channels(size: tuple[int, int], splits: int, shift: tuple[int, int], like: Tensor) -> tuple[Tensor, Tensor]:
    """Channels to append to queries and to keys, both (1, splits^2, h w / splits^2, 4), which mask shifted windows.

    The product of two tokens' channels is OTHER_REGION where they lie on different sides of the seam along which a map of
    ``size`` (h, w) was closed by the shift, and exactly 0 elsewhere. So the mask needs no matrix of tokens x tokens.
    """
    rows = torch.arange(size[0], device=like.device) >= size[0] - shift[0]
    columns = torch.arange(size[1], device=like.device) >= size[1] - shift[1]
    regions = 2 * rows.long()[:, None] + columns.long()
    keys = functional.one_hot(to_windows(regions[None, ..., None], splits, (0, 0))[..., 0], 4).to(like.dtype)
    return OTHER_REGION * (1 - keys), keys

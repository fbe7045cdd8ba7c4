"""The cost volume of PWC-Net: how alike the features of two images are at small displacements."""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor
from torch.nn import functional

REACH: Final = 4
"""Largest displacement, in pixels of the level, in both directions."""
CHANNELS: Final = (2 * REACH + 1) ** 2


def cost_volume(first: Tensor, second: Tensor) -> Tensor:
    """(n, 81, h, w): the mean over channels of ``first`` times ``second`` displaced, both (n, c, h, w).

    Channel (dy + 4) * 9 + dx + 4 compares first(y, x) with second(y + dy, x + dx); beyond its border ``second`` is zero. The CUDA
    kernel of PWC-Net in PyTorch operations; one row of displacements at a time, so that what is alive is 9 times the features.
    """
    height, width = first.shape[-2:]
    padded = functional.pad(second, (REACH, REACH, REACH, REACH))
    spread = first.unsqueeze(-2)
    rows = []
    for displacement in range(2 * REACH + 1):
        shifted = padded[:, :, displacement : displacement + height].unfold(3, width, 1)
        rows.append((spread * shifted).mean(dim=1).transpose(1, 2))
    return torch.cat(rows, dim=1)

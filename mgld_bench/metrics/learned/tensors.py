"""The frames of a chunk as a tensor on a device, for metrics that run a network."""

from __future__ import annotations

import torch
from torch import Tensor

from mgld_bench.metrics.metric import Chunk, Frames


def chunk_tensor(chunk: Chunk, device: torch.device) -> Tensor:
    """(n, 3, h, w) float32 RGB, 0..1: the levels divided by 255. One tensor for all metrics on ``device``, not to be changed."""
    return chunk.shared(("tensor", device), lambda frames: _tensor(frames, device))


def batches(count: int, device: torch.device) -> list[slice]:
    """Which of a chunk's ``count`` frames are given to a network at a time: one on a CPU, where more gain nothing, else all."""
    return [slice(row, row + 1) for row in range(count)] if device.type == "cpu" else [slice(0, count)]


def _tensor(frames: Frames, device: torch.device) -> Tensor:
    levels = torch.from_numpy(frames).to(device).permute(0, 3, 1, 2).contiguous()
    return levels.float().div_(255)

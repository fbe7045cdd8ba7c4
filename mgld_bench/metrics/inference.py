"""What metrics that run a network share: frames as tensors on a device, batches, and full float32 precision."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from mgld_bench.metrics.metric import Chunk, Frames
from mgld_bench.networks.layers.tensor_float32 import tensor_float32


def chunk_tensor(chunk: Chunk, device: torch.device, crop: int = 0) -> Tensor:
    """The frames of a chunk as one tensor, which all metrics on ``device`` share and none may change.

    Args:
        chunk: n frames.
        device: Where the tensor is kept.
        crop: Pixels cut from every side; the result is then a view of the shared tensor.

    Returns:
        (n, 3, h, w) float32 RGB, 0..1: the levels divided by 255.
    """
    images = chunk.shared(("tensor", device), lambda frames: _tensor(frames, device))
    return images[:, :, crop : images.shape[2] - crop, crop : images.shape[3] - crop]


def _tensor(frames: Frames, device: torch.device) -> Tensor:
    levels = torch.from_numpy(frames).to(device).permute(0, 3, 1, 2).contiguous()
    return levels.float().div_(255)


def batches(count: int, device: torch.device) -> list[slice]:
    """Which of a chunk's ``count`` frames go through a network at a time: one on a CPU, where more gain nothing, else all."""
    return [slice(row, row + 1) for row in range(count)] if device.type == "cpu" else [slice(0, count)]


@contextmanager
def full_float32() -> Iterator[None]:
    """A block without gradients and without TF32, the shorter format that GPUs use for convolutions by default."""
    with tensor_float32(allowed=False), torch.inference_mode():
        yield


def network_bytes(network: nn.Module) -> int:
    """The memory that the weights and buffers of a network take, in bytes."""
    return sum(tensor.nbytes for tensor in network.state_dict().values())

"""The frames of a clip on a device, each with the frame before it and with what networks have computed from it alone."""

from __future__ import annotations

import hashlib
from collections.abc import Hashable
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, Protocol, TypeVar, cast

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from mgld_bench.clips.clip import Frame
from mgld_bench.metrics.metric import Chunk
from mgld_bench.networks.layers.optical_flow import pad_centred

Features_co = TypeVar("Features_co", covariant=True)
_HALF_MULTIPLE = 8
_HALF_RANGE = 127.5


class FrameEncoder(Protocol[Features_co]):
    """A network that computes features from one frame alone."""

    @property
    def key(self) -> Hashable:
        """Identifies the network with its weights and device."""

    def features(self, levels: Tensor) -> Features_co:
        """The features of one frame, (1, 3, h, w) float32 RGB, 0..255."""


class DeviceFrame:
    """One frame; everything is computed once, when it is first asked for."""

    reduction: ClassVar[int] = 1
    """The frame's sides are divided by this."""

    def __init__(self, pixels: Frame, device: torch.device) -> None:
        self.pixels = pixels
        self.device = device
        self._features: dict[Hashable, object] = {}

    @cached_property
    def levels(self) -> Tensor:
        """(1, 3, h, w) float32 RGB, 0..255, as metrics and networks see the frame."""
        return self._prepared(torch.from_numpy(self.pixels).to(self.device).permute(2, 0, 1)[None].float().contiguous())

    @cached_property
    def sha256(self) -> str:
        """Of the pixels' bytes."""
        return hashlib.sha256(np.ascontiguousarray(self.pixels).data).hexdigest()

    def features(self, encoder: FrameEncoder[Features_co]) -> Features_co:
        """What ``encoder`` computes from this frame."""
        if encoder.key not in self._features:
            self._features[encoder.key] = encoder.features(self.levels)
        return cast(Features_co, self._features[encoder.key])

    def _prepared(self, levels: Tensor) -> Tensor:
        return levels


class HalfFrame(DeviceFrame):
    """A frame at half its size, as EvalCrafter's warping error takes it: bilinear, padded to multiples of 8 by replication."""

    reduction = 2

    def _prepared(self, levels: Tensor) -> Tensor:
        halved = functional.interpolate(levels, scale_factor=0.5, mode="bilinear", align_corners=False)
        return pad_centred(halved, _HALF_MULTIPLE)


@dataclass
class _Last:
    """The last frame of the chunk before."""

    index: int = -1
    frame: DeviceFrame | None = None


def frame_pair(chunk: Chunk, row: int, kind: type[DeviceFrame], device: torch.device) -> tuple[DeviceFrame, DeviceFrame]:
    """The frame in a row of the chunk and the one before it: the previous frame, then the row's own.

    Args:
        chunk: Of one clip; chunks have to come in order.
        row: Of the chunk, from 0.
        kind: How frames are prepared.
        device: Where they are put.

    Returns:
        The same objects for everyone who asks.

    Raises:
        ValueError: The chunk does not know the frame before its first one.
    """
    frames = chunk.shared((kind, device), lambda _frames: _with_previous(chunk, kind, device))
    previous, frame = frames[row], frames[row + 1]
    if previous is None or frame is None:
        raise ValueError(f"the chunk that begins with frame {chunk.indices[0]} does not know the frame before it")
    return previous, frame


def _with_previous(chunk: Chunk, kind: type[DeviceFrame], device: torch.device) -> list[DeviceFrame | None]:
    """The frame before the chunk's first (None where it is not known), then the chunk's frames."""
    last = chunk.clip.get((kind, device), _Last)
    previous = last.frame if last.index == chunk.indices[0] - 1 else None
    if previous is None and chunk.previous is not None:
        previous = kind(chunk.previous, device)
    frames = [kind(pixels, device) for pixels in chunk.frames]
    last.index, last.frame = chunk.indices[-1], frames[-1]
    return [previous, *frames]


def signed(levels: Tensor) -> Tensor:
    """Levels in 0..255 rescaled to -1..1."""
    return levels / _HALF_RANGE - 1

"""Frames as networks take them, and what networks give as frames."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from mgld_bench.clips.clip import Frame


def to_pictures(frames: Sequence[Frame]) -> Tensor:
    """Frames (h, w, 3) uint8 as (n, 3, h, w) float32 RGB in [0, 1], on the CPU."""
    return torch.from_numpy(np.stack(frames).astype(np.float32) / 255).permute(0, 3, 1, 2).contiguous()


def to_frame(raw: Tensor) -> Frame:
    """(3, h, w) float RGB, on any device, as (h, w, 3) uint8: clamped to [0, 1], times 255, rounded half to even."""
    levels = (raw.float().clamp(0, 1) * 255).round().to(torch.uint8)
    return np.ascontiguousarray(levels.permute(1, 2, 0).cpu().numpy())

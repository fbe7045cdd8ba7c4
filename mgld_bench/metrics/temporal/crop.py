"""Which pairs of frames and which part of them TecoGAN's temporal measures look at.

Source: Chu et al., Learning Temporal Coherence via Self-Supervision for GAN-based Video Generation (arXiv 1811.09393), as its
code has it (github thunil/TecoGAN, metrics.py).
"""

from __future__ import annotations

from typing import TypeVar

import numpy as np
import numpy.typing as npt

CUT = 2
"""Frames left out at either end of a clip."""
MULTIPLE = 32
MARGIN = 16
SMALLEST_SIDE = MULTIPLE + MARGIN
"""Pixels below which nothing is left of a frame."""
Sample = TypeVar("Sample", bound=np.generic)


def centre(pixels: npt.NDArray[Sample], multiple: int = MULTIPLE, margin: int = MARGIN) -> npt.NDArray[Sample]:
    """The middle of ``pixels`` (h, w, …): its sides are multiples of ``multiple`` and at least ``margin`` shorter; a view."""
    (top, height), (left, width) = (_middle(side, multiple, margin) for side in pixels.shape[:2])
    return pixels[top : top + height, left : left + width]


def _middle(side: int, multiple: int, margin: int) -> tuple[int, int]:
    """Where the kept part of a side begins, and its length."""
    kept = (side - margin) // multiple * multiple
    return (side - kept) // 2, kept

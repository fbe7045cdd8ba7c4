"""Luma and crops of frames, in the conventions that metrics use."""

from __future__ import annotations

from typing import Any, Literal

import cv2
import numpy as np
import numpy.typing as npt

from mgld_bench.metrics.metric import Chunk, Frames

LumaKind = Literal["limited", "full", "matlab-gray"]
FloatArray = npt.NDArray[np.float64]
Samples = npt.NDArray[np.integer[Any] | np.floating[Any]]
"""8-bit RGB or float luma."""

_WEIGHTS: dict[LumaKind, tuple[float, float, float, float]] = {
    # Weights of red, green and blue, and what is added, for samples in 0..255.
    "limited": (65.481 / 255, 128.553 / 255, 24.966 / 255, 16.0),
    "full": (0.299, 0.587, 0.114, 0.0),
    "matlab-gray": (0.298936021293776, 0.587043074451121, 0.114020904255103, 0.0),
}

_WHOLE: dict[LumaKind, tuple[tuple[int, int, int, int], int]] = {
    # The same in whole parts of a level: the weights, what is added, and how many parts a level has.
    "limited": ((65_481, 128_553, 24_966, 16 * 255_000), 255_000),
    "full": ((299, 587, 114, 0), 1000),
}


def luma(frames: Frames, kind: LumaKind) -> FloatArray:
    """The luma of frames, not rounded.

    Args:
        frames: (n, height, width, 3) uint8 RGB.
        kind: limited: BT.601, 16..235, as MATLAB's rgb2ycbcr and basicsr; full: BT.601, 0..255, as pyiqa's default ("yiq");
            matlab-gray: MATLAB's rgb2gray, 0..255.

    Returns:
        (n, height, width) float64.

    >>> luma(np.full((1, 1, 1, 3), 255, np.uint8), "limited").round(6)
    array([[[235.]]])
    """
    return _weighted(frames, _WEIGHTS[kind])


def chunk_luma(chunk: Chunk, kind: LumaKind) -> FloatArray:
    """luma() of a chunk, computed once for all metrics that use it; none may change it."""
    return chunk.shared(("luma", kind), lambda frames: luma(frames, kind))


def rounded_luma(chunk: Chunk, kind: LumaKind) -> FloatArray:
    """luma() rounded to whole numbers, exact halves to the even one; also computed once.

    One colour of a thousand lies on an exact half in full range. There the round-off of a sum of fractions would decide, which
    differs between processors: whole parts of a level have none. pyiqa's float32 sums round a fifth of these colours to the odd
    neighbour; basicsr's agree, but for 61 colours beside a half. The nearest colour of matlab-gray is 4e-6 from a half.
    """
    return chunk.shared(("rounded luma", kind), lambda frames: _rounded(frames, kind))


def _rounded(frames: Frames, kind: LumaKind) -> FloatArray:
    if kind not in _WHOLE:
        return np.rint(luma(frames, kind))
    weights, unit = _WHOLE[kind]
    return np.rint(_weighted(frames, weights) / unit)


def _weighted(frames: Frames, weights: tuple[float, float, float, float]) -> FloatArray:
    """Red, green and blue, each times its weight, plus the last: (n, height, width)."""
    count, height, width, _ = frames.shape
    samples = frames.reshape(count * height, width, 3).astype(np.float64)
    return np.asarray(cv2.transform(samples, np.array([weights], np.float64)), np.float64).reshape(count, height, width)


def cropped(frames: Samples, crop: int) -> Samples:
    """``frames`` (n, height, width, …) without ``crop`` pixels on every side; a view."""
    return frames[:, crop : frames.shape[1] - crop, crop : frames.shape[2] - crop]

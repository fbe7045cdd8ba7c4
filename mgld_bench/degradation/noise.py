"""Gaussian and Poisson noise, from random numbers that are given."""

from __future__ import annotations

from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from mgld_bench.degradation.frames import WorkFrame

Float32Array: TypeAlias = npt.NDArray[np.float32]

NoiseKind = Literal["gaussian", "poisson"]
PeakValue = Literal[1, 255]
"""White of the profile's range."""

_LUMA = np.array([0.299, 0.587, 0.114], np.float32).astype(np.float64)


def add_gaussian(frame: WorkFrame, normals: Float32Array, level: float, gray: bool, peak: PeakValue) -> Float32Array:
    """The frame plus ``level`` (on the 0..255 scale) times standard normals (h, w, 3); float32, not clipped.

    Gray noise: the first channel of the normals on all three.
    """
    field = normals[..., :1] if gray else normals
    return np.asarray(frame.astype(np.float32) + field * np.float32(level * peak / 255), np.float32)


def poisson_signal(frame: WorkFrame, gray: bool, peak: PeakValue) -> tuple[Float32Array, int]:
    """What Poisson noise is drawn from: x (h, w, 3; gray: 1), rounded and clipped to the 8-bit levels of 0..``peak``, and u.

    The draws have the rates x * u. u is the smallest power of two that is not below the number of distinct values in x. The luma
    of gray noise weighs the channels in stored order with 0.299, 0.587, 0.114, whatever they are: so do the authors.
    """
    values = frame.astype(np.float32)
    if gray:
        values = _luma(values)[..., None]
    levels = np.clip(np.rint(values * np.float32(255 / peak)), 0, 255)
    distinct = int(np.count_nonzero(np.bincount(levels.astype(np.uint8).ravel(), minlength=256)))
    return levels / np.float32(255 / peak), 1 << (distinct - 1).bit_length()


def add_poisson(frame: WorkFrame, counts: Float32Array, signal: Float32Array, unit: int, level: float) -> Float32Array:
    """The frame plus ``level`` * (counts / u - x); float32, not clipped. The unrounded frame gets the rounded one's noise."""
    noise = counts / np.float32(unit) - signal
    return np.asarray(frame.astype(np.float32) + noise * np.float32(level), np.float32)


def _luma(frame: Float32Array) -> Float32Array:
    """Luma (h, w) as OpenCV has it in float32, rounded where its fused multiply-adds round: whole levels have many ties."""
    values = frame.astype(np.float64)
    second = (values[..., 1] * _LUMA[1]).astype(np.float32)
    both = (values[..., 0] * _LUMA[0] + second).astype(np.float32)
    return np.asarray(values[..., 2] * _LUMA[2] + both, np.float32)

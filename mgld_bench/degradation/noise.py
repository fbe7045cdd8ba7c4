"""Gaussian and Poisson noise, from random numbers that do not depend on the order of the work."""

from __future__ import annotations

import zlib
from typing import Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from mgld_bench.degradation.operators import FloatArray, WorkFrame
from mgld_bench.degradation.plan import NoiseFrame
from mgld_bench.degradation.profiles import PeakValue

Float32Array: TypeAlias = npt.NDArray[np.float32]

_LUMA = np.array([0.299, 0.587, 0.114], np.float32).astype(np.float64)


class RandomNumbers(Protocol):
    """Where noise comes from; numpy.random.RandomState is one."""

    def standard_normal(self, size: tuple[int, ...]) -> FloatArray:
        """Standard normals of that shape."""

    def poisson(self, lam: Float32Array) -> npt.NDArray[np.integer]:
        """Poisson draws at these rates, in their shape."""


def noise_numbers(seed: int, op: str, index: int) -> np.random.RandomState:
    """The random numbers for one operation on one frame.

    Each has a stream of its own, so that the order in which frames are worked on does not matter.
    """
    return np.random.RandomState(zlib.crc32(f"{seed}|{op}|{index}".encode()))


def add_noise(frame: WorkFrame, noise: NoiseFrame, peak: PeakValue, numbers: RandomNumbers) -> Float32Array:
    """A frame with the planned noise on it.

    Args:
        frame: (h, w, 3), uint8 or float32, on 0..``peak``.
        noise: Kind and level.
        peak: White.
        numbers: What is drawn from; see noise_numbers.

    Returns:
        (h, w, 3) float32, not clipped.
    """
    if noise.kind == "gaussian":
        normals = numbers.standard_normal(frame.shape).astype(np.float32)
        return add_gaussian(frame, normals, noise.level, noise.gray, peak)
    signal, unit = poisson_signal(frame, noise.gray, peak)
    counts = numbers.poisson(signal * np.float32(unit)).astype(np.float32)
    return add_poisson(frame, counts, signal, unit, noise.level)


def add_gaussian(frame: WorkFrame, normals: Float32Array, level: float, gray: bool, peak: PeakValue) -> Float32Array:
    """The frame plus ``level`` (on the 0..255 scale) times standard normals (h, w, 3); float32, not clipped.

    Gray noise takes the first channel of the normals for all three.
    """
    field = normals[..., :1] if gray else normals
    return np.asarray(frame.astype(np.float32) + field * np.float32(level * peak / 255), np.float32)


def poisson_signal(frame: WorkFrame, gray: bool, peak: PeakValue) -> tuple[Float32Array, int]:
    """What Poisson noise is drawn from: the draws have the rates x * u.

    The luma of gray noise weighs the channels in stored order with 0.299, 0.587, 0.114, whatever they are, as the authors do.

    Args:
        frame: (h, w, 3), uint8 or float32, on 0..``peak``.
        gray: Whether all channels get the same noise.
        peak: White.

    Returns:
        x, (h, w, 3) or, if gray, (h, w, 1) float32: the frame rounded and clipped to the 8-bit levels of 0..``peak``; and u, the
        smallest power of two that is not below the number of distinct values in x.
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
    """Luma (h, w) as OpenCV computes it in float32, rounded where its fused multiply-adds round: whole levels have many ties."""
    values = frame.astype(np.float64)
    second = (values[..., 1] * _LUMA[1]).astype(np.float32)
    both = (values[..., 0] * _LUMA[0] + second).astype(np.float32)
    return np.asarray(values[..., 2] * _LUMA[2] + both, np.float32)

"""The two ways in which DOVER changes the size of frames, both bilinear between the nearest pixels, both back to 8 bits.

A level that lies on an edge is decided by the last digit before rounding. What PyTorch gives there changes with its version and
with the number of threads, so the steps of its CPU code are written out here, with the roundings of fused multiplications and in
the order that the reference values of the authors' code show: frames are the same on every machine.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mgld_bench.clips.clip import Frame

Floats = npt.NDArray[np.float32]
_PEAK = np.float32(255)


def enlarged(frame: Frame, height: int, width: int) -> Frame:
    """The frame, where it is too small in a direction enlarged until it is not; levels are cut off, not rounded."""
    ratio = min(frame.shape[0] / height, frame.shape[1] / width)
    if ratio >= 1:
        return frame
    rows, columns = (_enlarging(length, 1 / ratio) for length in frame.shape[:2])
    unit = frame.astype(np.float32) / _PEAK
    across = columns.blend(unit[:, columns.before], unit[:, columns.after])
    rows = rows.upright()
    down = rows.blend(across[rows.before], across[rows.after])
    levels: Frame = (down * _PEAK).astype(np.uint8)
    return levels


def squeezed(frame: Frame, height: int, width: int) -> Frame:
    """The frame at another size, levels rounded half to even. Without anti-aliasing, which would give other scores."""
    rows, columns = _squeezing(frame.shape[0], height).upright(), _squeezing(frame.shape[1], width)
    upper, lower = frame[rows.before], frame[rows.after]
    total = (rows.near * columns.far) * upper[:, columns.after].astype(np.float32)
    total = _multiply_add(rows.near * columns.near, upper[:, columns.before], total)
    total = _multiply_add(rows.far * columns.near, lower[:, columns.before], total)
    total = _multiply_add(rows.far * columns.far, lower[:, columns.after], total)
    levels: Frame = np.rint(total).astype(np.uint8)
    return levels


@dataclass(frozen=True)
class _Neighbours:
    """The two pixels between which each new one lies along an axis, and their weights, shaped as columns of (..., columns, 3)."""

    before: npt.NDArray[np.int64]
    after: npt.NDArray[np.int64]
    near: Floats
    """The weight of the pixel before."""
    far: Floats

    def upright(self) -> _Neighbours:
        """With weights for rows of (rows, columns, 3)."""
        return _Neighbours(self.before, self.after, self.near[:, None], self.far[:, None])

    def blend(self, before: Floats, after: Floats) -> Floats:
        return _multiply_add(self.near, before, self.far * after)


def _enlarging(length: int, factor: float) -> _Neighbours:
    centres = np.arange(int(length * factor), dtype=np.float32) + np.float32(0.5)
    return _neighbours(length, np.float32(1 / factor) * centres - np.float32(0.5))


def _squeezing(length: int, size: int) -> _Neighbours:
    centres = np.arange(size, dtype=np.float32) + np.float32(0.5)
    return _neighbours(length, _multiply_add(np.float32(length / size), centres, np.float32(-0.5)))


def _neighbours(length: int, positions: Floats) -> _Neighbours:
    positions = np.maximum(positions, np.float32(0))
    before = np.minimum(positions.astype(np.int64), length - 1)
    far = np.minimum(positions - before.astype(np.float32), np.float32(1))[:, None]
    return _Neighbours(before, np.minimum(before + 1, length - 1), np.float32(1) - far, far)


def _multiply_add(weights: Floats | np.float32, values: Frame | Floats, added: Floats | np.float32) -> Floats:
    """weights * values + added in float32, rounded once: in float64 the product is exact."""
    exact: npt.NDArray[np.float64] = np.multiply(weights, values, dtype=np.float64)
    exact += added
    return exact.astype(np.float32)

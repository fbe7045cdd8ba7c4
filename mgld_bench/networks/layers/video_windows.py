"""How a grid of video tokens is cut into windows, as in Video Swin (RVRT, DOVER), and DOVER's bias of each token in them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

Size = tuple[int, int, int]
"""Time, height, width, in tokens."""
_OTHER_REGION = -100.0
"""Added to the attention between tokens that only the shift has brought together."""


@dataclass(frozen=True)
class WindowGrid:
    """A grid of tokens, padded behind to whole windows and shifted by a part of a window."""

    size: Size
    """Of the padded grid."""
    window: Size
    shift: Size

    @property
    def counts(self) -> Size:
        """Windows along each axis."""
        time, height, width = (size // side for size, side in zip(self.size, self.window, strict=True))
        return time, height, width

    @property
    def tokens(self) -> int:
        """Tokens of a window."""
        return self.window[0] * self.window[1] * self.window[2]

    @property
    def shifted(self) -> bool:
        """Whether any axis is shifted."""
        return any(self.shift)

    def gate(self) -> Tensor:
        """Distance of two tokens' fragments, |rows| + |columns|: (windows down, windows across, n, n) uint8, n = height * width.

        Window and tokens count in space only: along time the distance is the same. There are as many fragments along the whole
        grid as a window has tokens, which is the number of real fragments (7) for full windows only.
        """
        rows, columns = (self._fragments(axis) for axis in (1, 2))
        down, across = (_distances(of_windows) for of_windows in (rows, columns))
        gate = down[:, None, :, None, :, None] + across[None, :, None, :, None, :]
        area = self.window[1] * self.window[2]
        return gate.reshape(*self.counts[1:], area, area).to(torch.uint8)

    def regions(self) -> Tensor:
        """Which tokens of a shifted window belong together: (windows in time, down, across, tokens of a window) uint8."""
        time, rows, columns = (self._axis_regions(axis) for axis in range(3))
        region = 9 * time[:, None, None, :, None, None] + 3 * rows[:, None, None, :, None] + columns[:, None, None, :]
        return region.reshape(*self.counts, self.tokens).to(torch.uint8)

    def _fragments(self, axis: int) -> Tensor:
        """(windows, tokens): the fragment of each token along an axis."""
        position = torch.arange(self.size[axis]).roll(-self.shift[axis])
        return (position * self.window[axis] // self.size[axis]).view(-1, self.window[axis])

    def _axis_regions(self, axis: int) -> Tensor:
        """(windows, tokens) 0, 1 or 2; without a shift along this axis all tokens are in one region."""
        size, window, shift = self.size[axis], self.window[axis], self.shift[axis]
        regions = torch.zeros(size, dtype=torch.int64)
        if shift:
            regions[size - window : size - shift] = 1
            regions[size - shift :] = 2
        return regions.view(-1, window)


class PositionBias:
    """What is added to the attention of each pair of tokens, made for one window at a time."""

    def __init__(self, relative: Tensor, fragment: Tensor | None, grid: WindowGrid) -> None:
        """``relative``, ``fragment``: (1, heads, n, n) for the n tokens of a window.

        The bias is relative * gate + fragment * (1 - gate), where the gate is a distance, so that beyond neighbouring fragments
        it is extrapolated. Without ``fragment`` it is ``relative``.
        """
        self._base = relative if fragment is None else fragment
        self._step = None if fragment is None else relative - fragment
        self._frames = grid.window[0]
        self._times = grid.counts[0]
        self._gate = grid.gate().to(relative.device)
        regions = grid.regions()
        self._mixed = (regions != regions[..., :1]).any(-1).tolist()
        self._regions = regions.to(relative.device)

    def along_time(self, row: int, column: int) -> Iterator[Tensor]:
        """(1, heads, n, n) for each window in time at this place in space."""
        bias = self._base if self._step is None else torch.addcmul(self._base, self._step, self._tiled_gate(row, column))
        for time in range(self._times):
            mixed = self._mixed[time][row][column]
            yield bias + region_mask(self._regions[time, row, column]) if mixed else bias

    def _tiled_gate(self, row: int, column: int) -> Tensor:
        """(n, n)."""
        return self._gate[row, column].to(self._base.dtype).repeat(self._frames, self._frames)


def region_mask(regions: Tensor) -> Tensor:
    """(..., n, n) from (..., n): 0 within a region and -100 between two."""
    return (regions[..., :, None] != regions[..., None, :]) * _OTHER_REGION


def window_grid(size: Size, window: Size, shift: Size) -> WindowGrid:
    """The windows for a grid of this size. Along an axis no longer than the window, the window is the axis, without a shift."""
    clipped = [(min(tokens, side), 0 if tokens <= side else move) for tokens, side, move in zip(size, window, shift, strict=True)]
    time, height, width = (-(-tokens // side) * side for tokens, (side, _) in zip(size, clipped, strict=True))
    (window_time, shift_time), (window_height, shift_height), (window_width, shift_width) = clipped
    return WindowGrid(
        size=(time, height, width),
        window=(window_time, window_height, window_width),
        shift=(shift_time, shift_height, shift_width),
    )


def full_window_index(window: Size) -> Tensor:
    """(n, n) int64, n tokens of a window: the row of the bias tables for each pair, by their difference along each axis."""
    axes = torch.meshgrid(*(torch.arange(side) for side in window), indexing="ij")
    index = torch.zeros((), dtype=torch.int64)
    for axis, side in zip(axes, window, strict=True):
        position = axis.flatten()
        index = index * (2 * side - 1) + (position[:, None] - position[None, :] + side - 1)
    return index


def _distances(fragments: Tensor) -> Tensor:
    """(windows, tokens, tokens) from (windows, tokens)."""
    return (fragments[:, :, None] - fragments[:, None, :]).abs()

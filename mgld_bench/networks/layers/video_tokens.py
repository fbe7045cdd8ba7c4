"""Video tokens (n, time, height, width, channels): their convolution, and their windows as in Video Swin (RVRT, DOVER)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

Size = tuple[int, int, int]
"""Time, height, width, in tokens."""
OTHER_REGION = -100.0
"""Added to the attention between tokens that only the shift of the windows has brought together."""


@dataclass(frozen=True)
class WindowGrid:
    """A grid of tokens, padded at its end to whole windows and shifted by a part of a window."""

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
        """Tokens in a window."""
        return self.window[0] * self.window[1] * self.window[2]

    @property
    def shifted(self) -> bool:
        """Whether any axis is shifted."""
        return any(self.shift)


def window_grid(size: Size, window: Size, shift: Size) -> WindowGrid:
    """The windows for a grid of tokens; along an axis no longer than the window, the window is the axis, without a shift.

    Args:
        size: tokens along each axis.
        window: nominal size of a window.
        shift: nominal shift, 0 along an axis that is not shifted.

    >>> window_grid((6, 5, 20), window=(2, 8, 8), shift=(1, 4, 4))
    WindowGrid(size=(6, 5, 24), window=(2, 5, 8), shift=(1, 0, 4))
    """
    clipped = [(min(tokens, side), 0 if tokens <= side else move) for tokens, side, move in zip(size, window, shift, strict=True)]
    time, height, width = (-(-tokens // side) * side for tokens, (side, _) in zip(size, clipped, strict=True))
    (window_time, shift_time), (window_height, shift_height), (window_width, shift_width) = clipped
    return WindowGrid(
        size=(time, height, width),
        window=(window_time, window_height, window_width),
        shift=(shift_time, shift_height, shift_width),
    )


def full_window_index(window: Size) -> Tensor:
    """The row of the bias tables for each pair of tokens in a window, by their distance along each axis: (n, n) int64."""
    axes = torch.meshgrid(*(torch.arange(side) for side in window), indexing="ij")
    index = torch.zeros((), dtype=torch.int64)
    for axis, side in zip(axes, window, strict=True):
        position = axis.flatten()
        index = index * (2 * side - 1) + (position[:, None] - position[None, :] + side - 1)
    return index


class TokenConv3d(nn.Conv3d):
    """A 3-D convolution of video tokens, contiguous both ways: no copies between it and linear layers."""

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002 - the name of the base class
        """(n, time, height, width, in_channels) to (n, time', height', width', out_channels)."""
        return super().forward(input.permute(0, 4, 1, 2, 3)).permute(0, 2, 3, 4, 1).contiguous()

"""The two layouts of RVRT's features, and its convolutions."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional


def as_frames(tokens: Tensor) -> Tensor:
    """(n, d, h, w, c), channels last, as (n * d, c, h, w); a view where the tokens are contiguous."""
    return tokens.flatten(0, 1).permute(0, 3, 1, 2)


def as_tokens(frames: Tensor, batch: int) -> Tensor:
    """(batch * d, c, h, w) as (batch, d, h, w, c); a view."""
    tokens = frames.permute(0, 2, 3, 1)
    return tokens.view(batch, -1, *tokens.shape[1:])


class FrameConvolution(nn.Conv3d):
    """A convolution of single frames (n, c, h, w) whose weight has, as in the authors' files, an axis of length 1 for time."""

    def __init__(self, in_channels: int, channels: int, side: int, groups: int = 1) -> None:
        """side: of the kernel, odd; zeros around the frame keep its size."""
        super().__init__(in_channels, channels, (1, side, side), padding=(0, side // 2, side // 2), groups=groups)

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002 - the name of the base class
        """(n, in_channels, h, w) to (n, channels, h, w)."""
        padding = (self.weight.shape[-2] // 2, self.weight.shape[-1] // 2)
        return functional.conv2d(input, self.weight.squeeze(2), self.bias, padding=padding, groups=self.groups)

"""Convolution of video tokens, whose channels come last."""

from __future__ import annotations

from torch import Tensor, nn


class TokenConv3d(nn.Conv3d):
    """A 3-D convolution of (n, time, height, width, channels), contiguous both ways: no copies between it and linear layers."""

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002 - the name of the base class
        """See the class."""
        return super().forward(input.permute(0, 4, 1, 2, 3)).permute(0, 2, 3, 4, 1).contiguous()

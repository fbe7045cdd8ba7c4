"""A map doubled by nearest neighbour and convolved, without the doubled map.

Each output pixel sees only 2x2 different pixels of the map: which ones, and with which sums of the nine weights, depends on
whether its row and its column are even. That is 16 multiplications for every four output pixels where there were 36.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from mgld_bench.networks.layers.speed_up import Quick


class DoublingConvolution(nn.Conv2d, Quick):
    """A 3x3 convolution of a map doubled by nearest neighbour, with one pixel of zeros around it.

    Args:
        channels: in and out.
    """

    def __init__(self, channels: int) -> None:
        super().__init__(channels, channels, 3, padding=1)
        self._kernels: Tensor | None = None

    def prepare(self) -> None:
        """Sum the weights that fall on the same pixel."""
        self._kernels = low_kernels(self.weight) if self.speedups.low_upsampling else None

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002 - the name of the base class
        """(n, channels, h, w) to (n, channels, 2 h, 2 w)."""
        if self._kernels is None:
            return super().forward(functional.interpolate(input, scale_factor=2.0, mode="nearest"))
        return _doubled(input, self._kernels, None if self.bias is None else self.bias.repeat(4))


def low_kernels(weight: Tensor) -> Tensor:
    """The 2x2 kernels (4 * out, in, 2, 2), for even and odd columns of even rows, then of odd rows; sums in float32."""
    # What of three neighbouring rows falls on each of two low rows: the first two or the last two are one pixel's copies.
    even, odd = weight.new_tensor([[1, 0, 0], [0, 1, 1]]).float(), weight.new_tensor([[1, 1, 0], [0, 0, 1]]).float()
    exact = weight.float()
    kernels = [torch.einsum("pi,ocij,qj->ocpq", rows, exact, columns) for rows in (even, odd) for columns in (even, odd)]
    return torch.cat(kernels).to(weight.dtype).contiguous(memory_format=torch.channels_last)


def _doubled(maps: Tensor, kernels: Tensor, bias: Tensor | None) -> Tensor:
    count, _, height, width = maps.shape
    channels = len(kernels) // 4
    # Each of the four is one row and column larger than it has to be; the odd ones begin one further.
    all_four = functional.conv2d(maps, kernels, bias, padding=1)
    size = count, channels, 2 * height, 2 * width
    result = torch.empty(size, dtype=all_four.dtype, device=maps.device, memory_format=torch.channels_last)
    for index, part in enumerate(all_four.split(channels, dim=1)):
        down, right = divmod(index, 2)
        result[:, :, down::2, right::2] = part[:, :, down : down + height, right : right + width]
    return result

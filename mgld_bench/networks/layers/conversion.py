"""Ways to make a finished network faster: half precision in parts of it, and Winograd convolutions on a CPU."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, nn
from torch.nn import functional

_OUTPUT, _INPUT = 4, 6
"""Sides of a tile of the output, and of the input that it is computed from."""
_STRIP_ELEMENTS = 1 << 20
"""Input elements that are transformed at a time: they stay in the processor's cache."""
_LEAST_CHANNELS = 128
"""With fewer channels the transforms cost more than the multiplications they save (measured)."""
_INPUT_TRANSFORM = (
    (4, 0, -5, 0, 1, 0),
    (0, -4, -4, 1, 1, 0),
    (0, 4, -4, -1, 1, 0),
    (0, -2, -1, 2, 1, 0),
    (0, 2, -1, -2, 1, 0),
    (0, 4, 0, -5, 0, 1),
)
_KERNEL_TRANSFORM = (
    (1 / 4, 0, 0),
    (-1 / 6, -1 / 6, -1 / 6),
    (-1 / 6, 1 / 6, -1 / 6),
    (1 / 24, 1 / 12, 1 / 6),
    (1 / 24, -1 / 12, 1 / 6),
    (0, 0, 1),
)
_OUTPUT_TRANSFORM = (
    (1, 1, 1, 1, 1, 0),
    (0, 1, -1, 2, -2, 0),
    (0, 1, 1, 4, 4, 0),
    (0, 1, -1, 8, -8, 1),
)


def cast_except(network: nn.Module, dtype: torch.dtype, exact: Iterable[nn.Module]) -> None:
    """Cast the floating-point parameters and buffers of a network to a dtype, in place, except those of some of its parts.

    The exact parts keep their values; casting everything and these parts back would leave them rounded.

    Args:
        network: what is cast.
        dtype: the new dtype.
        exact: submodules that stay as they are.
    """
    kept = {id(tensor) for part in exact for tensor in (*part.parameters(), *part.buffers())}
    for tensor in (*network.parameters(), *network.buffers()):
        if id(tensor) not in kept and tensor.is_floating_point():
            tensor.data = tensor.data.to(dtype)


class WinogradConvolution(nn.Module):
    """A 3x3 convolution of stride 1 and padding 1 by Winograd's minimal filtering F(4x4, 3x3): a quarter of the multiplications.

    Values differ from those of the plain convolution by about 5e-5 of their standard deviation. Lavin and Gray, Fast Algorithms
    for Convolutional Neural Networks, CVPR 2016.

    Args:
        convolution: the convolution whose weights it takes; worthwhile() has to be true for it.
    """

    kernels: Tensor
    bias: Tensor
    input_transform: Tensor
    output_transform: Tensor

    def __init__(self, convolution: nn.Conv2d) -> None:
        super().__init__()
        side = torch.tensor(_KERNEL_TRANSFORM, dtype=torch.float64)
        kernels = torch.einsum("ij,kcjl,ml->imck", side, convolution.weight.detach().double(), side)
        bias = torch.zeros(convolution.out_channels) if convolution.bias is None else convolution.bias.detach()
        self.register_buffer("kernels", kernels.flatten(0, 1).to(convolution.weight.dtype).contiguous())
        self.register_buffer("bias", bias)
        for name, rows in (("input_transform", _INPUT_TRANSFORM), ("output_transform", _OUTPUT_TRANSFORM)):
            transform = torch.tensor(rows, dtype=convolution.weight.dtype)
            self.register_buffer(name, torch.kron(transform, transform), persistent=False)

    def forward(self, images: Tensor) -> Tensor:
        """(n, in channels, h, w) float32 to (n, out channels, h, w), channels last in memory."""
        count, channels, height, width = images.shape
        pixels = images.permute(0, 2, 3, 1)
        result = pixels.new_empty(count, height, width, self.bias.shape[0])
        across = -(-width // _OUTPUT)
        rows = max(1, _STRIP_ELEMENTS // (_OUTPUT * _OUTPUT * across * count * channels)) * _OUTPUT
        for top in range(0, height, rows):
            bottom = min(top + rows, height)
            down = -(-(bottom - top) // _OUTPUT)
            strip = pixels[:, max(top - 1, 0) : min(top + down * _OUTPUT + 1, height)]
            above = int(top == 0)
            below = down * _OUTPUT + 2 - strip.shape[1] - above
            padded = functional.pad(strip, (0, 0, 1, across * _OUTPUT + 1 - width, above, below))
            convolved = self._tiles(padded).view(count, down * _OUTPUT, across * _OUTPUT, -1)
            torch.add(convolved[:, : bottom - top, :width], self.bias, out=result[:, top:bottom])
        return result.permute(0, 3, 1, 2)

    def _tiles(self, pixels: Tensor) -> Tensor:
        """(n, 4 a + 2, 4 b + 2, c) -> (n, a, 4, b, 4, k)."""
        count, channels, kernels = pixels.shape[0], pixels.shape[3], self.bias.shape[0]
        tiles = pixels.unfold(1, _INPUT, _OUTPUT).unfold(2, _INPUT, _OUTPUT)
        down, across = tiles.shape[1], tiles.shape[2]
        places = count * down * across
        gathered = tiles.permute(4, 5, 0, 1, 2, 3).reshape(_INPUT**2, places * channels)
        transformed = (self.input_transform @ gathered).view(_INPUT**2, places, channels)
        products = torch.bmm(transformed, self.kernels).view(_INPUT**2, places * kernels)
        outputs = (self.output_transform @ products).view(_OUTPUT, _OUTPUT, count, down, across, kernels)
        return outputs.permute(2, 3, 0, 4, 1, 5).contiguous()


def worthwhile(layer: nn.Module) -> bool:
    """Whether a layer is a convolution that WinogradConvolution can compute, and computes faster."""
    return (
        isinstance(layer, nn.Conv2d)
        and (layer.kernel_size, layer.stride, layer.padding) == ((3, 3), (1, 1), (1, 1))
        and (layer.dilation, layer.groups, layer.padding_mode) == ((1, 1), 1, "zeros")
        and min(layer.in_channels, layer.out_channels) >= _LEAST_CHANNELS
        and layer.weight.dtype == torch.float32
    )


def with_winograd(layers: nn.Sequential) -> nn.Sequential:
    """The layers with every convolution replaced for which it is worthwhile(); the other layers are shared, not copied."""
    return nn.Sequential(
        *(WinogradConvolution(layer) if isinstance(layer, nn.Conv2d) and worthwhile(layer) else layer for layer in layers)
    )

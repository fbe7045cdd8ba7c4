"""DBVSR's enlargement, a chain of convolutions without activations, as the one convolution that it amounts to."""

from __future__ import annotations

import copy
from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional

SCALE: Final = 4
REACH: Final = 2
"""Input pixels around its own that an output pixel depends on; others would lie outside the 5x5 kernel."""


class ComposedEnlargement(nn.Module):
    """What a chain of layers computes, in about 1/35 of the operations and without its large intermediate results.

    The layers, (n, c, h, w) to (n, 3, 4 * h, 4 * w), have to be linear, to see no further than REACH, and to act alike everywhere
    but within one input pixel of the border (where their zero padding cuts intermediate results off). DBVSR's four convolutions
    and two pixel shuffles meet this. Inside, the result is that of one convolution with 48 outputs, equal up to rounding; on the
    outermost pixels it is that of the layers themselves, run on a strip.

    Args:
        layers: the chain, from whose present weights the kernel is derived in float64; it does not follow when they change.
    """

    weight: Tensor
    bias: Tensor

    def __init__(self, layers: nn.Module) -> None:
        super().__init__()
        like = next(layers.parameters())
        weight, bias = _derive(layers)
        self.register_buffer("weight", weight.to(like.dtype), persistent=False)
        self.register_buffer("bias", bias.to(like.dtype), persistent=False)
        # In a tuple, so that the layers are not registered as a submodule: they belong to the network.
        self._layers = (layers,)

    def forward(self, features: Tensor) -> Tensor:
        """(n, c, h, w), of any size, to (n, 3, 4 * h, 4 * w)."""
        enlarged = functional.pixel_shuffle(functional.conv2d(features, self.weight, self.bias, padding=REACH), SCALE)
        (layers,) = self._layers
        strip = REACH + 1
        enlarged[:, :, :SCALE] = layers(features[:, :, :strip])[:, :, :SCALE]
        enlarged[:, :, -SCALE:] = layers(features[:, :, -strip:])[:, :, -SCALE:]
        enlarged[..., :SCALE] = layers(features[..., :strip])[..., :SCALE]
        enlarged[..., -SCALE:] = layers(features[..., -strip:])[..., -SCALE:]
        return enlarged


def _derive(layers: nn.Module) -> tuple[Tensor, Tensor]:
    """Weight (48, c, 5, 5) and bias (48,) of the one convolution, in the order of a pixel shuffle."""
    side = 2 * REACH + 1
    middle = slice(SCALE * REACH, SCALE * (REACH + 1))
    with torch.inference_mode(False), torch.enable_grad():
        exact = copy.deepcopy(layers).double()
        like = next(exact.parameters())
        features = like.new_zeros(1, _input_channels(exact), side, side).requires_grad_()
        outputs = exact(features)[0, :, middle, middle].flatten()
        # All is linear, so an output's weights are its gradient with respect to the input.
        each = torch.eye(len(outputs), dtype=like.dtype, device=like.device)
        (weight,) = torch.autograd.grad(outputs, features, each, is_grads_batched=True)
    return weight[:, 0].detach(), outputs.detach()


def _input_channels(layers: nn.Module) -> int:
    return next(part.in_channels for part in layers.modules() if isinstance(part, nn.Conv2d))

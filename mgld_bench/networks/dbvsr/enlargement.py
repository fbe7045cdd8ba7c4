"""DBVSR's enlargement, a chain of convolutions without an activation, as the one convolution that it amounts to."""

from __future__ import annotations

import copy
from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional

SCALE: Final = 4
REACH: Final = 2
"""Input pixels around its own that an output pixel depends on; further ones would lie outside of the 5x5 kernel."""


class ComposedEnlargement(nn.Module):
    """What ``layers`` compute, in about 1/35 of the operations and without their large intermediate results.

    The layers, (n, c, h, w) -> (n, 3, 4 * h, 4 * w), have to be linear, to see no further than REACH, and to act alike everywhere
    but within one input pixel of the border (where their zero padding cuts intermediate results off). DBVSR's four convolutions
    and two pixel shuffles are such. Inside, the result is that of one convolution with 48 outputs, equal up to rounding; on the
    outermost pixels that of the layers themselves, run on a strip.
    """

    weight: Tensor
    bias: Tensor

    def __init__(self, layers: nn.Module) -> None:
        """Derive the kernel from the present weights of ``layers``; it does not follow when they change. Made in float64."""
        super().__init__()
        like = next(layers.parameters())
        weight, bias = _derive(layers)
        self.register_buffer("weight", weight.to(like.dtype), persistent=False)
        self.register_buffer("bias", bias.to(like.dtype), persistent=False)
        # In a tuple, so that the layers are no part of this module: they belong to the network.
        self._layers = (layers,)

    def forward(self, features: Tensor) -> Tensor:
        """``features`` (n, c, h, w), of any size, enlarged: (n, 3, 4 * h, 4 * w)."""
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
        # What an output depends on is its gradient with respect to the input, since all is linear.
        each = torch.eye(len(outputs), dtype=like.dtype, device=like.device)
        (weight,) = torch.autograd.grad(outputs, features, each, is_grads_batched=True)
    return weight[:, 0].detach(), outputs.detach()


def _input_channels(layers: nn.Module) -> int:
    return next(part.in_channels for part in layers.modules() if isinstance(part, nn.Conv2d))

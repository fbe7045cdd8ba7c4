"""Random but fixed weights: for what does not depend on values, such as cost, and for smoke tests."""

from __future__ import annotations

import math

import torch
from torch import nn

SEED = 20240719


def fill_with_fixed_weights(network: nn.Module, gain: float = 1.0) -> nn.Module:
    """Fill ``network`` in place, the same on every machine, and return it in evaluation mode.

    Matrices and kernels: normal, scaled by ``gain`` / sqrt(inputs) so that values neither vanish nor explode. Biases: 0, since
    layers are built with random ones. Other vectors (scales of normalisations): what the network was built with. The network has
    to be on a real device, not on meta.
    """
    generator = torch.Generator().manual_seed(SEED)
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            if parameter.ndim > 1:
                deviation = gain / math.sqrt(max(1, parameter[0].numel()))
                drawn = torch.randn(parameter.shape, generator=generator) * deviation
                parameter.copy_(drawn)
            elif name.rpartition(".")[2] == "bias":
                parameter.zero_()
    return network.eval().requires_grad_(False)

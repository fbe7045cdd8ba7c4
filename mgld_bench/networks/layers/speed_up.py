"""Makes finished networks faster in place, by the switches of Speedups."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from mgld_bench.networks.layers.speedups import Speedups


class Quick:
    """What a module derives from that knows faster ways. Until speed_up() it goes the plain one."""

    speedups: Speedups = Speedups.none()

    def prepare(self) -> None:
        """Make of the weights what ``speedups`` need; they are final, and on their device."""


def speed_up(network: nn.Module, speedups: Speedups) -> None:
    """Let all modules of a network go the ways of ``speedups``.

    Call it last: weights that are loaded, cast or moved later would not be followed by what was made of them.
    """
    for module in network.modules():
        if isinstance(module, Quick):
            module.speedups = speedups
            module.prepare()


def merged(*parameters: Tensor) -> Tensor:
    """Weights or biases of several layers in one tensor, along their output channels.

    They become parts of it, so that it takes no further memory and all names stay.
    """
    whole = torch.cat([parameter.data for parameter in parameters])
    if whole.ndim == 4:
        whole = whole.contiguous(memory_format=torch.channels_last)
    for parameter, part in zip(parameters, whole.split([len(parameter) for parameter in parameters]), strict=True):
        parameter.data = part
    return whole

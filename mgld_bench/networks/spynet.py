"""SPyNet, the spatial pyramid network: optical flow, refined from 1/32 of the size to the whole in six steps."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from mgld_bench.networks.layers.flow_resizing import resize_flow
from mgld_bench.networks.layers.warping import warp

LEVELS = 6
MULTIPLE = 2 ** (LEVELS - 1)
"""Images are resized to multiples of this: the coarsest level is 1/32 of them."""
MEAN = (0.485, 0.456, 0.406)
STANDARD_DEVIATION = (0.229, 0.224, 0.225)


class SPyNet(nn.Module):
    """Optical flow by a pyramid of six small networks, each of which corrects the flow of the level below it.

    Ranjan and Black, Optical Flow Estimation using a Spatial Pyramid Network, CVPR 2017. Arithmetic and names as in BasicSR
    (basicsr/archs/spynet_arch.py, Apache-2.0); several levels as in JingyunLiang/RVRT. 60 tensors: the buffers ``mean`` and
    ``std`` are constants and not in the state dict, so whoever loads a file of a whole network drops their two entries.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, return_levels: Sequence[int] = (LEVELS - 1,)) -> None:
        """return_levels: the levels that forward() returns, of 0 (1/32 of the size) to 5 (the whole size)."""
        super().__init__()
        self.basic_module = nn.ModuleList(BasicModule() for _ in range(LEVELS))
        self.register_buffer("mean", torch.tensor(MEAN).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(STANDARD_DEVIATION).view(1, 3, 1, 1), persistent=False)
        self.return_levels = tuple(sorted(set(return_levels), reverse=True))

    def forward(self, ref: Tensor, supp: Tensor) -> Tensor | list[Tensor]:
        """The flow from ``ref`` to ``supp``, both (n, 3, h, w) RGB in [0, 1]: how far what is seen in ``ref`` has moved.

        (n, 2, h, w) in pixels, channel 0 points right. For a level l of ``return_levels`` other than 5 the size is that of the
        images divided by 2 ** (5 - l), rounded down, and the flow is in pixels of that size. One level gives a tensor, several
        give a list of tensors, the largest first. Images below 32 px give no meaningful flow.
        """
        height, width = ref.shape[-2:]
        flows = self._level_flows(self._pyramid(ref), self._pyramid(supp))
        resized = []
        for level in self.return_levels:
            reduction = 2 ** (LEVELS - 1 - level)
            resized.append(resize_flow(flows[level], (height // reduction, width // reduction)))
        return resized[0] if len(resized) == 1 else resized

    def _pyramid(self, images: Tensor) -> list[Tensor]:
        """The normalised images at the size of every level, the smallest first."""
        height, width = images.shape[-2:]
        size = (height + -height % MULTIPLE, width + -width % MULTIPLE)
        if size != (height, width):
            images = functional.interpolate(images, size, mode="bilinear", align_corners=False)
        levels = [(images - self.mean) / self.std]
        for _ in range(LEVELS - 1):
            levels.insert(0, functional.avg_pool2d(levels[0], kernel_size=2, stride=2))
        return levels

    def _level_flows(self, references: Sequence[Tensor], supporting: Sequence[Tensor]) -> list[Tensor]:
        """The flow after each level, in pixels of that level, up to the last one asked for."""
        flows: list[Tensor] = []
        for level in range(max(self.return_levels) + 1):
            count, _, height, width = references[level].shape
            if flows:
                flow = 2 * functional.interpolate(flows[-1], (height, width), mode="bilinear", align_corners=True)
            else:
                flow = references[level].new_zeros(count, 2, height, width)
            warped = warp(supporting[level], flow, padding="border")
            flows.append(self.basic_module[level](torch.cat([references[level], warped, flow], dim=1)) + flow)
        return flows


class BasicModule(nn.Module):
    """One level: the correction (n, 2, h, w) of a flow, from reference, warped supporting image and flow (n, 8, h, w)."""

    def __init__(self) -> None:
        super().__init__()
        widths = (8, 32, 64, 32, 16, 2)
        layers: list[nn.Module] = []
        for before, after in pairwise(widths):
            layers += [nn.Conv2d(before, after, kernel_size=7, padding=3), nn.ReLU(inplace=True)]
        self.basic_module = nn.Sequential(*layers[:-1])

    def forward(self, images_and_flow: Tensor) -> Tensor:
        """The correction in pixels of this level."""
        correction: Tensor = self.basic_module(images_and_flow)
        return correction


def basicsr_names(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The same tensors with SPyNet's convolutions named as BasicSR does, where they are named as MMEditing does.

    basic_module.3.basic_module.1.conv.weight becomes basic_module.3.basic_module.2.weight; a prefix stays, and so does every
    other name: this may be given the file of a whole network.
    """
    return {_MMEDITING_NAME.sub(_basicsr_name, name): tensor for name, tensor in state.items()}


_MMEDITING_NAME = re.compile(r"(?P<level>basic_module\.\d\.basic_module)\.(?P<convolution>\d)\.conv\.(?=weight$|bias$)")


def _basicsr_name(name: re.Match[str]) -> str:
    """BasicSR also counts the activations between the convolutions."""
    return f"{name['level']}.{2 * int(name['convolution'])}."

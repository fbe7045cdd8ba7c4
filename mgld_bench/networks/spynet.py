"""SPyNet, the spatial pyramid network: optical flow refined from 1/32 of the size to the full size in six steps."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from mgld_bench.networks.layers.optical_flow import resize_flow, warp
from mgld_bench.networks.sizes.basicvsr import FLOW_MULTIPLE

LEVELS = 6
MEAN = (0.485, 0.456, 0.406)
STANDARD_DEVIATION = (0.229, 0.224, 0.225)


class SPyNet(nn.Module):
    """Optical flow by a pyramid of six small networks, each of which corrects the flow of the level below it.

    Ranjan and Black, Optical Flow Estimation using a Spatial Pyramid Network, CVPR 2017. Arithmetic and names as in BasicSR
    (basicsr/archs/spynet_arch.py, Apache-2.0). 60 tensors: the buffers ``mean`` and ``std`` are constants and not in the state
    dict, so whoever loads a file of a whole network drops their two entries.
    """

    mean: Tensor
    std: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.basic_module = nn.ModuleList(BasicModule() for _ in range(LEVELS))
        self.register_buffer("mean", torch.tensor(MEAN).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(STANDARD_DEVIATION).view(1, 3, 1, 1), persistent=False)

    def forward(self, ref: Tensor, supp: Tensor) -> Tensor:
        """The flow from ``ref`` to ``supp``: how far what is seen in ``ref`` has moved.

        Args:
            ref: images (n, 3, h, w), RGB in [0, 1]. Below 32 pixels the flow means nothing.
            supp: the images to find it in, of the same shape.

        Returns:
            (n, 2, h, w) in pixels; channel 0 points right, channel 1 down.
        """
        height, width = ref.shape[-2:]
        return resize_flow(self.pyramid_flows(ref, supp)[-1], (height, width))

    def pyramid_flows(self, ref: Tensor, supp: Tensor) -> list[Tensor]:
        """The flow after each of the six levels, coarsest first, in pixels of that level.

        Level l has 1 / 2^(5 - l) of the size of the images resized to multiples of 32.
        """
        references, supporting = self._pyramid(ref), self._pyramid(supp)
        flows: list[Tensor] = []
        for level, (reference, other) in enumerate(zip(references, supporting, strict=True)):
            count, _, height, width = reference.shape
            if flows:
                flow = 2 * functional.interpolate(flows[-1], (height, width), mode="bilinear", align_corners=True)
            else:
                flow = reference.new_zeros(count, 2, height, width)
            warped = warp(other, flow, padding="border")
            flows.append(self.basic_module[level](torch.cat([reference, warped, flow], dim=1)) + flow)
        return flows

    def _pyramid(self, images: Tensor) -> list[Tensor]:
        """The normalised images at the size of every level, the smallest first."""
        height, width = images.shape[-2:]
        size = (height + -height % FLOW_MULTIPLE, width + -width % FLOW_MULTIPLE)
        if size != (height, width):
            images = functional.interpolate(images, size, mode="bilinear", align_corners=False)
        levels = [(images - self.mean) / self.std]
        for _ in range(self._level_count(size[1]) - 1):
            levels.insert(0, functional.avg_pool2d(levels[0], kernel_size=2, stride=2))
        return levels

    def _level_count(self, width: int) -> int:
        """Levels of the pyramid of images that are ``width`` pixels wide, a multiple of 32."""
        return LEVELS


class BasicModule(nn.Module):
    """The network of one level."""

    def __init__(self) -> None:
        super().__init__()
        widths = (8, 32, 64, 32, 16, 2)
        layers: list[nn.Module] = []
        for before, after in pairwise(widths):
            layers += [nn.Conv2d(before, after, kernel_size=7, padding=3), nn.ReLU(inplace=True)]
        self.basic_module = nn.Sequential(*layers[:-1])

    def forward(self, images_and_flow: Tensor) -> Tensor:
        """Reference, warped supporting image and flow, (n, 8, h, w), to the correction of the flow, (n, 2, h, w)."""
        correction: Tensor = self.basic_module(images_and_flow)
        return correction


def basicsr_names(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The same tensors with SPyNet's convolutions named as in BasicSR, where they are named as in MMEditing.

    basic_module.3.basic_module.1.conv.weight becomes basic_module.3.basic_module.2.weight. Prefixes stay, and so does every other
    name: this may be given the file of a whole network.
    """
    return {_MMEDITING_NAME.sub(_basicsr_name, name): tensor for name, tensor in state.items()}


_MMEDITING_NAME = re.compile(r"(?P<level>basic_module\.\d\.basic_module)\.(?P<convolution>\d)\.conv\.(?=weight$|bias$)")


def _basicsr_name(name: re.Match[str]) -> str:
    """BasicSR also counts the activations between the convolutions."""
    return f"{name['level']}.{2 * int(name['convolution'])}."

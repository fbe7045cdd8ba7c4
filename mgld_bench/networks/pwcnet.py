"""PWC-Net, optical flow by pyramid, warping and cost volume, in the form that DBVSR contains."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional

from mgld_bench.networks.layers.optical_flow import warp

REACH: Final = 4
"""Largest displacement in either direction, in pixels of the level."""
COST_CHANNELS: Final = (2 * REACH + 1) ** 2
MULTIPLE: Final = 64
"""Images are resized to multiples of this: the coarsest level is 1/64 of them."""
FLOW_UNIT: Final = 20.0
"""Pixels of the resized images that a flow of 1 stands for inside the network."""
SLOPE: Final = 0.1
"""Of every leaky ReLU."""
COARSEST: Final = 6
FINEST: Final = 2
LEVEL_CHANNELS: Final = {1: 16, 2: 32, 3: 64, 4: 96, 5: 128, 6: 196}
"""Channels of the features at 1 / 2**level of the size."""
DENSE_CHANNELS: Final = (128, 128, 96, 64, 32)
INSIDE: Final = 0.999
"""A sampled image of ones has to exceed this for a position to count as inside."""
FlowPyramid = tuple[Tensor, ...]
"""Features of an image at levels 1 to 6, the largest first: (n, LEVEL_CHANNELS[level], h64 / 2**level, w64 / 2**level)."""


class PWCNet(nn.Module):
    """Optical flow from coarse to fine: at each level the second image's features are warped and compared, and the flow updated.

    Sun et al., PWC-Net: CNNs for Optical Flow Using Pyramid, Warping, and Cost Volume, CVPR 2018. Names as in
    sniklaus/pytorch-pwc, arithmetic as in flow_pwc.py of csbhr/Deep-Blind-VSR (MIT): images are plain RGB in [0, 1] (neither BGR
    nor mean-subtracted), and sampling puts the image's corners at -1 and 1 (align_corners), as in PyTorch before 1.3.
    """

    def __init__(self) -> None:
        super().__init__()
        self.moduleExtractor = Extractor()
        self.moduleTwo = Decoder(2)
        self.moduleThr = Decoder(3)
        self.moduleFou = Decoder(4)
        self.moduleFiv = Decoder(5)
        self.moduleSix = Decoder(6)
        self.moduleRefiner = Refiner()

    def forward(self, first: Sequence[Tensor], second: Sequence[Tensor]) -> Tensor:
        """The flow from the first to the second images.

        Args:
            first: the Extractor's pyramid of the first images.
            second: that of the second images.

        Returns:
            (n, 2, h64 / 4, w64 / 4) in units of FLOW_UNIT; channel 0 points right.
        """
        flow, dense = self.moduleSix(first[5], second[5])
        flow, dense = self.moduleFiv(first[4], second[4], flow, dense)
        flow, dense = self.moduleFou(first[3], second[3], flow, dense)
        flow, dense = self.moduleThr(first[2], second[2], flow, dense)
        flow, dense = self.moduleTwo(first[1], second[1], flow, dense)
        refined: Tensor = flow + self.moduleRefiner(dense)
        return refined


class Extractor(nn.Module):
    """The feature pyramid of an image whose sides are multiples of 64."""

    def __init__(self) -> None:
        super().__init__()
        self.moduleOne = _halving(3, LEVEL_CHANNELS[1])
        self.moduleTwo = _halving(LEVEL_CHANNELS[1], LEVEL_CHANNELS[2])
        self.moduleThr = _halving(LEVEL_CHANNELS[2], LEVEL_CHANNELS[3])
        self.moduleFou = _halving(LEVEL_CHANNELS[3], LEVEL_CHANNELS[4])
        self.moduleFiv = _halving(LEVEL_CHANNELS[4], LEVEL_CHANNELS[5])
        self.moduleSix = _halving(LEVEL_CHANNELS[5], LEVEL_CHANNELS[6])

    def forward(self, images: Tensor) -> FlowPyramid:
        """Images (n, 3, h64, w64) to the features of levels 1 to 6."""
        levels: list[Tensor] = []
        for level in (self.moduleOne, self.moduleTwo, self.moduleThr, self.moduleFou, self.moduleFiv, self.moduleSix):
            images = level(images)
            levels.append(images)
        return tuple(levels)


class Decoder(nn.Module):
    """The flow of one level, from both images' features and, except at the coarsest level, the flow of the coarser level.

    Args:
        level: 2 (finest) to 6 (coarsest).
    """

    def __init__(self, level: int) -> None:
        super().__init__()
        if level < COARSEST:
            self.moduleUpflow = nn.ConvTranspose2d(2, 2, kernel_size=4, stride=2, padding=1)
            self.moduleUpfeat = nn.ConvTranspose2d(dense_channels(level + 1), 2, kernel_size=4, stride=2, padding=1)
        self.warping_scale = FLOW_UNIT / 2**level
        channels = input_channels(level)
        layers = []
        for new in DENSE_CHANNELS:
            layers.append(nn.Sequential(nn.Conv2d(channels, new, 3, padding=1), nn.LeakyReLU(SLOPE)))
            channels += new
        self.moduleOne, self.moduleTwo, self.moduleThr, self.moduleFou, self.moduleFiv = layers
        self.moduleSix = nn.Sequential(nn.Conv2d(channels, 2, 3, padding=1))

    def forward(
        self, first: Tensor, second: Tensor, flow: Tensor | None = None, dense: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """The flow and the dense features of this level.

        Args:
            first: features of the first images at this level, (n, c, h, w).
            second: those of the second images.
            flow: what the decoder of the coarser level returned; None at the coarsest.
            dense: likewise.

        Returns:
            The flow (n, 2, h, w) in units of FLOW_UNIT, and the dense features (n, dense_channels(level), h, w).
        """
        if flow is None or dense is None:
            x = functional.leaky_relu(cost_volume(first, second), SLOPE)
        else:
            flow, features = self.moduleUpflow(flow), self.moduleUpfeat(dense)
            warped = warp_inside(second, flow * self.warping_scale)
            x = torch.cat([functional.leaky_relu(cost_volume(first, warped), SLOPE), first, flow, features], dim=1)
        for layer in (self.moduleOne, self.moduleTwo, self.moduleThr, self.moduleFou, self.moduleFiv):
            x = torch.cat([layer(x), x], dim=1)
        return self.moduleSix(x), x


class Refiner(nn.Module):
    """A correction of the finest flow with a wide receptive field (dilated convolutions)."""

    def __init__(self) -> None:
        super().__init__()
        widths = (dense_channels(FINEST), 128, 128, 128, 96, 64, 32, 2)
        dilations = (1, 2, 4, 8, 16, 1, 1)
        layers: list[nn.Module] = []
        for before, after, dilation in zip(widths[:-1], widths[1:], dilations, strict=True):
            layers += [nn.Conv2d(before, after, 3, padding=dilation, dilation=dilation), nn.LeakyReLU(SLOPE)]
        self.moduleMain = nn.Sequential(*layers[:-1])

    def forward(self, dense: Tensor) -> Tensor:
        """The finest decoder's dense features to the correction (n, 2, h, w) in units of FLOW_UNIT."""
        correction: Tensor = self.moduleMain(dense)
        return correction


def cost_volume(first: Tensor, second: Tensor) -> Tensor:
    """How alike two images' features are at displacements of up to four pixels: (n, 81, h, w).

    Channel (dy + 4) * 9 + dx + 4 is the mean over channels of first(y, x) times second(y + dy, x + dx), which is zero beyond the
    border. PWC-Net's CUDA kernel in PyTorch operations; one row of displacements at a time, so that 9 times the features are
    alive.

    Args:
        first: (n, c, h, w).
        second: (n, c, h, w).
    """
    height, width = first.shape[-2:]
    padded = functional.pad(second, (REACH, REACH, REACH, REACH))
    spread = first.unsqueeze(-2)
    rows = []
    for displacement in range(2 * REACH + 1):
        shifted = padded[:, :, displacement : displacement + height].unfold(3, width, 1)
        rows.append((spread * shifted).mean(dim=1).transpose(1, 2))
    return torch.cat(rows, dim=1)


def warp_inside(image: Tensor, flow: Tensor) -> Tensor:
    """An image (n, c, h, w) warped by a flow (n, 2, h, w), zero where any sampled pixel lies outside the image."""
    counted = warp(image.new_ones(image.shape[0], 1, *image.shape[2:]), flow)
    return warp(image, flow) * (counted > INSIDE)


def input_channels(level: int) -> int:
    """Channels that a decoder's first convolution takes: costs, features, and flow and features from the coarser level."""
    return COST_CHANNELS if level == COARSEST else COST_CHANNELS + LEVEL_CHANNELS[level] + 2 + 2


def dense_channels(level: int) -> int:
    """Channels of a decoder's dense features."""
    return input_channels(level) + sum(DENSE_CHANNELS)


def _halving(before: int, after: int) -> nn.Sequential:
    """Three convolutions, the first of which halves the size."""
    layers: list[nn.Module] = [nn.Conv2d(before, after, 3, stride=2, padding=1), nn.LeakyReLU(SLOPE)]
    for _ in range(2):
        layers += [nn.Conv2d(after, after, 3, padding=1), nn.LeakyReLU(SLOPE)]
    return nn.Sequential(*layers)

"""LPIPS, the learned perceptual distance of two images, version 0.1."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from mgld_bench.networks.perceptual.torchvision_features import (
    ALEXNET_CHANNELS,
    ALEXNET_SLICES,
    VGG16_CHANNELS,
    VGG16_SLICES,
    alexnet_features,
    channel_means,
    fast_layout,
    vgg16_features,
)

LpipsBackbone = Literal["alex", "vgg"]
_SHIFT = (-0.030, -0.088, -0.188)
_SCALE = (0.458, 0.448, 0.450)
_EPSILON = 1e-10


class LPIPS(nn.Module):
    """Weighted squared distance of two images' unit-length features at five depths of an image classification network.

    Zhang et al., The Unreasonable Effectiveness of Deep Features as a Perceptual Metric, CVPR 2018;
    richzhang/PerceptualSimilarity (BSD-2-Clause). Names: ``features.N`` as in torchvision's alexnet and vgg16, whose
    ``classifier`` is not needed, and ``linK.model.1.weight`` as in the files of the package lpips.

    Images are (n, 3, h, w) float32 RGB in [0, 1], at least 32 pixels in both directions.

    Args:
        backbone: the classification network.
    """

    shift: Tensor
    scale: Tensor

    def __init__(self, backbone: LpipsBackbone) -> None:
        super().__init__()
        if backbone == "alex":
            self.features, self.slices, channels = alexnet_features(), ALEXNET_SLICES, ALEXNET_CHANNELS
        else:
            self.features, self.slices, channels = vgg16_features(lambda: nn.MaxPool2d(2)), VGG16_SLICES, VGG16_CHANNELS
        for layer, width in enumerate(channels):
            self.add_module(f"lin{layer}", _linear(width))
        self.register_buffer("shift", torch.tensor(_SHIFT).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("scale", torch.tensor(_SCALE).view(1, 3, 1, 1), persistent=False)

    def forward(self, first: Tensor, second: Tensor) -> Tensor:
        """The distances (n,) of two batches of images."""
        return self.compare(self.stages(first), self.stages(second))

    def stages(self, images: Tensor) -> Iterator[Tensor]:
        """What compare() needs of images, stage by stage: five maps (n, c, h, w), of unit length over the channels."""
        for maps in self.activations(images):
            yield maps / (torch.linalg.vector_norm(maps, dim=1, keepdim=True) + _EPSILON)

    def compare(self, first: Iterable[Tensor], second: Iterable[Tensor]) -> Tensor:
        """The distances (n,) of two batches of images, from their stages()."""
        return self.layers(first, second).sum(1)

    def layers(self, first: Iterable[Tensor], second: Iterable[Tensor]) -> Tensor:
        """The share (n, 5) of each stage in compare()."""
        return torch.stack([self._distance(*stage) for stage in enumerate(zip(first, second, strict=True))], dim=1)

    def distance_map(self, first: Tensor, second: Tensor) -> Tensor:
        """Where two batches of images differ, (n, h, w): each stage's share, enlarged to the images' size, and summed.

        Its mean is that of compare(), but for what enlarging does at the borders.
        """
        total = torch.zeros(first.shape[0], 1, *first.shape[2:], device=first.device)
        for stage, (ours, theirs) in enumerate(zip(self.stages(first), self.stages(second), strict=True)):
            weights = self.get_parameter(f"lin{stage}.model.1.weight").view(1, -1, 1, 1)
            share = ((ours - theirs).square_() * weights).sum(1, keepdim=True)
            total += functional.interpolate(share, first.shape[2:], mode="bilinear", align_corners=False)
        return total[:, 0]

    def activations(self, images: Tensor) -> Iterator[Tensor]:
        """The plain outputs of the backbone's five slices for images."""
        maps = (2 * fast_layout(images) - 1 - self.shift) / self.scale
        for start, stop in self.slices:
            for layer in self.features[start:stop]:
                maps = layer(maps)
            yield maps

    def _distance(self, stage: int, pair: tuple[Tensor, Tensor]) -> Tensor:
        first, second = pair
        squared = channel_means(lambda rows: (first[:, :, rows] - second[:, :, rows]).square_(), first)
        return squared @ self.get_parameter(f"lin{stage}.model.1.weight").view(-1)


def _linear(channels: int) -> nn.Module:
    """The non-negative weights of a stage's channels, under the name that they have in the files of the package lpips."""
    return nn.ModuleDict({"model": nn.Sequential(nn.Identity(), nn.Conv2d(channels, 1, kernel_size=1, bias=False))})

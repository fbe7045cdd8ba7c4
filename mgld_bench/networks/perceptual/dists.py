"""DISTS, the distance of two images in structure and texture."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from mgld_bench.networks.perceptual.torchvision_features import (
    VGG16_CHANNELS,
    VGG16_SLICES,
    channel_means,
    fast_layout,
    vgg16_features,
)

MEAN = (0.485, 0.456, 0.406)
STANDARD_DEVIATION = (0.229, 0.224, 0.225)
CHANNELS = (3, *VGG16_CHANNELS)
STABILITY = 1e-6
_POOLING = (0.25, 0.5, 0.25)
_POOLING_EPSILON = 1e-12


@dataclass(frozen=True)
class DistsStage:
    """What is compared of images at one depth."""

    maps: Tensor
    """(n, c, h, w)"""
    mean: Tensor
    """(n, c), over all pixels."""
    variance: Tensor
    """(n, c), over all pixels (population)."""


class DISTS(nn.Module):
    """Similarity of means (texture) and correlation (structure) of two images' VGG16 maps at five depths, and of the images.

    Ding et al., Image Quality Assessment: Unifying Structure and Texture Similarity, IEEE TPAMI 2020; dingkeyan93/DISTS (MIT).
    Names: ``features.N`` as in torchvision's vgg16, whose ``classifier`` is not needed, and ``alpha``, ``beta`` as in the file of
    the package DISTS-pytorch. Images are not resized.

    Images are (n, 3, h, w) float32 RGB in [0, 1].
    """

    mean: Tensor
    deviation: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.features = vgg16_features(_L2Pooling)
        self.alpha = nn.Parameter(torch.full((1, sum(CHANNELS), 1, 1), 0.1))
        self.beta = nn.Parameter(torch.full((1, sum(CHANNELS), 1, 1), 0.1))
        self.register_buffer("mean", torch.tensor(MEAN).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("deviation", torch.tensor(STANDARD_DEVIATION).view(1, 3, 1, 1), persistent=False)

    def forward(self, first: Tensor, second: Tensor) -> Tensor:
        """The distances (n,) of two batches of images."""
        return self.compare(self.stages(first), self.stages(second))

    def stages(self, images: Tensor) -> Iterator[DistsStage]:
        """What compare() needs of images, stage by stage: of the images themselves and of five depths of the network."""
        return map(_stage, self.activations(images))

    def compare(self, first: Iterable[DistsStage], second: Iterable[DistsStage]) -> Tensor:
        """The distances (n,) of two batches of images, from their stages(); 0 for identical images."""
        distance = torch.zeros((), device=self.alpha.device)
        for (texture, structure), (alpha, beta) in zip(self.agreements(first, second), self.weights(), strict=True):
            distance = distance + (1 - texture) @ alpha + (1 - structure) @ beta
        return distance

    def agreements(self, first: Iterable[DistsStage], second: Iterable[DistsStage]) -> Iterator[tuple[Tensor, Tensor]]:
        """Stage by stage, each channel's agreement in texture and in structure: (n, c) each, 1 where it is perfect."""
        for ours, theirs in zip(first, second, strict=True):
            yield _texture(ours, theirs), _structure(ours, theirs)

    def weights(self) -> list[tuple[Tensor, Tensor]]:
        """Stage by stage, the weights (c,) of each channel's texture and structure; they sum to 1 over all stages."""
        total = self.alpha.sum() + self.beta.sum()
        alphas, betas = (torch.split(weights.view(-1) / total, list(CHANNELS)) for weights in (self.alpha, self.beta))
        return list(zip(alphas, betas, strict=True))

    def activations(self, images: Tensor) -> Iterator[Tensor]:
        """The images, and the outputs of the network's five slices for them."""
        yield images
        maps = (fast_layout(images) - self.mean) / self.deviation
        for start, stop in VGG16_SLICES:
            for layer in self.features[start:stop]:
                maps = layer(maps)
            yield maps


class _L2Pooling(nn.Module):
    """The root of the mean square, weighted by a 3x3 Hann window, at every second pixel."""

    kernel: Tensor

    def __init__(self) -> None:
        super().__init__()
        window = torch.tensor(_POOLING)
        self.register_buffer("kernel", torch.outer(window, window).view(1, 1, 3, 3), persistent=False)

    def forward(self, maps: Tensor) -> Tensor:
        channels = maps.shape[1]
        kernels = self.kernel.expand(channels, 1, 3, 3)
        means = functional.conv2d(maps.square(), kernels, stride=2, padding=1, groups=channels)
        return means.add_(_POOLING_EPSILON).sqrt_()


def _stage(maps: Tensor) -> DistsStage:
    mean = maps.mean((2, 3))
    return DistsStage(maps, mean, channel_means(lambda rows: _centred(maps, mean, rows).square_(), maps))


def _texture(first: DistsStage, second: DistsStage) -> Tensor:
    """The similarity of the means (n, c)."""
    return (2 * first.mean * second.mean + STABILITY) / (first.mean**2 + second.mean**2 + STABILITY)


def _structure(first: DistsStage, second: DistsStage) -> Tensor:
    """The similarity of the variations (n, c)."""
    covariance = channel_means(
        lambda rows: _centred(first.maps, first.mean, rows).mul_(_centred(second.maps, second.mean, rows)), first.maps
    )
    return (2 * covariance + STABILITY) / (first.variance + second.variance + STABILITY)


def _centred(maps: Tensor, mean: Tensor, rows: slice) -> Tensor:
    return maps[:, :, rows] - mean[:, :, None, None]

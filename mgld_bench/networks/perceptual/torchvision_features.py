"""The convolutions of torchvision's AlexNet and VGG16, under torchvision's names, and averages over their feature maps.

Source: torchvision/models/alexnet.py and vgg.py (BSD-3-Clause).
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

ALEXNET_SLICES = ((0, 2), (2, 5), (5, 8), (8, 10), (10, 12))
VGG16_SLICES = ((0, 4), (4, 9), (9, 16), (16, 23), (23, 30))
"""First layer of each slice and the one after its last; every slice ends with a ReLU."""
ALEXNET_CHANNELS = (64, 192, 384, 256, 256)
VGG16_CHANNELS = (64, 128, 256, 512, 512)
"""Of the slices' outputs."""
_VGG16_LAYERS = (64, 64, None, 128, 128, None, 256, 256, 256, None, 512, 512, 512, None, 512, 512, 512)
"""Channels of each convolution; None: pooling."""
_STRIP_ELEMENTS = 1 << 17
"""512 KiB of float32, which stay in the cache of a processor core."""


def alexnet_features() -> nn.Sequential:
    """torchvision's alexnet().features without the last pooling."""
    return nn.Sequential(
        nn.Conv2d(3, 64, kernel_size=11, stride=4, padding=2),
        nn.ReLU(inplace=True),
        nn.MaxPool2d(kernel_size=3, stride=2),
        nn.Conv2d(64, 192, kernel_size=5, padding=2),
        nn.ReLU(inplace=True),
        nn.MaxPool2d(kernel_size=3, stride=2),
        nn.Conv2d(192, 384, kernel_size=3, padding=1),
        nn.ReLU(inplace=True),
        nn.Conv2d(384, 256, kernel_size=3, padding=1),
        nn.ReLU(inplace=True),
        nn.Conv2d(256, 256, kernel_size=3, padding=1),
        nn.ReLU(inplace=True),
    )


def vgg16_features(pooling: Callable[[], nn.Module]) -> nn.Sequential:
    """torchvision's vgg16().features without the last pooling.

    Args:
        pooling: makes the module in the place of each of the other poolings.
    """
    layers: list[nn.Module] = []
    channels = 3
    for width in _VGG16_LAYERS:
        if width is None:
            layers.append(pooling())
        else:
            layers += [nn.Conv2d(channels, width, kernel_size=3, padding=1), nn.ReLU(inplace=True)]
            channels = width
    return nn.Sequential(*layers)


def fast_layout(images: Tensor) -> Tensor:
    """Images (n, c, h, w) in the memory format in which they are convolved fastest: channels last on a CPU."""
    return images.contiguous(memory_format=torch.channels_last) if images.device.type == "cpu" else images


def channel_means(values: Callable[[slice], Tensor], maps: Tensor) -> Tensor:
    """Means over all pixels of values computed from maps, (n, c).

    On a CPU few enough rows are computed at a time for the values to stay in its cache.

    Args:
        values: computes the values for some rows of the maps, of the maps' shape there.
        maps: (n, c, h, w).
    """
    count, channels, height, width = maps.shape
    step = max(1, _STRIP_ELEMENTS // (count * channels * width)) if maps.device.type == "cpu" else height
    sums = [values(slice(top, top + step)).sum((2, 3)) for top in range(0, height, step)]
    return torch.stack(sums).sum(0) / (height * width)

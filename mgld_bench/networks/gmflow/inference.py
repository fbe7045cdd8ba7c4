"""How frames of any size are fed to GMFlow and UniMatch: resized to sides that the network takes, portrait frames transposed.

Bilinear with align_corners True, unlike resize_flow() of networks.layers.optical_flow. Source: evaluate_flow.py of
autonomousvision/unimatch.
"""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional


def next_multiples(size: tuple[int, int], factor: int) -> tuple[int, int]:
    """The smallest multiples of ``factor`` that are not below ``size``.

    >>> next_multiples((180, 320), 32)
    (192, 320)
    """
    return size[0] + -size[0] % factor, size[1] + -size[1] % factor


def resize_images(images: Tensor, size: tuple[int, int]) -> Tensor:
    """Images (n, c, h, w) at ``size`` (height, width); images of that size are returned as they are."""
    if (images.shape[-2], images.shape[-1]) == size:
        return images
    return functional.interpolate(images, size, mode="bilinear", align_corners=True)


def resize_flow_back(flow: Tensor, size: tuple[int, int]) -> Tensor:
    """A flow (n, 2, h, w) at ``size`` (height, width), in pixels of that size; a flow of that size is returned as it is."""
    height, width = flow.shape[-2:]
    if (height, width) == size:
        return flow
    return resize_images(flow, size) * flow.new_tensor([size[1] / width, size[0] / height]).view(1, 2, 1, 1)


def as_landscape(images: Tensor) -> Tensor:
    """Portrait images (n, c, h, w) transposed, as UniMatch was trained on landscape crops; other images as they are."""
    return images.transpose(-2, -1) if images.shape[-2] > images.shape[-1] else images


def from_landscape(flow: Tensor) -> Tensor:
    """The flow (n, 2, h, w) of images that as_landscape() transposed, for the images as they were.

    The two components are exchanged as well, so that channel 0 points right again. The authors' script leaves this out: there,
    channel 0 of a portrait image's flow points down.
    """
    return flow.transpose(-2, -1).flip(1)

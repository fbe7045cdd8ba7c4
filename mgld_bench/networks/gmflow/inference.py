"""How the authors of GMFlow and of UniMatch give frames of any size to their networks."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional


def next_multiples(size: tuple[int, int], factor: int) -> tuple[int, int]:
    """The smallest multiples of ``factor`` that are not below ``size``."""
    return size[0] + -size[0] % factor, size[1] + -size[1] % factor


def resize_images(images: Tensor, size: tuple[int, int]) -> Tensor:
    """``images`` (n, c, h, w) at ``size``, bilinear, corners on corners; those that fit are returned as they are."""
    if (images.shape[-2], images.shape[-1]) == size:
        return images
    return functional.interpolate(images, size, mode="bilinear", align_corners=True)


def resize_flow_back(flow: Tensor, size: tuple[int, int]) -> Tensor:
    """``flow`` (n, 2, h, w) in pixels for images of ``size`` (height, width), bilinear, corners on corners."""
    height, width = flow.shape[-2:]
    if (height, width) == size:
        return flow
    return resize_images(flow, size) * flow.new_tensor([size[1] / width, size[0] / height]).view(1, 2, 1, 1)


def as_landscape(images: Tensor) -> Tensor:
    """Portrait images (n, c, h, w) transposed, as UniMatch does since it was trained on landscape crops; others as they are."""
    return images.transpose(-2, -1) if images.shape[-2] > images.shape[-1] else images


def from_landscape(flow: Tensor) -> Tensor:
    """The flow (n, 2, h, w) of images that as_landscape() transposed, for the images as they were.

    The two components change places as well, so that channel 0 points right again. The authors' script (evaluate_flow.py of
    autonomousvision/unimatch) leaves this out: there, channel 0 of a portrait image's flow points down.
    """
    return flow.transpose(-2, -1).flip(1)

"""Padding of images to sides that a network can halve, with the image in the middle."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional


def pad_centred(images: Tensor, multiple: int) -> Tensor:
    """``images`` (n, c, h, w) padded to the next multiples of ``multiple`` by repeating the border pixels.

    Half of the padding on either side; an odd pixel goes to the right and to the bottom. Images that fit are not copied.
    Source: InputPadder of princeton-vl/RAFT.
    """
    height, width = images.shape[-2:]
    down, right = -height % multiple, -width % multiple
    if not down and not right:
        return images
    return functional.pad(images, (right // 2, right - right // 2, down // 2, down - down // 2), mode="replicate")


def unpad_centred(padded: Tensor, size: tuple[int, int]) -> Tensor:
    """The part (n, c, height, width) of ``padded`` that pad_centred() was given, an image of ``size`` (height, width). A view."""
    top, left = ((full - part) // 2 for full, part in zip(padded.shape[-2:], size, strict=True))
    return padded[..., top : top + size[0], left : left + size[1]]

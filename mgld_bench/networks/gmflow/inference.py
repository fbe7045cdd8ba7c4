"""How the authors of GMFlow and of UniMatch give frames of any size to their networks."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional

from mgld_bench.networks.gmflow.network import GMFlow
from mgld_bench.networks.layers.centred_padding import pad_centred, unpad_centred


def padded_flow(network: GMFlow, image0: Tensor, image1: Tensor, factor: int, both: bool = False) -> Tensor:
    """GMFlow's default: images (n, 3, h, w), 0..255, of any size are padded to multiples of ``factor``, their flow is cropped.

    Source: evaluate.py of haofeixu/gmflow (InputPadder, mode sintel). ``both``: as in GMFlow.forward().
    """
    padded = (pad_centred(image, factor) for image in (image0, image1))
    flow: Tensor = network(*padded, both)
    return unpad_centred(flow, (image0.shape[-2], image0.shape[-1]))


def resized_flow(network: GMFlow, image0: Tensor, image1: Tensor, size: tuple[int, int], both: bool = False) -> Tensor:
    """Both images resized to ``size`` (height, width), multiples of the padding factor; the flow resized and scaled back.

    Source: GMFlow's inference_size, and UniMatch's default with the next multiples.
    """
    original = (image0.shape[-2], image0.shape[-1])
    flow: Tensor = network(resize_images(image0, size), resize_images(image1, size), both)
    return resize_flow_back(flow, original)


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


def from_landscape(flow: Tensor, exchange: bool) -> Tensor:
    """The flow (n, 2, h, w) of images that as_landscape() transposed, for the images as they were.

    exchange: the two components change places, so that channel 0 points right again. The authors of UniMatch leave this out
    (evaluate_flow.py): without it channel 0 of a portrait image's flow points down.
    """
    turned = flow.transpose(-2, -1)
    return turned.flip(1) if exchange else turned

"""Triton kernels over maps with channels last in memory: (images, pixels, channels), a pixel's channels side by side.

Only `fused` imports this: Triton comes with PyTorch's CUDA builds for Linux, not everywhere. No atomic operations, and parts
whose size does not depend on the number of images: the same input gives the same bits each time, in whatever company.
"""

from __future__ import annotations

from typing import Any, Final

import torch
import triton
import triton.language as tl
from torch import Tensor

ROWS: Final = 64
CHANNELS: Final = 64
"""Pixels and channels that a program holds at a time: 128 bytes of a pixel in half precision, a whole line of the cache."""
_MERGED: Final = 1024
"""Moments that are merged at a time."""
_ROOT_HALF: Final = 0.7071067811865476


@triton.jit
def _moments(x, means, squares, pixels, channels, parts, tiles, ROWS: tl.constexpr, CHANNELS: tl.constexpr):
    """Of each channel in a part of an image (tiles * ROWS pixels): the mean, and the sum of squared differences from it."""
    part, image = tl.program_id(0), tl.program_id(2)
    channel = tl.program_id(1) * CHANNELS + tl.arange(0, CHANNELS)
    known = channel < channels
    start = x + image.to(tl.int64) * pixels * channels
    mean = tl.zeros([CHANNELS], tl.float32)
    square = tl.zeros([CHANNELS], tl.float32)
    seen = 0.0
    for tile in range(tiles):
        first = (part * tiles + tile) * ROWS
        pixel = first + tl.arange(0, ROWS)
        there = (pixel < pixels)[:, None] & known[None, :]
        values = tl.load(start + pixel[:, None] * channels + channel[None, :], mask=there, other=0.0).to(tl.float32)
        found = tl.minimum(tl.maximum(pixels - first, 0), ROWS).to(tl.float32)
        tile_mean = tl.sum(values, axis=0) / tl.maximum(found, 1.0)
        away = tl.where(there, values - tile_mean[None, :], 0.0)
        # Chan's merge of two means and sums: no small difference of large sums anywhere.
        share = found / tl.maximum(seen + found, 1.0)
        step = tile_mean - mean
        mean += step * share
        square += tl.sum(away * away, axis=0) + step * step * share * seen
        seen += found
    place = (image * parts + part) * channels + channel
    tl.store(means + place, mean, mask=known)
    tl.store(squares + place, square, mask=known)


@triton.jit
def _affine(
    means,
    squares,
    added,
    added_stride,
    weight,
    bias,
    result,
    pixels,
    channels,
    parts,
    part_pixels,
    eps,
    groups,
    images,
    PARTS: tl.constexpr,
    OWN: tl.constexpr,
    HAS_ADDED: tl.constexpr,
):
    """From the moments: what x is multiplied by and what is added then, so that it is normalised, for each image and channel."""
    group, image = tl.program_id(0), tl.program_id(1)
    own = channels // groups
    channel = group * own + tl.arange(0, OWN)
    known = tl.arange(0, OWN) < own
    shift = tl.zeros([OWN], tl.float32)
    if HAS_ADDED:
        shift += tl.load(added + image * added_stride + channel, mask=known, other=0.0).to(tl.float32)
    start = image * parts * channels
    total = tl.zeros([PARTS, OWN], tl.float32)
    for block in range((parts + PARTS - 1) // PARTS):
        part = block * PARTS + tl.arange(0, PARTS)
        there = (part < parts)[:, None] & known[None, :]
        count = tl.minimum(part_pixels, pixels - part * part_pixels).to(tl.float32)[:, None]
        mean = tl.load(means + start + part[:, None] * channels + channel[None, :], mask=there, other=0.0)
        total += tl.where(there, (mean + shift[None, :]) * count, 0.0)
    everything = (pixels * own).to(tl.float32)
    middle = tl.sum(tl.sum(total, axis=1), axis=0) / everything
    total = tl.zeros([PARTS, OWN], tl.float32)
    for block in range((parts + PARTS - 1) // PARTS):
        part = block * PARTS + tl.arange(0, PARTS)
        there = (part < parts)[:, None] & known[None, :]
        count = tl.minimum(part_pixels, pixels - part * part_pixels).to(tl.float32)[:, None]
        place = start + part[:, None] * channels + channel[None, :]
        away = tl.load(means + place, mask=there, other=0.0) + shift[None, :] - middle
        total += tl.where(there, tl.load(squares + place, mask=there, other=0.0) + away * away * count, 0.0)
    variance = tl.sum(tl.sum(total, axis=1), axis=0) / everything
    scale = tl.load(weight + channel, mask=known, other=0.0).to(tl.float32) / tl.sqrt(variance + eps)
    place = image * channels + channel
    tl.store(result + place, scale, mask=known)
    offset = tl.load(bias + channel, mask=known, other=0.0).to(tl.float32) + (shift - middle) * scale
    tl.store(result + images * channels + place, offset, mask=known)


@triton.jit
def _scaled(x, affine, y, pixels, channels, images, SILU: tl.constexpr, ROWS: tl.constexpr, CHANNELS: tl.constexpr):
    """y = x * scale + offset, and SiLU of that."""
    image = tl.program_id(2)
    pixel = tl.program_id(0) * ROWS + tl.arange(0, ROWS)
    channel = tl.program_id(1) * CHANNELS + tl.arange(0, CHANNELS)
    known = channel < channels
    there = (pixel < pixels)[:, None] & known[None, :]
    place = image.to(tl.int64) * pixels * channels + pixel[:, None] * channels + channel[None, :]
    scale = tl.load(affine + image * channels + channel, mask=known, other=0.0)
    offset = tl.load(affine + (images + image) * channels + channel, mask=known, other=0.0)
    value = tl.load(x + place, mask=there, other=0.0).to(tl.float32) * scale[None, :] + offset[None, :]
    if SILU:
        value = value / (1.0 + tl.exp(-value))
    tl.store(y + place, value.to(y.dtype.element_ty), mask=there)


@triton.jit
def _modulated(
    x,
    affine,
    gamma,
    beta,
    modulation_stride,
    offsets,
    skip,
    y,
    pixels,
    channels,
    images,
    ROWS: tl.constexpr,
    CHANNELS: tl.constexpr,
):
    """y = (x * scale + offset) * (gamma + offsets[0]) + beta + offsets[1] + skip."""
    image = tl.program_id(2)
    pixel = tl.program_id(0) * ROWS + tl.arange(0, ROWS)
    channel = tl.program_id(1) * CHANNELS + tl.arange(0, CHANNELS)
    known = channel < channels
    there = (pixel < pixels)[:, None] & known[None, :]
    place = image.to(tl.int64) * pixels * channels + pixel[:, None] * channels + channel[None, :]
    beside = image.to(tl.int64) * pixels * modulation_stride + pixel[:, None] * modulation_stride + channel[None, :]
    scale = tl.load(affine + image * channels + channel, mask=known, other=0.0)
    offset = tl.load(affine + (images + image) * channels + channel, mask=known, other=0.0)
    times = tl.load(offsets + channel, mask=known, other=0.0)
    plus = tl.load(offsets + channels + channel, mask=known, other=0.0)
    value = tl.load(x + place, mask=there, other=0.0).to(tl.float32) * scale[None, :] + offset[None, :]
    value *= tl.load(gamma + beside, mask=there, other=0.0).to(tl.float32) + times[None, :]
    value += tl.load(beta + beside, mask=there, other=0.0).to(tl.float32) + plus[None, :]
    value += tl.load(skip + place, mask=there, other=0.0).to(tl.float32)
    tl.store(y + place, value.to(y.dtype.element_ty), mask=there)


@triton.jit
def _gated(both, y, tokens, channels, ROOT_HALF: tl.constexpr, ROWS: tl.constexpr, CHANNELS: tl.constexpr):
    """y = value * GELU(gate), where a token's gates come after its values."""
    token = (tl.program_id(0) * ROWS + tl.arange(0, ROWS)).to(tl.int64)
    channel = tl.program_id(1) * CHANNELS + tl.arange(0, CHANNELS)
    there = (token < tokens)[:, None] & (channel < channels)[None, :]
    place = token[:, None] * (2 * channels) + channel[None, :]
    value = tl.load(both + place, mask=there, other=0.0).to(tl.float32)
    gate = tl.load(both + place + channels, mask=there, other=0.0).to(tl.float32)
    value *= 0.5 * gate * (1.0 + tl.erf(gate * ROOT_HALF))
    tl.store(y + token[:, None] * channels + channel[None, :], value.to(y.dtype.element_ty), mask=there)


def affine(x: Tensor, added: Tensor | None, weight: Tensor, bias: Tensor, groups: int, eps: float) -> Tensor:
    """Group normalisation of x + added as x * scale + offset: both, (2, n, channels) float32.

    Args:
        x: (n, channels, h, w) with channels last, dense.
        added: (1 or n, channels), or none.
        weight: of the normalisation, (channels,).
        bias: likewise.
        groups: of the channels.
        eps: added to the variance.
    """
    images, channels, height, width = x.shape
    pixels = height * width
    # By the size of an image alone, so that no image depends on its company.
    tiles = 1 if pixels <= 64 * ROWS else 4 if pixels <= 1024 * ROWS else 16
    parts = triton.cdiv(pixels, tiles * ROWS)
    moments = torch.empty(2, images, parts, channels, dtype=torch.float32, device=x.device)
    grid: Any = (parts, triton.cdiv(channels, CHANNELS), images)
    _moments[grid](x, moments[0], moments[1], pixels, channels, parts, tiles, ROWS, CHANNELS)
    result = torch.empty(2, images, channels, dtype=torch.float32, device=x.device)
    stride = 0 if added is None or len(added) == 1 else added.stride(0)
    own = triton.next_power_of_2(channels // groups)
    grid = (groups, images)
    # A pointer is needed where nothing is added, too.
    beside = weight if added is None else added
    _affine[grid](
        moments[0], moments[1], beside, stride, weight, bias, result, pixels, channels, parts, tiles * ROWS, eps, groups, images,
        PARTS=max(1, _MERGED // own), OWN=own, HAS_ADDED=added is not None,
    )  # fmt: skip
    return result


def scaled(x: Tensor, scale_offset: Tensor, silu: bool) -> Tensor:
    """x * scale + offset for what affine() returned, and SiLU of it; in the dtype and the order of ``x``."""
    images, channels, height, width = x.shape
    y = torch.empty_like(x)
    grid: Any = (triton.cdiv(height * width, ROWS), triton.cdiv(channels, CHANNELS), images)
    _scaled[grid](x, scale_offset, y, height * width, channels, images, silu, ROWS, CHANNELS)
    return y


def modulated(x: Tensor, scale_offset: Tensor, gamma: Tensor, beta: Tensor, offsets: Tensor, skip: Tensor) -> Tensor:
    """(x * scale + offset) * (gamma + offsets[0]) + beta + offsets[1] + skip; in the dtype and the order of ``x``.

    Args:
        x: (n, channels, h, w) with channels last, dense.
        scale_offset: what affine() returned.
        gamma: of that shape, with channels last; may be some of the channels of a larger tensor.
        beta: likewise, of the same strides.
        offsets: (2, channels) float32.
        skip: as ``x``.
    """
    images, channels, height, width = x.shape
    y = torch.empty_like(x)
    grid: Any = (triton.cdiv(height * width, ROWS), triton.cdiv(channels, CHANNELS), images)
    stride = gamma.stride(3)
    _modulated[grid](
        x, scale_offset, gamma, beta, stride, offsets, skip, y, height * width, channels, images, ROWS, CHANNELS
    )  # fmt: skip
    return y


def gated(both: Tensor) -> Tensor:
    """The first half of the channels (..., 2 c), contiguous, times the GELU of the second half: (..., c)."""
    y = both.new_empty(*both.shape[:-1], both.shape[-1] // 2)
    channels = y.shape[-1]
    tokens = y.numel() // channels
    grid: Any = (triton.cdiv(tokens, ROWS), triton.cdiv(channels, CHANNELS))
    _gated[grid](both, y, tokens, channels, _ROOT_HALF, ROWS, CHANNELS)
    return y

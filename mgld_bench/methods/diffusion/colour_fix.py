"""Colour fixes: diffusion and decoder shift colours, which are drawn back to those of the enlarged input."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

import torch
from torch import Tensor
from torch.nn import functional

EPSILON: Final = 1e-5
"""Added to variances under the root."""
LEVELS: Final = 5
"""Of the wavelet fix: the low band is what is left after blurs that see 1, 2, 4, 8 and 16 pixels far."""

ColourFix = Callable[[Tensor, Tensor], Tensor]


def adain(content: Tensor, style: Tensor) -> Tensor:
    """``content`` with the mean and the standard deviation of ``style``, per frame and colour over all pixels.

    Adaptive instance normalisation (Huang and Belongie, 2017) as in StableSR: unbiased variance. Both (n, 3, h, w), computed and
    returned in float32, not clamped. The padding of padded pictures counts (kept, as by the authors).
    """
    mean, deviation = _statistics(content.float())
    wanted_mean, wanted_deviation = _statistics(style.float())
    scale = wanted_deviation / deviation
    return (content.float() - mean) * scale + wanted_mean


def wavelet(content: Tensor, style: Tensor, levels: int = LEVELS) -> Tensor:
    """The details of ``content`` on the low band of ``style``.

    Both (n, 3, h, w), computed and returned in float32, not clamped. Blurring is linear, so content - low(content) + low(style)
    is one low band, that of the difference. Source: StableSR.
    """
    content = content.float()
    return content + low_band(style.float() - content, levels)


def low_band(pictures: Tensor, levels: int = LEVELS) -> Tensor:
    """What is left of (n, 3, h, w) after blurs of 1, 2, 4 ... pixels, one after the other."""
    for level in range(levels):
        pictures = blur(pictures, 2**level)
    return pictures


def blur(pictures: Tensor, radius: int) -> Tensor:
    """The mean of 3x3 pixels that lie ``radius`` apart, with weights 1 2 1 both ways; edges are repeated."""
    padded = functional.pad(pictures, (radius, radius, radius, radius), mode="replicate")
    return _blur_along(_blur_along(padded, radius, dim=3), radius, dim=2)


def unchanged(content: Tensor, style: Tensor) -> Tensor:
    """``content`` in float32."""
    return content.float()


COLOUR_FIXES: Final[Mapping[str, ColourFix]] = MappingProxyType({"adain": adain, "wavelet": wavelet, "none": unchanged})
"""By the names in cards: (content, style) -> fixed content, all (n, 3, h, w), the result float32."""


def _statistics(pictures: Tensor) -> tuple[Tensor, Tensor]:
    variance, mean = torch.var_mean(pictures, dim=(2, 3), correction=1, keepdim=True)
    return mean, (variance + EPSILON).sqrt()


def _blur_along(padded: Tensor, radius: int, dim: int) -> Tensor:
    kept = padded.shape[dim] - 2 * radius
    before, middle, after = (padded.narrow(dim, step * radius, kept) for step in range(3))
    return (before + after).add_(middle, alpha=2).div_(4)

"""The degradation BD: a Gaussian blur, then every fourth pixel. There are two conventions, 1.5 pixels apart."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from mgld_bench.cards.schemas import DegradationCard
from mgld_bench.clips.bicubic import FloatArray, to_levels
from mgld_bench.clips.clip import Frame
from mgld_bench.degradation.degradation import Degradation, DegradationOptions
from mgld_bench.degradation.plan import DrawnPlan
from mgld_bench.errors import InputError

SIGMA: Final = 1.6
"""Standard deviation in pixels of the ground truth."""
_SCALE: Final = 4


@dataclass(frozen=True)
class _Convention:
    """Where the kernel's taps lie, and what is beyond the border."""

    taps: int
    first: int
    """Position of the first tap of the first LR pixel, in pixels of the ground truth."""
    border: Literal["edge", "reflect"]
    """edge: the last pixel again and again; reflect: mirrored, the last pixel not repeated. As NumPy calls them."""


_CONVENTIONS: Final = {
    # fspecial('gaussian', ceil(3 sigma) * 2 + 2): an even kernel, which imfilter puts from 5 before to 6 after a pixel; then
    # pixels 2, 6, 10 ... counted from 1. Its middle is that of the 4 x 4 block.
    "basicvsr": _Convention(taps=12, first=1 - 5, border="edge"),
    # SciPy's gaussian_filter of an impulse, 13 taps; then pixels 0, 4, 8 ... counted from 0.
    "duf": _Convention(taps=13, first=0 - 6, border="reflect"),
}


class BlurDownOptions(DegradationOptions):
    """The options of BD."""

    convention: Literal["basicvsr", "duf"] = "basicvsr"
    """basicvsr: BasicVSR, BasicVSR++, VRT, RVRT; LR pixels lie in the middle of their 4 x 4 block, as with BI. duf: DUF, and
    BasicSR's duf_downsample; LR pixels lie on the top left pixel of their block."""


class BlurDown(Degradation[BlurDownOptions]):
    """Gaussian blur with sigma 1.6, then every fourth pixel; float64, rounded once, half away from zero.

    Sources: BD_degradation.m of ckkelvinchan/BasicVSR-IconVSR, the same in generate_LR_Vimeo90K_BD.m of cszn/KAIR, to which RVRT
    refers; duf_downsample of XPixelGroup/BasicSR.
    """

    def __init__(self, card: DegradationCard, options: BlurDownOptions) -> None:
        """Raises InputError where the card's scale is not 4."""
        super().__init__(card, options)
        if card.scale != _SCALE:
            raise InputError(f"degradation {card.name}: scale: {card.scale} is not supported; use {_SCALE}")

    def degrade(self, frames: Iterator[Frame], plan: DrawnPlan) -> Iterator[Frame]:
        """One frame at a time."""
        height, width = plan.target_size
        convention = _CONVENTIONS[self.options.convention]
        for frame in frames:
            sideways = np.moveaxis(_reduced(frame.astype(np.float64), height, convention), 1, 0)
            yield to_levels(np.moveaxis(_reduced(sideways, width, convention), 1, 0))


def _reduced(image: FloatArray, count: int, convention: _Convention) -> FloatArray:
    """``image`` filtered along its rows axis at ``count`` places, (count, ...) float64.

    Sums run over the taps in one order, by operations that every machine rounds alike: no matrix product.
    """
    before = -convention.first
    after = max(0, convention.first + _SCALE * (count - 1) + convention.taps - len(image))
    padded = np.pad(image, [(before, after), *[(0, 0)] * (image.ndim - 1)], mode=convention.border)
    total: FloatArray = np.zeros((count, *image.shape[1:]))
    for tap, weight in enumerate(gaussian(convention.taps)):
        total += weight * padded[tap : tap + _SCALE * (count - 1) + 1 : _SCALE]
    return total


def gaussian(taps: int) -> npt.NDArray[np.float64]:
    """The Gaussian's weights at ``taps`` places one pixel apart around its middle, (taps,) float64 with sum 1."""
    places = [tap - (taps - 1) / 2 for tap in range(taps)]
    values = [math.exp(-place * place / (2 * SIGMA * SIGMA)) for place in places]
    return np.array(values) / math.fsum(values)

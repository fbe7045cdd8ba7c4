"""The two published forms of the degradation, with the ranges from which they draw."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from mgld_bench.degradation.plan import KernelType, ProfileName

Limits = tuple[float, float]
"""The smallest and the largest value."""

PeakValue = Literal[1, 255]
"""White of a profile's range."""

KERNEL_PROBABILITIES: dict[KernelType, float] = {
    "iso": 0.405,
    "aniso": 0.225,
    "generalized_iso": 0.108,
    "generalized_aniso": 0.027,
    "plateau_iso": 0.108,
    "plateau_aniso": 0.027,
    "sinc": 0.1,
}
KERNEL_SIZES = (7, 9, 11, 13, 15, 17, 19, 21)
BIT_RATES = (10_000, 100_000)
"""Bits per frame, both ends included."""
BLUR_2_PROBABILITY = 0.8
BLUR_FINAL_PROBABILITY = 0.8
VIDEO_LAST_PROBABILITY = 0.5


@dataclass(frozen=True)
class BlurRanges:
    """The ranges of a blur kernel's parameters, and the largest steps from frame to frame."""

    sigma: Limits
    angle: Limits = (-3.1416, 3.1416)
    beta_gaussian: Limits = (0.5, 4.0)
    beta_plateau: Limits = (1.0, 2.0)
    sigma_step: float = 0.02
    angle_step: float = 0.31416
    beta_gaussian_step: float = 0.05
    beta_plateau_step: float = 0.1


OMEGA_STEP = 0.0628
"""The largest step of a cut-off frequency from frame to frame, in radians per pixel."""


def omega_limits(size: int) -> Limits:
    """The cut-off frequencies of the sinc kernels of both stages: small kernels cannot hold the low ones."""
    return (math.pi / 3 if size < 13 else math.pi / 5, math.pi)


@dataclass(frozen=True)
class ResizeRanges:
    """The range of a resize's scale, and its largest step from frame to frame."""

    scale: Limits
    up: float
    """Probability of a scale from 1 to the upper limit."""
    down: float
    """Probability of a scale from the lower limit to 1; otherwise the scale starts at 1."""
    step: float


@dataclass(frozen=True)
class NoiseRanges:
    """The ranges of the noise levels, and their largest steps from frame to frame."""

    gaussian: Limits
    """Standard deviation on the 0..255 scale."""
    poisson: Limits
    """Factor of the Poisson noise."""
    gaussian_probability: float = 0.5
    gray_probability: float = 0.4
    gaussian_step: float = 0.1
    poisson_step: float = 0.005


@dataclass(frozen=True)
class StageRanges:
    """The ranges of one of the two stages."""

    blur: BlurRanges
    resize: ResizeRanges
    noise: NoiseRanges
    quality: Limits = (30.0, 95.0)
    quality_step: float = 3.0


STAGE_1 = StageRanges(
    BlurRanges(sigma=(0.2, 3.0)),
    ResizeRanges(scale=(0.15, 1.5), up=0.2, down=0.7, step=0.015),
    NoiseRanges(gaussian=(1.0, 30.0), poisson=(0.05, 3.0)),
)
STAGE_2 = StageRanges(
    BlurRanges(sigma=(0.2, 1.5)),
    ResizeRanges(scale=(0.3, 1.2), up=0.3, down=0.4, step=0.03),
    NoiseRanges(gaussian=(1.0, 25.0), poisson=(0.05, 2.5)),
)


@dataclass(frozen=True)
class Profile:
    """What one published implementation does differently from the other."""

    name: ProfileName
    channels: Literal["rgb", "bgr"]
    """Order inside the degradation. JPEG takes it as B, G, R; video and the luma of gray Poisson noise as R, G, B."""
    peak: PeakValue
    """White inside the degradation. In 0..1 Poisson noise is 16 times stronger than in 0..255."""
    sharpened: bool
    """The source is the unsharp-masked ground truth, as float32; otherwise the ground truth itself, as uint8."""
    video_may_be_last: bool
    """The second video compression comes after the final resize and blur with probability VIDEO_LAST_PROBABILITY."""
    omega_final: Limits


PROFILES: dict[ProfileName, Profile] = {
    "mgld": Profile("mgld", "bgr", 255, sharpened=False, video_may_be_last=False, omega_final=(1.0472, 3.1416)),
    "realbasicvsr": Profile("realbasicvsr", "rgb", 1, sharpened=True, video_may_be_last=True, omega_final=(3.1416 / 3, 3.1416)),
}

"""Draws the plan of a clip from its seed, with parameters that walk at random from frame to frame."""

from __future__ import annotations

import math
import zlib
from collections.abc import Mapping, Sequence
from typing import TypeVar

import numpy as np

from mgld_bench.cards.schemas import DegradationCard
from mgld_bench.degradation import profiles
from mgld_bench.degradation.interface import clip_in_message
from mgld_bench.degradation.plan import (
    PROTOCOL,
    BlurKernel,
    BlurOperation,
    Codec,
    DegradationPlan,
    Interpolation,
    JpegFrame,
    JpegOperation,
    KernelType,
    NoiseFrame,
    NoiseKind,
    NoiseOperation,
    Operation,
    ResizeFrame,
    ResizeOperation,
    Size,
    VideoOperation,
)
from mgld_bench.degradation.profiles import BlurRanges, Limits, NoiseRanges, Profile, ResizeRanges, StageRanges
from mgld_bench.errors import InputError

_INTERPOLATIONS: tuple[Interpolation, ...] = ("bilinear", "area", "bicubic")
_CODECS: tuple[Codec, ...] = ("libx264", "h264", "mpeg4")
_SCALE = 4
_SMALLEST = 2
"""The fewest rows and columns that an encoder accepts."""

_Option = TypeVar("_Option")
_Stage = tuple[BlurOperation, ResizeOperation, NoiseOperation, JpegOperation]


def draw_plan(degradation: DegradationCard, dataset: str, clip: str, size: Size, frame_count: int) -> DegradationPlan:
    """The plan for a clip: the same arguments always give the same plan.

    One RandomState, whose streams NumPy guarantees never to change, draws in the order of the operations; within an operation
    first whether it is applied, then what holds for the whole clip, then the steps frame by frame. An operation that is not
    applied is still drawn, so that the draws after it do not shift.

    Args:
        degradation: Profile, salt and bit rates.
        dataset: Part of the seed.
        clip: Part of the seed.
        size: (height, width) of the ground truth.
        frame_count: Frames of the clip.

    Raises:
        InputError: A scale other than 4, a size that is not a multiple of 4, or one too small for this degradation.
    """
    _check_scale(degradation, clip, size)
    target = (size[0] // _SCALE, size[1] // _SCALE)
    profile = profiles.PROFILES[degradation.profile]
    if profile.video_may_be_last and (target[0] % 2 or target[1] % 2):
        raise InputError(
            f"{clip_in_message(clip)}: the profile {profile.name} may compress the {target[1]}x{target[0]} LR frames as video, "
            "and libx264 needs even sizes: crop the ground truth to multiples of 8, or use the profile mgld"
        )
    text = seed_text(degradation, dataset, clip)
    seed = zlib.crc32(text.encode())
    draw = _Draw(np.random.RandomState(seed), profile, frame_count, _bit_rate_factor(degradation, size))
    operations = draw.operations(size, target)
    _check_sizes(operations, clip, size)
    return DegradationPlan(
        profile=profile.name,
        seed_text=text,
        seed=seed,
        frame_count=frame_count,
        source_size=size,
        target_size=target,
        operations=operations,
    )


def seed_text(degradation: DegradationCard, dataset: str, clip: str) -> str:
    """The text whose CRC-32 is the clip's seed."""
    pixels = degradation.bitrate_reference_pixels
    profile = degradation.profile if pixels is None else f"{degradation.profile}-b{pixels}"
    return f"{PROTOCOL}|{profile}|{dataset}|{clip}|{degradation.salt}"


class _Draw:
    """One clip's draws."""

    def __init__(self, stream: np.random.RandomState, profile: Profile, frame_count: int, bit_rate_factor: float) -> None:
        self.stream = stream
        self.profile = profile
        self.frame_count = frame_count
        self.bit_rate_factor = bit_rate_factor

    def operations(self, size: Size, target: Size) -> tuple[Operation, ...]:
        """All operations; ``size`` is that of the source."""
        first = self._stage(profiles.STAGE_1, 1, 1.0, size)
        second = self._stage(profiles.STAGE_2, 2, profiles.BLUR_2_PROBABILITY, _size_after(first))
        video_last = self.profile.video_may_be_last and self._happens(profiles.VIDEO_LAST_PROBABILITY)
        video = self._video("video_2", target if video_last else _size_after(second))
        final = (self._resize_final(target), self._blur_final())
        middle = self._video("video_1", _size_after(first))
        tail: tuple[Operation, ...] = (*final, video) if video_last else (video, *final)
        return (*first, middle, *second, *tail)

    def _stage(self, ranges: StageRanges, number: int, blur_probability: float, size: Size) -> _Stage:
        return (
            self._blur(f"blur_{number}", ranges.blur, blur_probability),
            self._resize(f"resize_{number}", ranges.resize, size),
            self._noise(f"noise_{number}", ranges.noise),
            self._jpeg(f"jpeg_{number}", ranges.quality, ranges.quality_step),
        )

    def _blur(self, op: str, ranges: BlurRanges, probability: float) -> BlurOperation:
        applied = self._happens(probability)
        kind = self._weighted(profiles.KERNEL_PROBABILITIES)
        size = self._one_of(profiles.KERNEL_SIZES)
        omega = profiles.omega_limits(size)
        limits = (ranges.sigma, ranges.sigma, ranges.angle, ranges.beta_gaussian, ranges.beta_plateau, omega)
        steps = (
            ranges.sigma_step,
            ranges.sigma_step,
            ranges.angle_step,
            ranges.beta_gaussian_step,
            ranges.beta_plateau_step,
            profiles.OMEGA_STEP,
        )
        walks = self._walks(limits, steps)
        shapes = self.stream.random_sample(self.frame_count).tolist()
        frames = tuple(_kernel(kind, size, values, shape) for values, shape in zip(zip(*walks, strict=True), shapes, strict=True))
        return BlurOperation(op=op, applied=applied, frames=frames if applied else ())

    def _blur_final(self) -> BlurOperation:
        applied = self._happens(profiles.BLUR_FINAL_PROBABILITY)
        size = self._one_of(profiles.KERNEL_SIZES)
        (omegas,) = self._walks((self.profile.omega_final,), (profiles.OMEGA_STEP,))
        frames = tuple(BlurKernel(type="sinc", size=size, omega=omega) for omega in omegas)
        return BlurOperation(op="blur_final", applied=applied, frames=frames if applied else ())

    def _resize(self, op: str, ranges: ResizeRanges, size: Size) -> ResizeOperation:
        mode = self._one_of(_INTERPOLATIONS)
        low, high = ranges.scale
        direction = self._weighted({"up": ranges.up, "down": ranges.down, "keep": 1 - ranges.up - ranges.down})
        start = {"up": (1.0, high), "down": (low, 1.0), "keep": (1.0, 1.0)}[direction]
        scales = walk(self._uniform(start), self._steps(ranges.step), ranges.scale)
        return ResizeOperation(
            op=op, applied=True, frames=tuple(ResizeFrame(mode=mode, size=each) for each in even_sizes(*size, scales))
        )

    def _resize_final(self, target: Size) -> ResizeOperation:
        mode = self._one_of(_INTERPOLATIONS)
        return ResizeOperation(op="resize_final", applied=True, frames=(ResizeFrame(mode=mode, size=target),) * self.frame_count)

    def _noise(self, op: str, ranges: NoiseRanges) -> NoiseOperation:
        gaussian = self._happens(ranges.gaussian_probability)
        limits = ranges.gaussian if gaussian else ranges.poisson
        start = self._uniform(limits)
        gray = self._happens(ranges.gray_probability)
        levels = walk(start, self._steps(ranges.gaussian_step if gaussian else ranges.poisson_step), limits)
        kind: NoiseKind = "gaussian" if gaussian else "poisson"
        return NoiseOperation(
            op=op, applied=True, frames=tuple(NoiseFrame(kind=kind, gray=gray, level=level) for level in levels)
        )

    def _jpeg(self, op: str, limits: Limits, step: float) -> JpegOperation:
        qualities = walk_rounded(self._uniform(limits), self._steps(step), limits)
        return JpegOperation(op=op, applied=True, frames=tuple(JpegFrame(quality=quality) for quality in qualities))

    def _video(self, op: str, size: Size) -> VideoOperation:
        codec = self._one_of(_CODECS)
        low, high = profiles.BIT_RATES
        bit_rate = int(self.stream.randint(low, high + 1, dtype=np.int64))
        return VideoOperation(op=op, applied=True, codec=codec, bit_rate=round(bit_rate * self.bit_rate_factor), size=size)

    def _walks(self, limits: tuple[Limits, ...], steps: tuple[float, ...]) -> list[list[float]]:
        """One walk per parameter: all starts are drawn first, then the steps of all parameters frame by frame."""
        starts = [self._uniform(each) for each in limits]
        bounds = np.array(steps)
        increments = self.stream.uniform(-bounds, bounds, (self.frame_count, len(steps)))
        return [walk(start, increments[:, column].tolist(), limits[column]) for column, start in enumerate(starts)]

    def _steps(self, step: float) -> list[float]:
        steps: list[float] = self.stream.uniform(-step, step, self.frame_count).tolist()
        return steps

    def _uniform(self, limits: Limits) -> float:
        return float(self.stream.uniform(*limits))

    def _happens(self, probability: float) -> bool:
        return bool(self.stream.random_sample() < probability)

    def _one_of(self, options: tuple[_Option, ...]) -> _Option:
        return options[int(self.stream.randint(len(options), dtype=np.int64))]

    def _weighted(self, probabilities: Mapping[_Option, float]) -> _Option:
        options = list(probabilities)
        return options[int(self.stream.choice(len(options), p=list(probabilities.values())))]


def walk(start: float, increments: Sequence[float], limits: Limits) -> list[float]:
    """A random walk: one value per increment; frame 0 has ``start``, and after frame f increment f is added and clipped.

    >>> walk(1.0, [0.5, 0.5, -1.0, 0.0], (0.0, 1.75))
    [1.0, 1.5, 1.75, 0.75]
    """
    values = [start]
    for increment in increments[:-1]:
        values.append(_clip(values[-1] + increment, limits))
    return values[: len(increments)]


def walk_rounded(start: float, increments: Sequence[float], limits: Limits) -> list[int]:
    """The same walk on integers: each value is rounded half to even before the next step."""
    values = [round(start)]
    for increment in increments[:-1]:
        values.append(round(_clip(values[-1] + increment, limits)))
    return values[: len(increments)]


def even_sizes(height: int, width: int, scales: Sequence[float]) -> list[Size]:
    """(height, width) for each scale, rounded down to even numbers.

    >>> even_sizes(180, 320, [0.5, 1.01])
    [(90, 160), (180, 322)]
    """
    return [(2 * math.floor(height * scale / 2), 2 * math.floor(width * scale / 2)) for scale in scales]


def _clip(value: float, limits: Limits) -> float:
    return min(max(value, limits[0]), limits[1])


def _kernel(kind: KernelType, size: int, values: tuple[float, ...], shape: float) -> BlurKernel:
    """A frame's kernel, with those of the walks' values that its type has.

    As in the authors' code, generalized and plateau kernels do not get beta itself but a number between 1 and beta, drawn anew
    for each frame.
    """
    sigma_x, sigma_y, angle, beta_gaussian, beta_plateau, omega = values
    if kind == "sinc":
        return BlurKernel(type=kind, size=size, omega=omega)
    beta = {"generalized": beta_gaussian, "plateau": beta_plateau}.get(kind.split("_", maxsplit=1)[0])
    used = None if beta is None else beta + shape * (1 - beta)
    if kind.endswith("aniso"):
        return BlurKernel(type=kind, size=size, sigma_x=sigma_x, sigma_y=sigma_y, angle=angle, beta=used)
    return BlurKernel(type=kind, size=size, sigma_x=sigma_x, beta=used)


def _size_after(stage: _Stage) -> Size:
    """The size to which the video compression after a stage resizes all frames."""
    return stage[1].frames[0].size


def _bit_rate_factor(degradation: DegradationCard, size: Size) -> float:
    pixels = degradation.bitrate_reference_pixels
    return 1.0 if pixels is None else size[0] * size[1] / pixels


def _check_scale(degradation: DegradationCard, clip: str, size: Size) -> None:
    if degradation.scale != _SCALE:
        raise InputError(f"degradation {degradation.name}: scale: {degradation.scale} is not supported; use {_SCALE}")
    if size[0] % _SCALE or size[1] % _SCALE:
        raise InputError(
            f"{clip_in_message(clip)}: the ground truth is {size[1]}x{size[0]}: crop it to multiples of {_SCALE} first"
        )


def _check_sizes(operations: tuple[Operation, ...], clip: str, size: Size) -> None:
    sizes = [frame.size for operation in operations if isinstance(operation, ResizeOperation) for frame in operation.frames]
    smallest = min(sizes, key=min)
    if min(smallest) < _SMALLEST:
        raise InputError(
            f"{clip_in_message(clip)}: the ground truth of {size[1]}x{size[0]} is too small for this degradation: "
            f"it would pass through frames of {smallest[1]}x{smallest[0]}"
        )

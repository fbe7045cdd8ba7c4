"""The RealBasicVSR degradation of a whole clip, one frame in memory at a time.

Blur, resize, noise, JPEG and video compression, twice, with parameters that drift from frame to frame. Source: RealBasicVSR
(Chan et al., CVPR 2022), and MGLD-VSR's copy of it; the card's profile selects one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import cv2
import numpy as np

from mgld_bench.clips.clip import Frame
from mgld_bench.degradation.interface import Watch, unwatched
from mgld_bench.degradation.kernels import kernel_values
from mgld_bench.degradation.noise import RandomNumbers, add_noise, noise_numbers
from mgld_bench.degradation.operators import (
    WorkFrame,
    compress_jpeg,
    filter_frame,
    from_levels,
    portable_opencv,
    resize_frame,
    sharpen,
    to_uint8,
    to_video_levels,
)
from mgld_bench.degradation.plan import (
    BlurOperation,
    DegradationPlan,
    FrameOperation,
    NoiseOperation,
    ResizeOperation,
    Size,
    VideoOperation,
)
from mgld_bench.degradation.profiles import PROFILES, PeakValue, Profile
from mgld_bench.degradation.video import decode_video, encode_video


def degrade_frames(source: Iterable[Frame], plan: DegradationPlan, streams: Mapping[str, Path], watch: Watch) -> Iterator[Frame]:
    """Degrade ground-truth frames by a plan.

    Nothing happens before the first frame is asked for; then all frames pass both encoders.

    Args:
        source: The ground truth, (h, w, 3) uint8 RGB each.
        plan: What to do.
        streams: For each video compression of the plan the mp4 file to which its bitstream is written, and from which the next
            operation reads.
        watch: Sees every frame after every operation.

    Returns:
        The LR frames, (h/4, w/4, 3) uint8 RGB each.
    """
    profile = PROFILES[plan.profile]
    frames: Iterator[WorkFrame] = (_enter(frame, profile) for frame in source)
    for operation in plan.operations:
        if isinstance(operation, VideoOperation):
            frames = _compressed(frames, operation, plan, streams[operation.op], watch)
        elif operation.applied:
            frames = _applied(frames, operation, plan, watch)
    return (_leave(frame, profile) for frame in frames)


def finish_frames(plan: DegradationPlan, stream: Path) -> Iterator[Frame]:
    """The LR frames from the bitstream of the last video compression: only what follows it is done, no encoder, no noise.

    Raises InputError where the bitstream is missing, damaged or of a different length.
    """
    last = plan.videos[-1]
    frames: Iterator[WorkFrame] = _decoded(last, plan, stream, unwatched)
    for operation in plan.operations[plan.operations.index(last) + 1 :]:
        if not isinstance(operation, VideoOperation) and operation.applied:
            frames = _applied(frames, operation, plan, unwatched)
    return (_leave(frame, PROFILES[plan.profile]) for frame in frames)


def apply_operation(
    operation: FrameOperation, index: int, frame: WorkFrame, peak: PeakValue, numbers: RandomNumbers
) -> WorkFrame:
    """One frame after an operation that is applied.

    Args:
        operation: What to do.
        index: Which of the clip's frames it is.
        frame: (h, w, 3), uint8 or float32, on 0..``peak``.
        peak: White of the profile.
        numbers: Used by noise only.

    Returns:
        Blur and resize keep the dtype; noise gives float32; JPEG gives uint8 where ``peak`` is 255, otherwise float32.
    """
    if isinstance(operation, BlurOperation):
        return filter_frame(frame, kernel_values(operation.frames[index]))
    if isinstance(operation, ResizeOperation):
        resize = operation.frames[index]
        return resize_frame(frame, resize.mode, *resize.size)
    if isinstance(operation, NoiseOperation):
        return add_noise(frame, operation.frames[index], peak, numbers)
    compressed = compress_jpeg(frame if peak == 255 else frame * np.float32(255), operation.frames[index].quality)
    return from_levels(compressed, peak) if peak == 1 else compressed


def _applied(frames: Iterator[WorkFrame], operation: FrameOperation, plan: DegradationPlan, watch: Watch) -> Iterator[WorkFrame]:
    peak = PROFILES[plan.profile].peak
    for index, frame in enumerate(frames):
        with portable_opencv():
            after = apply_operation(operation, index, frame, peak, noise_numbers(plan.seed, operation.op, index))
        watch(operation.op, index, after)
        yield after


def _compressed(
    frames: Iterator[WorkFrame], video: VideoOperation, plan: DegradationPlan, stream: Path, watch: Watch
) -> Iterator[WorkFrame]:
    peak = PROFILES[plan.profile].peak
    levels = (_to_size(to_video_levels(frame, peak), video.size) for frame in frames)
    encode_video(levels, *video.size, video.codec, video.bit_rate, stream)
    yield from _decoded(video, plan, stream, watch)


def _to_size(frame: Frame, size: Size) -> Frame:
    with portable_opencv():
        return np.asarray(resize_frame(frame, "bilinear", *size), np.uint8)


def _decoded(video: VideoOperation, plan: DegradationPlan, stream: Path, watch: Watch) -> Iterator[WorkFrame]:
    peak = PROFILES[plan.profile].peak
    for index, frame in enumerate(decode_video(stream, *video.size, plan.frame_count)):
        after = from_levels(frame, peak)
        watch(video.op, index, after)
        yield after


def _enter(frame: Frame, profile: Profile) -> WorkFrame:
    """A ground-truth frame in the profile's dtype, range and order of channels."""
    ordered = frame if profile.channels == "rgb" else _swapped(frame)
    if not profile.sharpened:
        return ordered
    with portable_opencv():
        return np.asarray(sharpen(ordered) / np.float32(255 / profile.peak), np.float32)


def _leave(frame: WorkFrame, profile: Profile) -> Frame:
    """An LR frame as it is stored: rounded half to even, clipped, RGB."""
    levels = to_uint8(frame if profile.peak == 255 else frame * np.float32(255))
    return levels if profile.channels == "rgb" else _swapped(levels)


def _swapped(frame: Frame) -> Frame:
    """RGB to BGR and back."""
    return np.asarray(cv2.cvtColor(frame, cv2.COLOR_RGB2BGR), np.uint8)

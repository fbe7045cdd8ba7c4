"""The RealBasicVSR degradation of a whole clip, one frame in memory at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TypeAlias

import cv2
import numpy as np

from mgld_bench.cards.schemas import DegradationCard
from mgld_bench.clips.clip import Frame
from mgld_bench.degradation.drawing import draw_plan
from mgld_bench.degradation.frames import WorkFrame, to_uint8
from mgld_bench.degradation.opencv import portable_opencv
from mgld_bench.degradation.operations import apply_operation, from_levels, noise_numbers, to_video_levels
from mgld_bench.degradation.plan import FrameOperation, Operation, Plan, Size, Video
from mgld_bench.degradation.profiles import PROFILES, Profile
from mgld_bench.degradation.resizing import resize_frame
from mgld_bench.degradation.sharpening import sharpen
from mgld_bench.degradation.video import decode_video, encode_video
from mgld_bench.errors import InputError

PIPELINE = "mgld_bench.pairs.pipeline:RealBasicVSRDegradation"
"""The name of this pipeline in cards and in the keys of pairs. It stays as it is, wherever the class moves."""

Watch: TypeAlias = Callable[[str, int, WorkFrame], None]
"""Is called with each operation's name, the frame's index and the frame after that operation."""


class RealBasicVSRDegradation:
    """Blur, resize, noise, JPEG and video compression, twice, with parameters that drift from frame to frame.

    Source: RealBasicVSR (Chan et al., CVPR 2022), and MGLD-VSR's copy of it; the card's profile says which.
    """

    def __init__(self, degradation: DegradationCard) -> None:
        """``degradation``: a card whose ``pipeline`` is this one. Raises InputError for another one."""
        if degradation.pipeline != PIPELINE:
            raise InputError(f"degradation {degradation.name}: pipeline: {degradation.pipeline} is not known, only {PIPELINE}")
        self.degradation = degradation

    def plan(self, dataset: str, clip: str, size: Size, frame_count: int) -> Plan:
        """Everything that is random, drawn from the clip's seed: see draw_plan."""
        return draw_plan(self.degradation, dataset, clip, size, frame_count)


def degrade_frames(source: Iterable[Frame], plan: Plan, streams: Mapping[str, Path], watch: Watch) -> Iterator[Frame]:
    """The LR frames (h/4, w/4, 3) uint8 RGB of the ground-truth frames (h, w, 3) uint8 RGB.

    ``streams``: for each video compression of the plan the mp4 file to which its bitstream is written, and from which the next
    operation reads. Nothing happens before the first frame is asked for; then all frames pass both encoders.
    """
    profile = PROFILES[plan.profile]
    frames: Iterator[WorkFrame] = (_enter(frame, profile) for frame in source)
    for operation in plan.operations:
        if isinstance(operation, Video):
            frames = _compressed(frames, operation, plan, streams[operation.op], watch)
        elif operation.applied:
            frames = _applied(frames, operation, plan, watch)
    return (_leave(frame, profile) for frame in frames)


def finish_frames(plan: Plan, stream: Path, watch: Watch) -> Iterator[Frame]:
    """The LR frames from the bitstream of the last video compression: only what follows it is done; no encoder, no noise."""
    last = plan.videos[-1]
    frames: Iterator[WorkFrame] = _decoded(last, plan, stream, watch)
    for operation in _after(plan, last):
        if not isinstance(operation, Video) and operation.applied:
            frames = _applied(frames, operation, plan, watch)
    return (_leave(frame, PROFILES[plan.profile]) for frame in frames)


def _after(plan: Plan, video: Video) -> tuple[Operation, ...]:
    return plan.operations[plan.operations.index(video) + 1 :]


def _applied(frames: Iterator[WorkFrame], operation: FrameOperation, plan: Plan, watch: Watch) -> Iterator[WorkFrame]:
    peak = PROFILES[plan.profile].peak
    for index, frame in enumerate(frames):
        with portable_opencv():
            after = apply_operation(operation, index, frame, peak, noise_numbers(plan.seed, operation.op, index))
        watch(operation.op, index, after)
        yield after


def _compressed(frames: Iterator[WorkFrame], video: Video, plan: Plan, stream: Path, watch: Watch) -> Iterator[WorkFrame]:
    peak = PROFILES[plan.profile].peak
    levels = (_to_size(to_video_levels(frame, peak), video.size) for frame in frames)
    encode_video(levels, *video.size, video.codec, video.bit_rate, stream)
    yield from _decoded(video, plan, stream, watch)


def _to_size(frame: Frame, size: Size) -> Frame:
    with portable_opencv():
        return np.asarray(resize_frame(frame, "bilinear", *size), np.uint8)


def _decoded(video: Video, plan: Plan, stream: Path, watch: Watch) -> Iterator[WorkFrame]:
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
    """RGB from BGR, and the other way round."""
    return np.asarray(cv2.cvtColor(frame, cv2.COLOR_RGB2BGR), np.uint8)

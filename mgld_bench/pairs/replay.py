"""Builds a pair again from its ground truth and its plan, and finds the first operation whose result differs."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from mgld_bench.clips.clip import Frame
from mgld_bench.clips.reading import open_clip
from mgld_bench.degradation.pipeline import degrade_frames
from mgld_bench.degradation.plan import Plan
from mgld_bench.degradation.video import decode_video
from mgld_bench.errors import InputError
from mgld_bench.pairs.digests import OperationDigests
from mgld_bench.pairs.record import PairRecord
from mgld_bench.pairs.statistics import mean_squared_error, peak_signal_to_noise


def first_difference(folder: Path, clip: str, record: PairRecord) -> str | None:
    """One line that names the first operation after which the rebuilt clip differs from the recorded one; None where none does.

    How far it is off is known only where pixels were stored: after each video compression, and at the end. The line gives it for
    the first such place from that operation on.
    """
    plan = record.plan
    digests = OperationDigests()
    with tempfile.TemporaryDirectory() as work:
        streams = {stream.op: Path(work) / stream.file for stream in record.streams}
        try:
            low_resolution = list(degrade_frames(open_clip(folder / "GT" / clip).frames(), plan, streams, digests))
        except InputError as error:
            return f"full rebuild: {error}"
        rebuilt = digests.result()
        differing = [
            operation.op
            for operation in plan.operations
            if operation.applied and rebuilt[operation.op] != record.after[operation.op]
        ]
        if not differing:
            return None
        first = f"full rebuild: the first operation that gives other frames is {differing[0]}"
        try:
            return first + _extent(folder, clip, record, streams, low_resolution, differing[0])
        except InputError as error:
            return f"{first}; how far it is off cannot be said: {error}"


def _extent(
    folder: Path, clip: str, record: PairRecord, streams: dict[str, Path], low_resolution: list[Frame], first: str
) -> str:
    """Largest difference and PSNR at the first stored place from ``first`` on."""
    plan = record.plan
    order = [operation.op for operation in plan.operations]
    for video, stream in zip(plan.videos, record.streams, strict=True):
        if order.index(video.op) >= order.index(first):
            again = decode_video(streams[video.op], *video.size, plan.frame_count)
            stored = decode_video(folder / stream.file, *video.size, plan.frame_count)
            return f"; after {video.op} {_compared(again, stored, plan)}"
    return f"; the LR frames {_compared(low_resolution, open_clip(folder / 'LQ' / clip).frames(), plan)}"


def _compared(rebuilt: Iterable[Frame], stored: Iterable[Frame], plan: Plan) -> str:
    largest, squared = 0, 0.0
    for again, before in zip(rebuilt, stored, strict=True):
        largest = max(largest, int(np.abs(np.subtract(again, before, dtype=np.int16)).max()))
        squared += mean_squared_error(again, before)
    if largest == 0:
        return "are the same again"
    return f"differ by up to {largest} levels, PSNR {peak_signal_to_noise(squared / plan.frame_count):.2f} dB"

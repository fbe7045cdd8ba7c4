"""libvmaf in ffmpeg: frames go in, scores of its models or of one of its features come out."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import ffmpeg

from mgld_bench.clips.ffmpeg import FFmpegJob
from mgld_bench.metrics.fidelity.frame_feed import FrameFeed, as_yuv, frames_and_truths, pictures
from mgld_bench.metrics.metric import Frames

SMALLEST_SIDE = 17
"""libvmaf crashes on frames that are smaller in one direction."""


class VmafProcess:
    """One running ffmpeg that scores one clip with one or more models."""

    def __init__(self, height: int, width: int, models: Sequence[str], conversion: Mapping[str, str], threads: int) -> None:
        """Start ffmpeg for frames of this size, of at least SMALLEST_SIDE in both directions.

        Args:
            height: Rows of a frame.
            width: Columns of a frame.
            models: libvmaf's names, e.g. vmaf_v0.6.1neg.
            conversion: How RGB becomes YUV: matrix, range, pixel_format and scaler.
            threads: Threads that libvmaf uses.
        """
        self._models = tuple(models)
        model = "|".join(f"version={model}:name={_key(place)}" for place, model in enumerate(models))
        self._feed = FrameFeed("VMAF", _job(frames_and_truths(height, width, conversion), threads, model=model))

    def add(self, restored: Frames, reference: Frames) -> None:
        """Send the next frames of both clips, (n, height, width, 3) uint8 RGB; waits while ffmpeg is behind."""
        self._feed.add(restored, reference)

    def finish(self) -> dict[str, list[float]]:
        """The scores of all frames, by model. Raises InputError where ffmpeg fails or does not score every frame."""
        frames = _frames(self._feed)
        return {model: [frame[_key(place)] for frame in frames] for place, model in enumerate(self._models)}

    def close(self) -> None:
        """End ffmpeg, whatever it is doing; no process or thread stays behind."""
        self._feed.close()


class CambiProcess:
    """One running ffmpeg that measures the banding of one clip: libvmaf's feature CAMBI with its defaults, without a model."""

    def __init__(self, height: int, width: int, threads: int) -> None:
        """Start ffmpeg for frames of this size; ``threads``: those that libvmaf uses."""
        both = as_yuv(pictures(height, width)).split()
        # The feature takes the first input alone; the filter wants two.
        self._feed = FrameFeed("CAMBI", _job([both[0], both[1]], threads, model="", feature="name=cambi"))

    def add(self, restored: Frames, _reference: Frames) -> None:
        """Send the next restored frames, (n, height, width, 3) uint8 RGB; waits while ffmpeg is behind."""
        self._feed.add(restored)

    def finish(self) -> dict[str, list[float]]:
        """The scores of all frames, as "cambi". Raises InputError where ffmpeg fails or does not score every frame."""
        return {"cambi": [frame["cambi"] for frame in _frames(self._feed)]}

    def close(self) -> None:
        """End ffmpeg, whatever it is doing; no process or thread stays behind."""
        self._feed.close()


def _job(streams: Sequence[object], threads: int, **what: str) -> FFmpegJob:
    log = {"n_threads": threads, "log_fmt": "json", "log_path": "/dev/stdout"}
    return ffmpeg.output(ffmpeg.filter(streams, "libvmaf", shortest=1, repeatlast=0, **log, **what), "-", format="null")


def _frames(feed: FrameFeed) -> list[dict[str, float]]:
    """By frame, in order: libvmaf's numbers by name."""
    report = json.loads(feed.finish())
    frames = sorted(report["frames"], key=lambda frame: int(frame["frameNum"]))
    feed.require_all(len(frames))
    return [{name: float(value) for name, value in frame["metrics"].items()} for frame in frames]


def _key(place: int) -> str:
    return f"model{place}"

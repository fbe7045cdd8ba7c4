"""XPSNR, a PSNR whose errors are weighted by how visible they are in their surroundings, by the filter of ffmpeg."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

import ffmpeg
import numpy as np

from mgld_bench.clips.clip import ClipFacts
from mgld_bench.metrics.fidelity.ffmpeg_metric import FFmpegMetric, FrameScores, why_ffmpeg_is_unavailable
from mgld_bench.metrics.fidelity.frame_feed import CONVERTED, FRAMES_PER_SECOND, FrameFeed, frames_and_truths
from mgld_bench.metrics.metric import Frames, MetricFacts, Variant

SMALLEST_SIDE: Final = 48
"""The filter weights blocks of four pixels and more; on smaller frames it has none."""
WEIGHTED: Final = "weighted"
_WEIGHTS: Final = {"y": 4, "u": 1, "v": 1}
_LINE: Final = re.compile(r"n: *(\d+) +XPSNR y: *(\S+) +XPSNR u: *(\S+) +XPSNR v: *(\S+)")


class XpsnrProcess:
    """One running ffmpeg that scores one clip in all planes."""

    def __init__(self, height: int, width: int) -> None:
        """Start ffmpeg for frames of this size."""
        restored, truth = frames_and_truths(height, width)
        # The weights come of the first input: the ground truth.
        scored = ffmpeg.filter([truth, restored], "xpsnr", stats_file="-", shortest=1, repeatlast=0)
        self._feed = FrameFeed("XPSNR", ffmpeg.output(scored, "-", format="null"))

    def add(self, restored: Frames, reference: Frames) -> None:
        """Send the next frames of both clips, (n, height, width, 3) uint8 RGB; waits while ffmpeg is behind."""
        self._feed.add(restored, reference)

    def finish(self) -> dict[str, list[float]]:
        """The scores of all frames by plane, and weighted. Raises InputError where ffmpeg fails or does not score every frame."""
        found = {int(number): planes for number, *planes in _LINE.findall(self._feed.finish())}
        self._feed.require_all(len(found))
        rows = [[float(plane) for plane in found[number]] for number in sorted(found)]
        scores = {plane: [row[place] for row in rows] for place, plane in enumerate(_WEIGHTS)}
        total = sum(_WEIGHTS.values())
        weighted = [sum(w * value for w, value in zip(_WEIGHTS.values(), row, strict=True)) / total for row in rows]
        return {**scores, WEIGHTED: weighted}

    def close(self) -> None:
        """End ffmpeg, whatever it is doing; no process or thread stays behind."""
        self._feed.close()


class XPSNR(FFmpegMetric):
    """XPSNR of one plane, or of all. Its weights use the frame before, so that it is given every frame of a clip."""

    def open(self, clip: ClipFacts, wanted: Sequence[str]) -> FrameScores:
        """See FFmpegMetric.open."""
        return XpsnrProcess(clip.height, clip.width)

    def clip_facts(self, scores: Mapping[int, float]) -> Mapping[str, float | str]:
        """ffmpeg's own average of a plane, which is of the square roots of its errors and lower than the mean of decibels."""
        if self.wanted == WEIGHTED or not all(map(np.isfinite, scores.values())):
            return {}
        return {"ffmpeg_average": float(-20 * np.log10(np.mean(10 ** (-np.array(list(scores.values())) / 20))))}


_VARIANTS: Final = (
    ("xpsnr.y", "y", "luma"),
    ("xpsnr.u", "u", "chroma Cb, with the weights of luma"),
    ("xpsnr.v", "v", "chroma Cr, with the weights of luma"),
    ("xpsnr.weighted", WEIGHTED, "(4 y + u + v) / 6 of each frame, as av1an's XPSNR-Weighted"),
)


def variants() -> tuple[Variant, ...]:
    """The variants of this family."""
    how = (
        f"ffmpeg's filter xpsnr on {CONVERTED}, {FRAMES_PER_SECOND} frames per second; weights of the ground truth; mean over "
        "frames of decibels (ffmpeg's own average is lower)"
    )
    return tuple(
        Variant(
            MetricFacts(
                name=name,
                title="XPSNR",
                direction="higher",
                needs_reference=True,
                per_frame=True,
                digits=2,
                revision=1,
                definition=f"{compared}; {how}; identical frames are infinite",
                license="LGPL-2.1-or-later (ffmpeg)",
                infinite="identical to the ground truth in these planes",
                needs_neighbours=True,
            ),
            "mgld_bench.metrics.fidelity.xpsnr:XPSNR",
            {"wanted": wanted, "sides": (SMALLEST_SIDE, SMALLEST_SIDE)},
            croppable=False,
            why_unavailable=why_ffmpeg_is_unavailable,
        )
        for name, wanted, compared in _VARIANTS
    )

"""CAMBI, how visible banding is, by the libvmaf inside ffmpeg.

P. Tandon, M. Afonso, J. Sole, L. Krasula: CAMBI: Contrast-aware Multiscale Banding Index. Picture Coding Symposium, 2021.
"""

from __future__ import annotations

from collections.abc import Sequence

from mgld_bench.clips.clip import ClipFacts
from mgld_bench.metrics.fidelity.ffmpeg_metric import PARTS, FFmpegMetric, FrameScores, why_libvmaf_is_unavailable
from mgld_bench.metrics.fidelity.frame_feed import CONVERTED
from mgld_bench.metrics.fidelity.vmaf import CAMBI_SIDE, LICENSE
from mgld_bench.metrics.fidelity.vmaf_process import CambiProcess
from mgld_bench.metrics.metric import MetricFacts, Variant
from mgld_bench.threads import share_of_threads

_SMALLEST_SIDE = 2
"""Chroma has half the size."""


class CAMBI(FFmpegMetric):
    """The visibility of banding in each frame."""

    def open(self, clip: ClipFacts, wanted: Sequence[str]) -> FrameScores:
        """See FFmpegMetric.open."""
        return CambiProcess(clip.height, clip.width, share_of_threads(PARTS))


def variants() -> tuple[Variant, ...]:
    """The variants of this family."""
    facts = MetricFacts(
        name="cambi",
        title="CAMBI",
        direction="lower",
        needs_reference=False,
        per_frame=True,
        digits=2,
        revision=1,
        definition=f"libvmaf's CAMBI with its defaults, at the frames' own size, on {CONVERTED}; 0: no banding; mean over frames",
        license=LICENSE,
        bounds=(0.0, None),
    )
    options = {"wanted": "cambi", "sides": (_SMALLEST_SIDE, CAMBI_SIDE)}
    where = "mgld_bench.metrics.natural.cambi:CAMBI"
    return (Variant(facts, where, options, croppable=False, why_unavailable=why_libvmaf_is_unavailable),)

"""VMAF in its variants, by the libvmaf inside ffmpeg."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from mgld_bench.clips.clip import ClipFacts
from mgld_bench.metrics.fidelity.ffmpeg_metric import PARTS, FFmpegMetric, FrameScores, why_libvmaf_is_unavailable
from mgld_bench.metrics.fidelity.frame_feed import CONVERSION, CONVERTED
from mgld_bench.metrics.fidelity.vmaf_process import SMALLEST_SIDE, VmafProcess
from mgld_bench.metrics.metric import MetricFacts, Variant
from mgld_bench.threads import share_of_threads

LICENSE: Final = "libvmaf and its models: BSD-2-Clause-Patent, Netflix"
CAMBI_SIDE: Final = 216
"""The pixels that libvmaf's CAMBI, which the models of version 1 use, wants in one direction."""


class VMAF(FFmpegMetric):
    """One model of VMAF. Its motion features use the neighbouring frames, so that it is given every frame of a clip."""

    def open(self, clip: ClipFacts, wanted: Sequence[str]) -> FrameScores:
        """See FFmpegMetric.open."""
        return VmafProcess(clip.height, clip.width, wanted, CONVERSION, share_of_threads(PARTS))


@dataclass(frozen=True)
class _Model:
    name: str
    """Of the metric."""
    model: str
    """libvmaf's name for it."""
    meaning: str
    identical: str = "99.9"
    """The score of identical frames."""
    highest: float = 100.0
    sides: tuple[int, int] = (SMALLEST_SIDE, SMALLEST_SIDE)
    """The pixels that it wants in both directions and in one: below, libvmaf crashes or scores nothing (measured)."""


_V1 = "version 1 (June 2026): banding and chroma count, no reward for sharpening"
_MODELS = (
    _Model("vmaf.v0.6.1", "vmaf_v0.6.1", "the default model; rewards sharpening"),
    _Model("vmaf.v0.6.1neg", "vmaf_v0.6.1neg", "the NEG model, without a reward for sharpening"),
    _Model("vmaf.v1.0.16-3h", "vmaf_v1.0.16_3d0h", f"{_V1}; 1080p seen from 3 heights", "100", sides=(160, CAMBI_SIDE)),
    _Model("vmaf.v1.0.16-5h", "vmaf_v1.0.16_5d0h", f"{_V1}; a phone, seen from 5 heights", "100", sides=(266, 266)),
    _Model(
        "vmaf.v1.0.16-2160-1.5h", "vmaf_v1.0.16_1d5h_2160", f"{_V1}; 2160p seen from 1.5 heights", "100", sides=(160, CAMBI_SIDE)
    ),
    _Model(
        "vmaf.v1.0.16-2160-3h", "vmaf_v1.0.16_3d0h_2160", f"{_V1}; 2160p seen from 3 heights, 0..110", "110", 110.0, (318, 318)
    ),
)


def variants() -> tuple[Variant, ...]:
    """The variants of this family."""
    return tuple(
        Variant(
            MetricFacts(
                name=model.name,
                title="VMAF",
                direction="higher",
                needs_reference=True,
                per_frame=True,
                digits=2,
                revision=1,
                definition=f"{model.meaning}; libvmaf on {CONVERTED}; mean over frames; identical: {model.identical}",
                license=LICENSE,
                needs_neighbours=True,
                bounds=(0.0, model.highest),
            ),
            "mgld_bench.metrics.fidelity.vmaf:VMAF",
            {"wanted": model.model, "sides": model.sides},
            croppable=False,
            why_unavailable=why_libvmaf_is_unavailable,
        )
        for model in _MODELS
    )

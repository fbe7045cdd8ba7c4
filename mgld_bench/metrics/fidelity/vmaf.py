"""VMAF in its variants, by the libvmaf inside ffmpeg."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mgld_bench.clips.clip import ClipFacts
from mgld_bench.clips.ffmpeg import ffmpeg_identity
from mgld_bench.errors import InputError
from mgld_bench.metrics.fidelity.vmaf_process import VmafProcess
from mgld_bench.metrics.frame_metric import reference_of, score_of_frames
from mgld_bench.metrics.metric import Chunk, ClipScore, ClipScorer, Metric, MetricFacts, Variant

CONVERSION = {"matrix": "bt601", "range": "limited", "pixel_format": "yuv420p", "scaler": "bicubic"}
THREADS = 2


class VMAF(Metric):
    """One model of VMAF. Its motion features look at the neighbouring frames, so it sees every frame of a clip."""

    def __init__(self, facts: MetricFacts, model: str) -> None:
        """``model``: libvmaf's name of it, e.g. vmaf_v0.6.1neg."""
        self.facts = facts
        self.model = model

    def start(self, clip: ClipFacts) -> ClipScorer:
        """See Metric.start."""
        return self.start_together([self], clip)[0]

    @classmethod
    def start_together(cls, metrics: Sequence[Metric], clip: ClipFacts) -> list[ClipScorer]:
        """One process for all models: the features that they share are computed once."""
        models = [metric for metric in metrics if isinstance(metric, VMAF)]
        run = _Run(VmafProcess(clip.height, clip.width, [metric.model for metric in models], CONVERSION, THREADS))
        return [_VmafScorer(metric, run, feeds=place == 0) for place, metric in enumerate(models)]


class _Run:
    """The process that the scorers of one clip share."""

    def __init__(self, process: VmafProcess) -> None:
        self._process = process
        self._indices: list[int] = []
        self._scores: Mapping[str, list[float]] = {}

    def add(self, restored: Chunk, reference: Chunk) -> None:
        """Feed a chunk."""
        self._indices.extend(restored.indices)
        self._process.add(restored.frames, reference.frames)

    def scores(self, model: str) -> dict[int, float]:
        """Scores by frame number, once everything is fed."""
        if not self._scores:
            self._scores = self._process.finish()
        return dict(zip(self._indices, self._scores[model], strict=True))

    def close(self) -> None:
        """End the process."""
        self._process.close()


class _VmafScorer(ClipScorer):
    def __init__(self, metric: VMAF, run: _Run, feeds: bool) -> None:
        self._metric = metric
        self._run = run
        self._feeds = feeds

    def add(self, restored: Chunk, reference: Chunk | None) -> None:
        if self._feeds:
            self._run.add(restored, reference_of(reference, self._metric.facts.name))

    def finish(self) -> ClipScore:
        notes = {"ffmpeg": ffmpeg_identity().version}
        return score_of_frames(self._metric.facts.name, self._run.scores(self._metric.model), notes)

    def close(self) -> None:
        self._run.close()


_VARIANTS = (
    ("vmaf.v0.6.1", "vmaf_v0.6.1", "the default model; rewards sharpening"),
    ("vmaf.v0.6.1neg", "vmaf_v0.6.1neg", "the NEG model, without a reward for sharpening"),
)


def variants() -> tuple[Variant, ...]:
    """The variants of this family."""
    how = "libvmaf on raw frames; RGB to yuv420p by BT.601, limited range; mean over frames; identical: 99.9"
    return tuple(
        Variant(
            MetricFacts(
                name=name,
                title="VMAF",
                direction="higher",
                needs_reference=True,
                per_frame=True,
                digits=2,
                revision=1,
                definition=f"{meaning}; {how}",
                license="libvmaf and its models: BSD-2-Clause-Patent, Netflix",
                needs_neighbours=True,
            ),
            "mgld_bench.metrics.fidelity.vmaf:VMAF",
            {"model": model},
            croppable=False,
            why_unavailable=why_unavailable,
        )
        for name, model, meaning in _VARIANTS
    )


def why_unavailable() -> str | None:
    """Why VMAF cannot run here, or None."""
    try:
        configuration = ffmpeg_identity().configuration
    except InputError as error:
        return str(error)
    return None if "--enable-libvmaf" in configuration else "the ffmpeg of imageio-ffmpeg is built without libvmaf"

"""VMAF in its variants, by the libvmaf inside ffmpeg."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mgld_bench.clips.clip import ClipFacts
from mgld_bench.clips.ffmpeg import ffmpeg_identity
from mgld_bench.errors import InputError
from mgld_bench.metrics.fidelity.vmaf_process import SMALLEST_SIDE, VmafProcess
from mgld_bench.metrics.frame_metric import reference_of, score_of_frames
from mgld_bench.metrics.metric import Chunk, ClipScore, ClipScorer, Metric, MetricFacts, Variant, require_size
from mgld_bench.threads import share_of_threads

CONVERSION = {"matrix": "bt601", "range": "limited", "pixel_format": "yuv420p", "scaler": "bicubic"}
PARTS = 2
"""VMAF runs beside the other metrics, and leaves them half of the threads."""


class VMAF(Metric):
    """One model of VMAF. Its motion features use the neighbouring frames, so that it is given every frame of a clip."""

    def __init__(self, facts: MetricFacts, model: str) -> None:
        """``model``: libvmaf's name for it, e.g. vmaf_v0.6.1neg."""
        self.facts = facts
        self.model = model

    def start(self, clip: ClipFacts) -> ClipScorer:
        """See Metric.start."""
        require_size(self.facts.name, clip, SMALLEST_SIDE)
        return _VmafScorer(self, clip)


class _Run:
    """One ffmpeg process for all models that score a clip, which their scorers share: common features are computed once."""

    def __init__(self, clip: ClipFacts, models: Sequence[str]) -> None:
        self._process = VmafProcess(clip.height, clip.width, models, CONVERSION, share_of_threads(PARTS))
        self._indices: list[int] = []
        self._scores: Mapping[str, list[float]] = {}

    def add(self, restored: Chunk, reference: Chunk) -> None:
        """Feed a chunk to the process; done once, however many scorers give the same chunk."""
        restored.shared(self, lambda _frames: self._feed(restored, reference))

    def _feed(self, restored: Chunk, reference: Chunk) -> None:
        self._indices.extend(restored.indices)
        self._process.add(restored.frames, reference.frames)

    def scores(self, model: str) -> dict[int, float]:
        """A model's scores by frame number, when everything has been fed."""
        if not self._scores:
            self._scores = self._process.finish()
        return dict(zip(self._indices, self._scores[model], strict=True))

    def close(self) -> None:
        """End the process."""
        self._process.close()


class _VmafScorer(ClipScorer):
    def __init__(self, metric: VMAF, clip: ClipFacts) -> None:
        self._metric = metric
        self._clip = clip
        self._run: _Run | None = None

    def add(self, restored: Chunk, reference: Chunk | None) -> None:
        truth = reference_of(reference, self._metric.facts.name)
        if self._run is None:
            self._run = restored.clip.get(_Run, lambda: self._start_run(restored.clip.metrics))
        self._run.add(restored, truth)

    def finish(self) -> ClipScore:
        if self._run is None:
            raise InputError(f"clip {self._clip.name}: VMAF was given no frame")
        facts = {"ffmpeg": ffmpeg_identity().version}
        return score_of_frames(self._metric.facts.name, self._run.scores(self._metric.model), facts)

    def close(self) -> None:
        if self._run is not None:
            self._run.close()

    def _start_run(self, metrics: Sequence[Metric]) -> _Run:
        models = (metric.model for metric in (*metrics, self._metric) if isinstance(metric, VMAF))
        return _Run(self._clip, list(dict.fromkeys(models)))


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
                bounds=(0.0, 100.0),
            ),
            "mgld_bench.metrics.fidelity.vmaf:VMAF",
            {"model": model},
            croppable=False,
            why_unavailable=why_unavailable,
        )
        for name, model, meaning in _VARIANTS
    )


def why_unavailable() -> str | None:
    """Why VMAF cannot run here, in one line, or None."""
    try:
        configuration = ffmpeg_identity().configuration
    except InputError as error:
        return str(error)
    return None if "--enable-libvmaf" in configuration else "the ffmpeg of imageio-ffmpeg is built without libvmaf"

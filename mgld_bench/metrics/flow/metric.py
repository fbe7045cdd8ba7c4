"""Metrics of neighbouring frames that optical flow aligns: which measure each of them takes, and the pass over the pairs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from torch import Tensor

from mgld_bench.clips.clip import ClipFacts
from mgld_bench.metrics.flow import measures
from mgld_bench.metrics.flow.device_frame import DeviceFrame, HalfFrame, frame_pair, signed
from mgld_bench.metrics.flow.estimators import FlowEstimator
from mgld_bench.metrics.flow.sources import FlowFolder, FlowNetwork, PairFlow, flow_folder, load_flow_network, pair_flow
from mgld_bench.metrics.frame_metric import reference_of
from mgld_bench.metrics.inference import full_float32
from mgld_bench.metrics.metric import Chunk, MemoryNeed, Metric, MetricFacts
from mgld_bench.metrics.pair_metric import PairMetric

_SHA256_SHOWN = 16
_BYTES_PER_FRAME_PIXEL = 80
"""What is kept with a chunk for each pixel of a frame: the frame and its ground truth in float32, two flows, features."""


@dataclass(frozen=True)
class FramePair:
    """What a measure is given of two neighbouring frames; each frame is (1, 3, h, w) float32 RGB, 0..255."""

    frames: tuple[Tensor, Tensor]
    """The frame before, and the frame."""
    flow: PairFlow
    """Between them."""
    truth: Callable[[], tuple[Tensor, Tensor]]
    """Gives the same two frames of the ground truth; raises InputError where there is none."""


@dataclass(frozen=True)
class FlowMeasure:
    """What is measured of a pair of frames, and which flow that takes."""

    value: Callable[[FramePair], Tensor]
    """(1,): NaN where the pair has no value, which is an error unless there may be gaps."""
    both_directions: bool
    """It takes the forward flow as well as the backward flow."""
    kind: type[DeviceFrame] = DeviceFrame
    """How frames are prepared, for the flow and for the comparison."""
    own_flow: bool = False
    """It takes the flow of the restored clip itself, even where there is ground truth."""
    has_gaps: bool = False
    """A pair in which no pixel counts has no value."""


def _consistency(pair: FramePair) -> Tensor:
    """The sum of both directions: the paper sums over all pairs as well, where the score is their mean."""
    previous, frame, true_previous, true_frame = map(signed, (*pair.frames, *pair.truth()))
    halves = measures.structure_weighted_consistency(previous, frame, true_previous, true_frame, *pair.flow.both())
    return halves[0] + halves[1]


FLOW_MEASURES = {
    "l1": FlowMeasure(lambda pair: measures.l1_zeros(*pair.frames, pair.flow.backward()), both_directions=False),
    "l1.border": FlowMeasure(lambda pair: measures.l1_border(*pair.frames, pair.flow.backward()), both_directions=False),
    "l1.valid": FlowMeasure(
        lambda pair: measures.l1_valid(*pair.frames, pair.flow.backward()), both_directions=False, has_gaps=True
    ),
    "l1.masked": FlowMeasure(
        lambda pair: measures.l1_masked(*pair.frames, *pair.flow.both()), both_directions=True, has_gaps=True
    ),
    "lai": FlowMeasure(lambda pair: measures.lai(*pair.frames, *pair.flow.both()), both_directions=True),
    "masked": FlowMeasure(
        lambda pair: measures.evalcrafter(*pair.frames, *pair.flow.both()), both_directions=True, kind=HalfFrame, own_flow=True
    ),
    "swc": FlowMeasure(_consistency, both_directions=True),
}
"""By the last part of a metric's name; swc is a name of its own."""


class FlowMetric(PairMetric):
    """A measure of each frame and the one before it, with the flow between them.

    The flow is the ground truth's or, where there is none or the measure asks for it, the restored clip's own. The ground
    truth's flow is estimated once for all metrics and methods of a pass, and kept on disk for later passes.
    """

    def __init__(self, facts: MetricFacts, measure: FlowMeasure, network: FlowNetwork, folder: FlowFolder) -> None:
        """The metric of ``measure`` with the flow of ``network``; ``folder``: where the ground truth's flow is kept."""
        super().__init__(facts, network.estimator.smallest_side * measure.kind.reduction, has_gaps=measure.has_gaps)
        self.measure = measure
        self.network = network
        self._folder = folder

    def score(self, restored: Chunk, reference: Chunk | None, rows: Sequence[int]) -> list[float]:
        """See PairMetric.score."""
        # Where another metric of the clip takes this flow in both directions, they are estimated at once, which can cost less.
        both = any(self._takes_both(metric) for metric in (self, *restored.clip.metrics))
        with full_float32():
            return [self._score_of(both, restored, reference, row) for row in rows]

    def score_facts(self, with_reference: bool) -> Mapping[str, float | str]:
        """See PairMetric.score_facts."""
        of_reference = self._takes_flow_of_reference(with_reference)
        whose = "of the ground truth" if of_reference else "of the clip itself"
        directions = "backward and forward" if self.measure.both_directions else "backward"
        estimator = self.network.estimator
        flow = f"{estimator.definition}, sha256 {self.network.sha256[:_SHA256_SHOWN]}; {directions}; {whose}"
        problem = self._folder.problem if of_reference else ""
        return {"flow": flow, **({"flow_not_kept": problem} if problem else {})}

    def score_notes(self, with_reference: bool) -> Sequence[str]:
        """See PairMetric.score_notes."""
        problem = self._folder.problem if self._takes_flow_of_reference(with_reference) else ""
        return [f"{self.facts.name}: the ground truth's flow could not be kept: {problem}"] if problem else []

    def memory(self, clip: ClipFacts) -> MemoryNeed:
        """See Metric.memory."""
        pixels = clip.height * clip.width
        return MemoryNeed(self.network.estimator.memory(pixels), _BYTES_PER_FRAME_PIXEL * pixels)

    @property
    def _flow_key(self) -> tuple[object, ...]:
        return self.network.key, self.measure.kind, self.measure.own_flow

    def _takes_both(self, metric: Metric) -> bool:
        """Whether ``metric`` takes the same flow as this one, in both directions."""
        return isinstance(metric, FlowMetric) and metric.measure.both_directions and metric._flow_key == self._flow_key

    def _takes_flow_of_reference(self, with_reference: bool) -> bool:
        return with_reference and not self.measure.own_flow

    def _score_of(self, both: bool, restored: Chunk, reference: Chunk | None, row: int) -> float:
        kind, network = self.measure.kind, self.network
        if reference is None or self.measure.own_flow:
            flow = pair_flow(restored, row, kind, network, None)
        else:
            flow = pair_flow(reference, row, kind, network, self._folder)
        if both:
            flow.both()
        frames = _levels(frame_pair(restored, row, kind, network.device))
        return float(self.measure.value(FramePair(frames, flow, partial(self._truth, reference, row))))

    def _truth(self, reference: Chunk | None, row: int) -> tuple[Tensor, Tensor]:
        return _levels(frame_pair(reference_of(reference, self.facts.name), row, self.measure.kind, self.network.device))


def _levels(pair: tuple[DeviceFrame, DeviceFrame]) -> tuple[Tensor, Tensor]:
    return pair[0].levels, pair[1].levels


def load_flow_metric(facts: MetricFacts, estimator: FlowEstimator, measure: str, input_scale: float, device: str) -> FlowMetric:
    """One of FLOW_MEASURES with an estimator's flow on a torch ``device``; ``input_scale``: see FlowNetwork."""
    return FlowMetric(facts, FLOW_MEASURES[measure], load_flow_network(estimator, device, input_scale), flow_folder())

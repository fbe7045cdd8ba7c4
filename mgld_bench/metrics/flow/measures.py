"""What is measured of two neighbouring frames, by the last part of the metric's name."""

from __future__ import annotations

from torch import Tensor

from mgld_bench.metrics.flow import warping_error
from mgld_bench.metrics.flow.device_frame import HalfFrame, signed
from mgld_bench.metrics.flow.metric import FlowMeasure, FramePair
from mgld_bench.metrics.flow.sequence_measures import structure_weighted_consistency


def _l1(pair: FramePair) -> Tensor:
    return warping_error.l1_zeros(pair.previous, pair.frame, pair.flow.backward())


def _l1_border(pair: FramePair) -> Tensor:
    return warping_error.l1_border(pair.previous, pair.frame, pair.flow.backward())


def _l1_valid(pair: FramePair) -> Tensor:
    return warping_error.l1_valid(pair.previous, pair.frame, pair.flow.backward())


def _l1_masked(pair: FramePair) -> Tensor:
    return warping_error.l1_masked(pair.previous, pair.frame, *pair.flow.both())


def _lai(pair: FramePair) -> Tensor:
    return warping_error.lai(pair.previous, pair.frame, *pair.flow.both())


def _evalcrafter(pair: FramePair) -> Tensor:
    return warping_error.evalcrafter(pair.previous, pair.frame, *pair.flow.both())


def _structure(pair: FramePair) -> Tensor:
    """The sum of both directions: the paper sums over all pairs as well, where the score is their mean."""
    previous, frame, true_previous, true_frame = map(signed, (pair.previous, pair.frame, *pair.truth()))
    backward, forward = pair.flow.both()
    onto_frame, onto_previous = structure_weighted_consistency(previous, frame, true_previous, true_frame, backward, forward)
    return onto_frame + onto_previous


FLOW_MEASURES = {
    "l1": FlowMeasure(_l1, both_directions=False),
    "l1.border": FlowMeasure(_l1_border, both_directions=False),
    "l1.valid": FlowMeasure(_l1_valid, both_directions=False, has_gaps=True),
    "l1.masked": FlowMeasure(_l1_masked, both_directions=True, has_gaps=True),
    "lai": FlowMeasure(_lai, both_directions=True),
    "masked": FlowMeasure(_evalcrafter, both_directions=True, kind=HalfFrame, own_flow=True),
    "swc": FlowMeasure(_structure, both_directions=True),
}

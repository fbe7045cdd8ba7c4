"""The metrics that need optical flow, in their variants, for every flow estimator."""

from __future__ import annotations

from mgld_bench.metrics.flow.estimators import FlowEstimator, flow_estimators
from mgld_bench.metrics.metric import MetricFacts, Variant

_REVISION = 1
"""Raised when a change of the measures changes values; the estimators have revisions of their own."""
_BACKWARD = "mean |frame - previous frame warped by the backward flow (frame to previous)| over pixels and RGB, 0..255"
_WARPING_ERRORS = {
    "l1": "zeros outside of the image, no mask",
    "l1.border": "border replicated, no mask",
    "l1.valid": "only where the flow stays in the image; pairs without such a pixel are left out",
    "l1.masked": (
        "only where the flow stays in the image and passes GMFlow's forward-backward check (0.01, 0.5); pairs without such a "
        "pixel are left out"
    ),
}
_SEEN = "where neither occluded nor at a motion boundary by Lai et al."
_FORWARD = f"squared error of the frame warped onto the previous one by the forward flow (previous to frame), {_SEEN}"
_GIVEN_FLOW = "flow of the ground truth, or of the clip itself where there is none"
_HALVED = "the clip's own flow; frames halved (bilinear), then padded to multiples of 8; summed over RGB, 0..1, times 1000"
_UNSCALED = "RAFT is fed frames in 0..1 where it expects 0..255, as in EvalCrafter and in the script that DOVE calls"
_CONSISTENCY = (
    "MGLD-VSR's structure-weighted consistency: mean |warped neighbour - frame| times 1 + 3 Sobel of the ground truth, frames in "
    "-1..1, 0 where GMFlow's check finds an occlusion; forward plus backward; zeros outside; flow of the ground truth"
)


def variants() -> tuple[Variant, ...]:
    """The variants of this family."""
    return tuple(variant for estimator in flow_estimators().values() for variant in _of(estimator))


def _of(estimator: FlowEstimator) -> list[Variant]:
    name = estimator.name
    found = [
        _variant(estimator, f"we.{name}.{measure}", measure, "WE", 2, f"{_BACKWARD}; {meaning}; {_GIVEN_FLOW}")
        for measure, meaning in _WARPING_ERRORS.items()
    ]
    found.append(_variant(estimator, f"ewarp.{name}.lai", "lai", "Ewarp", 6, f"mean {_FORWARD}, 0..1; {_GIVEN_FLOW}"))
    found.append(_variant(estimator, f"ewarp.{name}.masked", "masked", "E*warp", 2, f"EvalCrafter's: {_FORWARD}; {_HALVED}"))
    found.append(_variant(estimator, f"swc.{name}", "swc", "SWC", 4, _CONSISTENCY, needs_reference=True))
    if name == "raft":
        definition = f"EvalCrafter's: {_FORWARD}; {_HALVED}; {_UNSCALED}"
        found.append(_variant(estimator, "ewarp.raft.masked-unscaled", "masked", "E*warp", 2, definition, input_scale=1 / 255))
    return found


def _variant(
    estimator: FlowEstimator,
    name: str,
    measure: str,
    title: str,
    digits: int,
    definition: str,
    needs_reference: bool = False,
    input_scale: float = 1.0,
) -> Variant:
    facts = MetricFacts(
        name=name,
        title=title,
        direction="lower",
        needs_reference=needs_reference,
        per_frame=True,
        digits=digits,
        revision=_REVISION + estimator.revision,
        definition=f"{definition}; {estimator.definition}; mean over pairs",
        license=estimator.weight.license,
        weights={"flow": estimator.weight},
        needs_neighbours=True,
        shown_facts=("flow",),
        bounds=(0.0, None),
    )
    options = {"estimator": estimator, "measure": measure, "input_scale": input_scale}
    return Variant(facts, "mgld_bench.metrics.flow.metric:load_flow_metric", options, croppable=False, on_device=True)

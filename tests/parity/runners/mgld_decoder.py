"""Runs the fixtures of MGLD-VSR's decoder half: autoencoders, colour fixes, and the training losses that are used as measures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mgld_bench.methods.diffusion import colour_fix
from mgld_bench.metrics.flow import measures
from mgld_bench.metrics.flow.measures import sobel_magnitude, visible_structure, weighted_difference
from mgld_bench.metrics.temporal.frame_difference import frame_difference
from mgld_bench.networks.autoencoder.config import SCALE_FACTOR
from mgld_bench.networks.layers.optical_flow import inconsistent, warp
from tests.parity.fixture import Fixture
from tests.parity.runners import autoencoders

Outputs = dict[str, "np.ndarray[Any, Any]"]


@dataclass(frozen=True)
class Losses:
    """The inputs of a fixture, and its constants."""

    truth: Tensor
    prediction: Tensor
    forward: Tensor
    backward: Tensor
    structure_weight: float
    alpha: float
    beta: float
    epsilon: float

    def weights(self, frames: Tensor, flow: Tensor, back: Tensor) -> Tensor:
        return visible_structure(frames, flow, back, self.structure_weight, self.alpha, self.beta, self.epsilon)


def losses(fixture: Fixture) -> Outputs:
    config = fixture.facts["config"]
    truth, prediction, forward, backward = (
        torch.from_numpy(fixture.input(name)) for name in ("gt", "prediction", "forward_flow", "backward_flow")
    )
    constants = (config["w"], config["occlusion_alpha"], config["occlusion_beta"], config["sobel_eps"])
    given = Losses(truth, prediction, forward, backward, *constants)
    differences = frame_difference(prediction[:-1], prediction[1:], truth[:-1], truth[1:])
    onto_next, onto_previous = formula_terms(given)
    seen = {
        "sobel": sobel_magnitude(truth, given.epsilon),
        "forward_occlusion": inconsistent(forward, backward, given.alpha, given.beta),
        "backward_occlusion": inconsistent(backward, forward, given.alpha, given.beta),
        "warped_first": warp(prediction[:1], backward[:1]),
        "frame_difference_mean": differences.mean().view(1),
        "frame_difference_per_pair": differences,
        "swc_formula": (onto_next + onto_previous).sum().view(1),
        "swc_formula_forward_terms": onto_next,
        "swc_formula_backward_terms": onto_previous,
        "swc_code": as_the_code_has_it(given, prediction, truth),
        "swc_code_arguments_exchanged": as_the_code_has_it(given, truth, prediction),
    }
    return {name: value.numpy() for name, value in seen.items()}


def formula_terms(given: Losses) -> tuple[Tensor, Tensor]:
    """By the suite's measure where the constants are its own."""
    truth, prediction, forward, backward = given.truth, given.prediction, given.forward, given.backward
    constants = (given.structure_weight, given.alpha, given.beta, given.epsilon)
    if constants == (measures.STRUCTURE_WEIGHT, measures.OCCLUSION_ALPHA, measures.OCCLUSION_BETA, measures.SOBEL_EPSILON):
        pairs = (prediction[:-1], prediction[1:], truth[:-1], truth[1:])
        return measures.structure_weighted_consistency(*pairs, backward, forward)
    onto_next = weighted_difference(prediction[:-1], prediction[1:], backward, given.weights(truth[1:], backward, forward))
    onto_previous = weighted_difference(prediction[1:], prediction[:-1], forward, given.weights(truth[:-1], forward, backward))
    return onto_next, onto_previous


def as_the_code_has_it(given: Losses, warped: Tensor, structure: Tensor) -> Tensor:
    """The authors' loss function, which is off by one frame: no metric of the suite has it.

    ``warped``: its first argument; ``structure``: whose edges weigh.
    """
    forward, backward = given.forward, given.backward
    black = torch.zeros_like(warped[:1])
    from_later = torch.cat([warp(warped[1:-1], forward[1:]), black])
    from_earlier = torch.cat([black, warp(warped[1:-1], backward[:-1])])
    before = given.weights(structure[:-1], forward, backward) * (from_later - warped[:-1])
    after = given.weights(structure[1:], backward, forward) * (from_earlier - warped[1:])
    return sum((each.abs().mean((1, 2, 3), dtype=torch.float64).sum() for each in (before, after)), torch.zeros(1))


def first_stage(fixture: Fixture) -> Outputs:
    network = autoencoders.filled_autoencoder(fixture)
    frames, noise = (torch.from_numpy(fixture.input(name)) for name in ("frames", "noise"))
    call = fixture.facts["call"]
    seen: Outputs = {}
    with autoencoders.kept_outputs(network, autoencoders.modules(fixture, "encode"), seen):
        moments = network.moments(frames)
    posterior = network.posterior(frames)
    sample = posterior.sample(noise)
    seen |= {"moments": moments.numpy(), "mean": posterior.mean.numpy(), "logvar": posterior.logvar.numpy()}
    seen |= {"std": posterior.std.numpy(), "sample": sample.numpy(), "latent": (SCALE_FACTOR * sample).numpy()}
    latents = {"mean": posterior.mean, "sample": sample}
    for name, decoded in call["decodes"].items():
        wanted = autoencoders.modules(fixture, "decode") if name == call["intermediates_of"] else {}
        with autoencoders.kept_outputs(network, wanted, seen):
            seen[name] = network.decode(latents[decoded]).numpy()
    return seen


def color_fix(fixture: Fixture) -> Outputs:
    style, content = (torch.from_numpy(fixture.input(name)) for name in ("style", "content"))
    config = fixture.facts["config"]
    assert config["eps"] == colour_fix.EPSILON
    levels = config["levels"]
    low = colour_fix.low_band(content, levels)
    seen = {
        "adain": colour_fix.adain(content, style),
        "wavelet": colour_fix.wavelet(content, style, levels),
        "content_low": low,
        "content_high": content - low,
    }
    for radius in fixture.facts["call"]["blur_radii"]:
        seen[f"blur_radius_{radius}"] = colour_fix.blur(content, radius)
    return {name: value.numpy() for name, value in seen.items()}


RUNNERS: dict[tuple[str, str], Callable[[Fixture], Outputs]] = {
    ("mgld_decoder", "first_stage"): first_stage,
    ("mgld_decoder", "sequence_autoencoder"): autoencoders.decoded_with_features,
    ("mgld_decoder", "color_fix"): color_fix,
    ("mgld_decoder", "losses"): losses,
}

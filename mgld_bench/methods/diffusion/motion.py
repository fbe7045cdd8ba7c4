"""MGLD-VSR's motion: estimated between the frames of a segment, and the guidance that draws latents to follow it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import torch
from torch import Tensor
from torch.nn import functional

from mgld_bench.methods.diffusion.options import LATENT_REDUCTION, GuidanceRule
from mgld_bench.methods.tiling.diffusion import Box
from mgld_bench.networks.layers.optical_flow import inconsistent, resize_flow, warp
from mgld_bench.networks.raft.network import RAFT, RAFTFeatures
from mgld_bench.networks.spynet import SPyNet

FLOW_DIVISOR: Final = 4
"""Flow is estimated at this fraction of the padded size, which is about that of the LR frames."""
RAFT_ITERATIONS: Final = 10


@dataclass(frozen=True)
class Motion:
    """The motion between the frames of a segment, at the size of the latents."""

    to_next: Tensor
    """(t - 1, 2, h, w): flow from frame i to i + 1 (the authors' flows_backward)."""
    to_previous: Tensor
    """(t - 1, 2, h, w): flow from frame i + 1 to i (the authors' flows_forward)."""
    occluded_in_next: Tensor
    """(t - 1, 1, h, w) bool, on the grid of frame i: not seen in frame i + 1."""
    occluded_in_previous: Tensor
    """(t - 1, 1, h, w) bool, on the grid of frame i + 1: not seen in frame i."""

    def of(self, place: Box) -> Motion:
        """The motion in one tile."""
        parts = (self.to_next, self.to_previous, self.occluded_in_next, self.occluded_in_previous)
        return Motion(*(place.of(part) for part in parts))

    def to(self, dtype: torch.dtype) -> Motion:
        """The same motion with flows of this type."""
        return replace(self, to_next=self.to_next.to(dtype), to_previous=self.to_previous.to(dtype))


def flow_pictures(padded: Tensor) -> Tensor:
    """What the flow network sees of padded frames (n, 3, H, W) in [-1, 1]: (n, 3, H / 4, W / 4) in [0, 1].

    Bicubic without antialiasing, and not clamped (kept). Source: MGLD-VSR's script.
    """
    height, width = padded.shape[-2:]
    size = (height // FLOW_DIVISOR, width // FLOW_DIVISOR)
    return functional.interpolate((padded + 1) / 2, size, mode="bicubic", align_corners=False)


def estimate_motion(network: RAFT | SPyNet, padded: Tensor) -> Motion:
    """The motion between neighbouring frames of a segment (t, 3, H, W) in [-1, 1], at 1 / 8 of their size, float32."""
    with torch.no_grad():
        pictures = flow_pictures(padded)
        to_next, to_previous = _raft_flows(network, pictures) if isinstance(network, RAFT) else _spynet_flows(network, pictures)
        return _motion(to_next, to_previous, padded)


def estimate_motions(network: RAFT | SPyNet, padded: Tensor, segments: int, *, together: bool) -> list[Motion]:
    """The motion in each of several segments (segments * t, 3, H, W), one after the other.

    ``together``: in one call of the network for both directions of all of them, where its memory allows; affects rounding only.
    """
    pictures = flow_pictures(padded)
    pairs = 2 * (len(padded) - segments)
    if not together or (isinstance(network, RAFT) and pairs > network.pairs_at_once(*pictures.shape[-2:])):
        return [estimate_motion(network, part) for part in padded.chunk(segments)]

    def ends(of_frames: Tensor) -> tuple[Tensor, Tensor]:
        """Of all pairs: their first and their second frames, then the other way round."""
        clips = of_frames.unflatten(0, (segments, -1))
        first, second = clips[:, :-1].flatten(0, 1), clips[:, 1:].flatten(0, 1)
        return torch.cat([first, second]), torch.cat([second, first])

    with torch.no_grad():
        if isinstance(network, RAFT):
            features = network.features(pictures)
            (first, second), (context, _) = ends(features.matching), ends(features.context)
            flows = network.flow(RAFTFeatures(first, context, features.size), RAFTFeatures(second, context, features.size))
        else:
            flows = network(*ends(pictures))
        to_next, to_previous = flows.chunk(2)
        motion = _motion(to_next, to_previous, padded)
    parts = (motion.to_next, motion.to_previous, motion.occluded_in_next, motion.occluded_in_previous)
    return [Motion(*each) for each in zip(*(part.chunk(segments) for part in parts), strict=True)]


def merged_motion(motions: Sequence[Motion]) -> Motion:
    """The motion of several segments as guidance_loss() takes it, with flows in double precision where the device has it."""
    exact = _exact(motions[0].to_next)
    return Motion(
        torch.cat([motion.to_next for motion in motions]).to(exact),
        torch.cat([motion.to_previous for motion in motions]).to(exact),
        torch.cat([motion.occluded_in_next for motion in motions]),
        torch.cat([motion.occluded_in_previous for motion in motions]),
    )


def _motion(to_next: Tensor, to_previous: Tensor, padded: Tensor) -> Motion:
    """From flows between flow_pictures(padded)."""
    size = (padded.shape[-2] // LATENT_REDUCTION, padded.shape[-1] // LATENT_REDUCTION)
    to_next, to_previous = resize_flow(to_next, size), resize_flow(to_previous, size)
    return Motion(
        to_next=to_next,
        to_previous=to_previous,
        occluded_in_next=inconsistent(to_next, to_previous)[:, None],
        occluded_in_previous=inconsistent(to_previous, to_next)[:, None],
    )


def _raft_flows(network: RAFT, pictures: Tensor) -> tuple[Tensor, Tensor]:
    features = network.features(pictures)
    return network.flow(features[:-1], features[1:]), network.flow(features[1:], features[:-1])


def _spynet_flows(network: SPyNet, pictures: Tensor) -> tuple[Tensor, Tensor]:
    to_next, to_previous = network(pictures[:-1], pictures[1:]), network(pictures[1:], pictures[:-1])
    return to_next, to_previous


def guidance_loss(latents: Tensor, motion: Motion, rule: GuidanceRule) -> Tensor:
    """How far ``latents`` (t, 4, h, w) are from following ``motion``: one number, in which occluded places do not count.

    Several segments of equal length may lie one after the other, in latents and in merged_motion(): the sum of their losses.
    """
    # A segment of t frames has t - 1 pairs.
    segments = len(latents) - len(motion.to_next)
    return _LOSSES[rule](latents.unflatten(0, (segments, -1)), motion)


def guidance_gradient(latents: Tensor, motion: Motion, rule: GuidanceRule) -> Tensor:
    """The gradient of `guidance_loss` with respect to the latents (t, 4, h, w), float32.

    Computed in double precision where the device has it: a GPU sums what falls on one pixel in a different order each time. In
    double precision that rounding vanishes, and the same seed gives the same frames.
    """
    exact = _exact(latents)
    with torch.enable_grad():
        variable = latents.detach().to(exact, copy=True).requires_grad_()
        (gradient,) = torch.autograd.grad(guidance_loss(variable, motion.to(exact), rule), variable)
    return gradient.to(latents.dtype)


def _exact(tensor: Tensor) -> torch.dtype:
    return torch.float32 if tensor.device.type == "mps" else torch.float64


def _official(latents: Tensor, motion: Motion) -> Tensor:
    """What the authors' code computes (compute_temporal_condition_v4), which is not the paper's equation 2.

    Kept, since the published numbers were made with it: in either direction the first term compares a frame with zeros, and each
    further frame is compared with its neighbour, warped by the flow that leads from that neighbour on to the next frame.
    Means over the elements of a frame, summed over the frames.
    """
    # Frames as they are compared with their later neighbour: the last but one with zeros, those before with the warped next
    # frame.
    flows = motion.to_next.unflatten(0, (len(latents), -1)), motion.to_previous.unflatten(0, (len(latents), -1))
    warped = torch.cat([_warped(latents[:, 1:-1], flows[0][:, 1:]), torch.zeros_like(latents[:, :1])], dim=1)
    backward = _masked_difference(warped, latents[:, :-1], motion.occluded_in_next)
    warped = torch.cat([torch.zeros_like(latents[:, :1]), _warped(latents[:, 1:-1], flows[1][:, :-1])], dim=1)
    forward = _masked_difference(warped, latents[:, 1:], motion.occluded_in_previous)
    return (backward.sum() + forward.sum()) / latents[0, 0].numel()


def _paper(latents: Tensor, motion: Motion) -> Tensor:
    """Equation 2: every frame warped onto either neighbour's grid, and the L1 norms of the differences without occlusions."""
    flows = motion.to_next.unflatten(0, (len(latents), -1)), motion.to_previous.unflatten(0, (len(latents), -1))
    onto_next = _masked_difference(_warped(latents[:, :-1], flows[1]), latents[:, 1:], motion.occluded_in_previous)
    onto_previous = _masked_difference(_warped(latents[:, 1:], flows[0]), latents[:, :-1], motion.occluded_in_next)
    return onto_next.sum() + onto_previous.sum()


def _warped(latents: Tensor, flows: Tensor) -> Tensor:
    """(segments, frames, 4, h, w), each frame by its flow."""
    warped: Tensor = warp(latents.flatten(0, 1), flows.flatten(0, 1)).view_as(latents)
    return warped


def _masked_difference(warped: Tensor, latents: Tensor, occluded: Tensor) -> Tensor:
    """Of (segments, pairs, 4, h, w); ``occluded`` (segments * pairs, 1, h, w)."""
    visible: Tensor = ~occluded.unflatten(0, (len(latents), -1))
    return (warped - latents).abs() * visible


_LOSSES: Mapping[GuidanceRule, Callable[[Tensor, Motion], Tensor]] = {"official": _official, "paper": _paper}

"""MGLD-VSR's guidance by motion: how far a sequence of latents is from following the optical flow, and its gradient."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

import torch
from torch import Tensor

from mgld_bench.methods.tiling.diffusion import Box
from mgld_bench.networks.layers.optical_flow import warp

GuidanceRule = Literal["official", "paper"]


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
        """The same with flows of this type."""
        return replace(self, to_next=self.to_next.to(dtype), to_previous=self.to_previous.to(dtype))


def guidance_loss(latents: Tensor, motion: Motion, rule: GuidanceRule) -> Tensor:
    """How far ``latents`` (t, 4, h, w) are from following ``motion``, one number; where they are occluded they are left out."""
    return _LOSSES[rule](latents, motion)


def guidance_gradient(latents: Tensor, motion: Motion, rule: GuidanceRule) -> Tensor:
    """The gradient of guidance_loss() by the latents (t, 4, h, w), float32.

    In double precision where the device has it: a GPU adds up what falls on one pixel in an order of its own each time, and only
    so does its rounding not show, and the same seed gives the same frames.
    """
    exact = torch.float32 if latents.device.type == "mps" else torch.float64
    with torch.enable_grad():
        variable = latents.detach().to(exact, copy=True).requires_grad_()
        (gradient,) = torch.autograd.grad(guidance_loss(variable, motion.to(exact), rule), variable)
    return gradient.to(latents.dtype)


def _official(latents: Tensor, motion: Motion) -> Tensor:
    """What the authors' code computes (compute_temporal_condition_v4), which is not the paper's equation 2.

    Kept, since the published numbers were made with it: in either direction the first term compares a frame with zeros, and each
    further frame is compared with its neighbour, warped by the flow that leads from that neighbour on to the frame after it.
    Means over the elements of a frame, summed over the frames.
    """
    # Frames as they are compared with their later neighbour: the last but one with zeros, those before with the warped next
    # frame.
    arrived = torch.cat([warp(latents[1:-1], motion.to_next[1:]), torch.zeros_like(latents[:1])])
    backward = _masked_difference(arrived, latents[:-1], motion.occluded_in_next)
    arrived = torch.cat([torch.zeros_like(latents[:1]), warp(latents[1:-1], motion.to_previous[:-1])])
    forward = _masked_difference(arrived, latents[1:], motion.occluded_in_previous)
    return (backward.sum() + forward.sum()) / latents[0].numel()


def _paper(latents: Tensor, motion: Motion) -> Tensor:
    """Equation 2: every frame warped onto either neighbour's grid, the L1 norms of the differences, occlusions left out."""
    onto_next = _masked_difference(warp(latents[:-1], motion.to_previous), latents[1:], motion.occluded_in_previous)
    onto_previous = _masked_difference(warp(latents[1:], motion.to_next), latents[:-1], motion.occluded_in_next)
    return onto_next.sum() + onto_previous.sum()


def _masked_difference(warped: Tensor, latents: Tensor, occluded: Tensor) -> Tensor:
    return (warped - latents).abs() * ~occluded


_LOSSES: Mapping[GuidanceRule, Callable[[Tensor, Motion], Tensor]] = {"official": _official, "paper": _paper}

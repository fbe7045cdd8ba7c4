"""The motion between the frames of a segment, for MGLD-VSR's guidance."""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor
from torch.nn import functional

from mgld_bench.methods.diffusion.motion_guidance import Motion
from mgld_bench.networks.layers.optical_flow import inconsistent, resize_flow
from mgld_bench.networks.raft.network import RAFT
from mgld_bench.networks.spynet import SPyNet

FLOW_DIVISOR: Final = 4
"""Flow is estimated at this fraction of the padded size, which is about that of the LR frames."""
LATENT_REDUCTION: Final = 8
RAFT_ITERATIONS: Final = 10


def flow_pictures(padded: Tensor) -> Tensor:
    """What the flow network is shown of padded frames (n, 3, H, W) in [-1, 1]: (n, 3, H / 4, W / 4) in [0, 1].

    Bicubic without antialiasing, and not clamped (kept). Source: MGLD-VSR's script.
    """
    height, width = padded.shape[-2:]
    size = (height // FLOW_DIVISOR, width // FLOW_DIVISOR)
    return functional.interpolate((padded + 1) / 2, size, mode="bicubic", align_corners=False)


def estimate_motion(network: RAFT | SPyNet, padded: Tensor) -> Motion:
    """The motion between neighbouring frames of a segment (t, 3, H, W) in [-1, 1], at 1 / 8 of their size, float32."""
    pictures = flow_pictures(padded)
    size = (padded.shape[-2] // LATENT_REDUCTION, padded.shape[-1] // LATENT_REDUCTION)
    with torch.no_grad():
        to_next, to_previous = _raft_flows(network, pictures) if isinstance(network, RAFT) else _spynet_flows(network, pictures)
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

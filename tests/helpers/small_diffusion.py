"""Small diffusion methods and their files."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from mgld_bench.methods.compute import Compute
from mgld_bench.methods.diffusion.options import DiffusionSizes
from mgld_bench.methods.mgld import MGLDVSR, MGLDOptions
from mgld_bench.methods.mgld_tiny import TINY
from mgld_bench.methods.restorer import AnyRestorer
from mgld_bench.methods.stablesr import StableSR, StableSROptions
from mgld_bench.networks.autoencoder.config import AutoencoderConfig
from mgld_bench.networks.sizes.diffusion import UNetConfig

SMALL: dict[str, Any] = {"steps": 2, "tile": 16, "tile_overlap": 8}
PREFIXES = {
    "unet": "model.diffusion_model.",
    "structure": "structcond_stage_model.",
    "text": "cond_stage_model.model.",
    "first_stage": "first_stage_model.",
}


def mgld(**options: Any) -> MGLDVSR:
    """MGLD-VSR with small networks and random weights."""
    chosen = {**SMALL, "flow_network": "spynet", "networks": TINY, **options}
    return MGLDVSR(MGLDOptions(**chosen), None, Compute())


def stablesr_sizes() -> DiffusionSizes:
    unet = UNetConfig(**{**vars(TINY.unet), "temporal": False})
    decoder = AutoencoderConfig(**{**vars(TINY.decoder), "temporal_version": 0, "fusion": "rrdb"})
    return TINY.model_copy(update={"unet": unet, "decoder": decoder})


def stablesr(**options: Any) -> StableSR:
    """StableSR with small networks and random weights."""
    return StableSR(StableSROptions(**{**SMALL, "networks": stablesr_sizes(), **options}), None, Compute())


def diffusion_state(networks: dict[str, nn.Module], text: nn.Module) -> dict[str, torch.Tensor]:
    """The main checkpoint's state dict, prefixes and schedule included."""
    parts = {**networks, "text": text}
    state = {PREFIXES[role] + name: value for role in PREFIXES for name, value in parts[role].state_dict().items()}
    return {"betas": torch.zeros(1000), **state}


def mix_frames(restorer: AnyRestorer) -> None:
    """Give the temporal layers, which start as identities, something to do."""
    for network in restorer.networks().values():
        for name, parameter in network.named_parameters():
            if name.endswith("temporal_alpha"):
                parameter.fill_(0.5)

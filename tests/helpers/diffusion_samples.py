"""Small diffusion networks with weights that are all in use, and inputs for them."""

from __future__ import annotations

import torch
from torch import Tensor

from mgld_bench.networks.diffusion.structure_encoder import StructureEncoder
from mgld_bench.networks.diffusion.unet import DenoisingUNet
from mgld_bench.networks.sizes.diffusion import StructureEncoderConfig, UNetConfig

FRAMES = 3
HEIGHT, WIDTH = 8, 12
CONTEXT = 24

SMALL_UNET = UNetConfig(
    # 32 channels would be one for each group of the normalisations: the timestep would cancel out.
    model_channels=64,
    channel_multipliers=(1, 2, 2),
    blocks_per_level=1,
    attention_reductions=(1, 2),
    head_channels=16,
    context_channels=CONTEXT,
    structure_channels=8,
    num_frames=FRAMES,
)
SMALL_ENCODER = StructureEncoderConfig(
    model_channels=64,
    channel_multipliers=(1, 1, 2),
    blocks_per_level=1,
    attention_reductions=(1, 2),
    heads=2,
    structure_channels=64,
)


def small_unet(config: UNetConfig = SMALL_UNET) -> DenoisingUNet:
    """With temporal layers that take part."""
    torch.manual_seed(1)
    network = DenoisingUNet(config).eval().requires_grad_(False)
    for name, parameter in network.named_parameters():
        if name.endswith("temporal_alpha"):
            parameter.fill_(0.6)
    return network


def small_encoder() -> StructureEncoder:
    torch.manual_seed(2)
    return StructureEncoder(SMALL_ENCODER).eval().requires_grad_(False)


def drawn(*shape: int, seed: int) -> Tensor:
    """Standard normal."""
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def structure_of(rows: int) -> dict[int, Tensor]:
    """Structure features for latents (rows, 4, HEIGHT, WIDTH)."""
    channels = SMALL_UNET.structure_channels
    return {WIDTH >> level: drawn(rows, channels, HEIGHT >> level, WIDTH >> level, seed=10 + level) for level in range(3)}

"""MGLD-VSR with small networks and random weights: the whole method in seconds on a CPU, for smoke tests only."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar, Literal

from mgld_bench.clips.clip import Clip
from mgld_bench.errors import InputError, did_you_mean
from mgld_bench.methods.compute import Compute
from mgld_bench.methods.diffusion.options import DECODER, DIFFUSION, DiffusionSizes
from mgld_bench.methods.mgld import FLOW, MGLDVSR, MGLDOptions
from mgld_bench.networks.autoencoder.config import AutoencoderConfig
from mgld_bench.networks.sizes.diffusion import StructureEncoderConfig, TextTowerConfig, UNetConfig

TINY = DiffusionSizes(
    unet=UNetConfig(
        model_channels=64,
        channel_multipliers=(1, 1, 1, 1),
        blocks_per_level=1,
        attention_reductions=(4,),
        head_channels=32,
        context_channels=64,
        structure_channels=64,
    ),
    structure=StructureEncoderConfig(
        model_channels=64, channel_multipliers=(1, 1, 1, 1), blocks_per_level=1, attention_reductions=(4,), structure_channels=64
    ),
    text=TextTowerConfig(width=64, heads=2, layers=2, projection=64),
    first_stage=AutoencoderConfig(channels=32, multipliers=(1, 1, 1, 1), blocks=1),
    decoder=AutoencoderConfig(
        channels=32, multipliers=(1, 1, 1, 1), blocks=1, temporal_version=1, fusion="dense", fusion_blocks=1, fusion_growth=8
    ),
)


class TinyMGLDOptions(MGLDOptions):
    """Those of MGLD-VSR, with two steps, small networks and small tiles, which are too small for RAFT."""

    steps: int = 2
    tile: int = 16
    tile_overlap: int = 8
    flow_network: Literal["raft", "spynet"] = "spynet"
    networks: DiffusionSizes = TINY


class TinyMGLDVSR(MGLDVSR):
    """MGLD-VSR with small networks and random but fixed weights. Its frames reveal nothing about MGLD-VSR.

    A card may name weight files of MGLD-VSR's roles, with MGLD-VSR's names of tensors and the shapes of TINY.
    """

    Options = TinyMGLDOptions
    revision: ClassVar[int] = 1
    title: ClassVar[str] = "MGLD-VSR tiny"
    optional_roles: ClassVar[tuple[str, ...]] = (DIFFUSION, DECODER, FLOW)

    def __init__(self, options: MGLDOptions, weights: Mapping[str, Path] | None, compute: Compute) -> None:
        """Raises InputError if the card names a weight file of another role."""
        for role in weights or {}:
            if role not in self.optional_roles:
                hint = did_you_mean(role, self.optional_roles, f"there are {', '.join(self.optional_roles)}")
                raise InputError(f"{self.title} takes no weight file of role {role}: {hint}")
        super().__init__(options, weights or None, compute)

    def notes(self, clip: Clip) -> Mapping[str, str]:
        """A warning that these are not MGLD-VSR's frames, and its notes."""
        return {"smoke test": "random weights, not MGLD-VSR: these frames are not a result", **super().notes(clip)}

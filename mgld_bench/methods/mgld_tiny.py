"""MGLD-VSR with small networks and made-up weights: the whole way of the method in seconds on a CPU, for smoke tests only."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar, Literal

from mgld_bench.clips.clip import Clip
from mgld_bench.errors import InputError
from mgld_bench.methods.compute import Compute
from mgld_bench.methods.diffusion.networks import DiffusionSizes
from mgld_bench.methods.mgld import MGLDVSR, MGLDOptions
from mgld_bench.networks.autoencoder.config import AutoencoderConfig
from mgld_bench.networks.diffusion.structure_encoder import StructureEncoderConfig
from mgld_bench.networks.diffusion.text_tower import TextTowerConfig
from mgld_bench.networks.diffusion.unet import UNetConfig

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
    """As of MGLD-VSR, with two steps, small networks and small tiles, for which RAFT has no use."""

    steps: int = 2
    tile: int = 16
    tile_overlap: int = 8
    flow_network: Literal["raft", "spynet"] = "spynet"
    networks: DiffusionSizes = TINY


class TinyMGLDVSR(MGLDVSR):
    """MGLD-VSR of small networks with random but fixed weights. Its frames say nothing about MGLD-VSR."""

    Options = TinyMGLDOptions
    revision: ClassVar[int] = 1

    def __init__(self, options: MGLDOptions, weights: Mapping[str, Path] | None, compute: Compute) -> None:
        """Raises InputError where a card names weight files: it has none."""
        if weights:
            raise InputError("MGLD-VSR tiny has made-up weights: a card with weight files extends mgld-vsr, not mgld-vsr-tiny")
        super().__init__(options, None, compute)

    def notes(self, clip: Clip) -> Mapping[str, str]:
        """What it is, and the notes of MGLD-VSR."""
        return {"smoke test": "made-up weights, not MGLD-VSR: these frames are no result", **super().notes(clip)}

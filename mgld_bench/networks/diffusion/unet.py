"""The U-Net of StableSR and MGLD-VSR, which predicts the noise in the latents."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn

from mgld_bench.networks.diffusion.blocks import (
    Downsample,
    TimedNetwork,
    TimedResidualBlock,
    Upsample,
    convolution,
)
from mgld_bench.networks.diffusion.temporal_mixing import TemporalAttention, TemporalConvolution, TemporalMixing
from mgld_bench.networks.diffusion.timesteps import PackedEmbedding, TimeEmbedding
from mgld_bench.networks.diffusion.transformer import KeysValues, SpatialTransformer, TransformerBlock
from mgld_bench.networks.layers.group_norm import GroupNorm32
from mgld_bench.networks.sizes.diffusion import LATENT_CHANNELS, UNetConfig

TextKeys = tuple[KeysValues, ...]
"""The keys and values of one text for each transformer of a U-Net, in the order in which they run."""


@dataclass
class Conditions:
    """What the modules of a U-Net get besides the features."""

    embedding: Tensor | PackedEmbedding
    """The timestep's embedding, (1 or n, width), or packed."""
    structure: Mapping[int, Tensor]
    """The structure features by their width."""
    text: Iterator[KeysValues]
    """Keys and values for the transformers that have not run yet."""
    mix_frames: bool


class ConditionedSequential(nn.ModuleList):
    """Modules one after the other, each given the conditions that it needs."""

    def forward(self, x: Tensor, conditions: Conditions) -> Tensor:
        """Features (n, channels, h, w) through all modules."""
        for module in self:
            if isinstance(module, TimedResidualBlock):
                x = module(x, conditions.embedding, conditions.structure[x.shape[-1]])
            elif isinstance(module, SpatialTransformer):
                x = module(x, next(conditions.text))
            elif conditions.mix_frames or not isinstance(module, TemporalMixing):
                x = module(x)
        return x


class DenoisingUNet(TimedNetwork):
    """Predicts the noise in latents from a timestep, a text and structure features.

    With ``config.temporal`` the network of MGLD-VSR (InflatedUNetModelDualcondV2 in IanYeung/MGLD-VSR, prefix
    ``model.diffusion_model.`` in its checkpoint), else that of StableSR (UNetModelDualcondV2 in IceClear/StableSR, same prefix),
    which differ in the middle block only; S-Lab License 1.0. Normalisations compute in float32 whatever the dtype of the weights.
    """

    mix_frames: bool = True
    """False: the temporal layers are skipped, with the same result as a ``temporal_alpha`` of 0."""

    def __init__(self, config: UNetConfig) -> None:
        super().__init__()
        self.config = config
        widths = [config.model_channels * multiplier for multiplier in config.channel_multipliers]
        self.time_embed = TimeEmbedding(config.model_channels)
        first = ConditionedSequential([convolution(LATENT_CHANNELS, config.model_channels)])
        self.input_blocks = nn.ModuleList([first])
        channels, kept = config.model_channels, [config.model_channels]
        for level, width in enumerate(widths):
            for _ in range(config.blocks_per_level):
                self.input_blocks.append(ConditionedSequential(self._level_modules(channels, width, level)))
                channels = width
                kept.append(channels)
            if level < len(widths) - 1:
                self.input_blocks.append(ConditionedSequential([Downsample(channels)]))
                kept.append(channels)
        self.middle_block = ConditionedSequential(self._middle_modules(channels))
        self.output_blocks = nn.ModuleList()
        for level, width in reversed(list(enumerate(widths))):
            for index in range(config.blocks_per_level + 1):
                modules = self._level_modules(channels + kept.pop(), width, level)
                channels = width
                if level > 0 and index == config.blocks_per_level:
                    modules.append(Upsample(channels))
                self.output_blocks.append(ConditionedSequential(modules))
        self.out = nn.Sequential(GroupNorm32(channels), nn.SiLU(), convolution(channels, LATENT_CHANNELS))

    @property
    def size_multiple(self) -> int:
        """What the height and width of latents have to be multiples of."""
        return 1 << (len(self.config.channel_multipliers) - 1)

    def text_keys(self, text: Tensor) -> TextKeys:
        """What the transformers attend to in a text; it depends on nothing else: compute it once for all steps and tiles.

        Args:
            text: (rows, tokens, context_channels), any float type.
        """
        text = text.to(self._dtype)
        return tuple(module.attn2.keys_values(text) for module in self.modules() if isinstance(module, TransformerBlock))

    def forward(
        self, x: Tensor, timesteps: Tensor | PackedEmbedding, text: Tensor | TextKeys, structure: Mapping[int, Tensor]
    ) -> Tensor:
        """The predicted noise, (n, 4, h, w), in the dtype of ``x``; computed in that of the weights.

        Args:
            x: noisy latents (n, 4, h, w), any float type; h and w multiples of ``size_multiple``. With temporal layers the rows
                are clips (or tiles of a clip) one after the other, each of ``num_frames`` frames in order.
            timesteps: (1,) for all rows or (n,), 0 to 999; or what packed() made of them.
            text: (rows, tokens, context_channels) or what text_keys() made of it. The number of rows divides n; each is shared by
                as many consecutive rows of x: 1 text for all, 1 for each clip, or 1 for each frame.
            structure: structure features (n, structure_channels, h', w') by w', as StructureEncoder returns them: one for each
                level.

        Raises:
            ValueError: sizes do not fit.
        """
        self._check(x, structure)
        keys = self.text_keys(text) if isinstance(text, Tensor) else text
        features = {width: feature.to(self._dtype) for width, feature in structure.items()}
        conditions = Conditions(self.embedding(timesteps), features, iter(keys), self.mix_frames)
        hidden = x.to(self._dtype)
        kept = []
        for block in self.input_blocks:
            hidden = block(hidden, conditions)
            kept.append(hidden)
        hidden = self.middle_block(hidden, conditions)
        for block in self.output_blocks:
            hidden = block(torch.cat([hidden, kept.pop()], dim=1), conditions)
        noise: Tensor
        noise = self.out[2](cast("GroupNorm32", self.out[0]).activated(hidden)) if self.speedups.fused_norms else self.out(hidden)
        return noise.to(x.dtype)

    @property
    def _dtype(self) -> torch.dtype:
        return self.time_embed.dtype

    def _check(self, x: Tensor, structure: Mapping[int, Tensor]) -> None:
        height, width = x.shape[-2:]
        if height % self.size_multiple or width % self.size_multiple:
            raise ValueError(f"latents of {height}x{width}: both sides have to be multiples of {self.size_multiple}")
        for level in range(len(self.config.channel_multipliers)):
            wanted = (len(x), self.config.structure_channels, height >> level, width >> level)
            feature = structure.get(width >> level)
            if feature is None or feature.shape != wanted:
                found = "none" if feature is None else tuple(feature.shape)
                raise ValueError(f"structure feature of width {width >> level}: wanted {wanted}, found {found}")

    def _level_modules(self, in_channels: int, channels: int, level: int) -> list[nn.Module]:
        """A residual block, and a transformer where the level has them."""
        modules: list[nn.Module] = [self._residual_block(in_channels, channels)]
        if 2**level in self.config.attention_reductions:
            modules.append(self._transformer(channels))
        return modules

    def _middle_modules(self, channels: int) -> list[nn.Module]:
        first, last = self._residual_block(channels, channels), self._residual_block(channels, channels)
        transformer = self._transformer(channels)
        if not self.config.temporal:
            return [first, transformer, last]
        frames = self.config.num_frames
        attention = TemporalAttention(channels, self.config.head_channels, frames)
        convolutions = TemporalConvolution(channels, frames), TemporalConvolution(channels, frames)
        return [first, convolutions[0], transformer, attention, last, convolutions[1]]

    def _residual_block(self, in_channels: int, channels: int) -> TimedResidualBlock:
        return TimedResidualBlock(in_channels, channels, self.time_embed.width, self.config.structure_channels)

    def _transformer(self, channels: int) -> SpatialTransformer:
        return SpatialTransformer(channels, self.config.head_channels, self.config.context_channels)

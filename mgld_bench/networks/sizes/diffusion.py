"""The sizes of the networks that StableSR and MGLD-VSR share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from mgld_bench.networks.layers.sizes import check_heads, check_positive, check_widths

LATENT_CHANNELS: Final = 4


def _check_levels(multipliers: Sequence[int], blocks: int) -> None:
    """Raise ValueError unless there are levels, and blocks in each of them."""
    if not multipliers or blocks < 1:
        raise ValueError(f"{len(multipliers)} levels of {blocks} blocks: there has to be at least one of each")


@dataclass(frozen=True)
class UNetConfig:
    """The size of a U-Net; the default is that of MGLD-VSR. ValueError for a size that cannot be."""

    model_channels: int = 320
    channel_multipliers: tuple[int, ...] = (1, 2, 4, 4)
    """Channels of each level, in model_channels, from the finest; the size halves from one level to the next."""
    blocks_per_level: int = 2
    attention_reductions: tuple[int, ...] = (1, 2, 4)
    """Reductions of the latent's size at which there are transformers; the middle block always has one."""
    head_channels: int = 64
    context_channels: int = 1024
    """Channels of the text embedding."""
    structure_channels: int = 256
    temporal: bool = True
    """Whether the middle block mixes frames, as in MGLD-VSR."""
    num_frames: int = 5
    """Frames of the clips that are mixed."""

    def __post_init__(self) -> None:
        widths = [self.model_channels * multiplier for multiplier in self.channel_multipliers]
        _check_levels(self.channel_multipliers, self.blocks_per_level)
        check_widths([self.model_channels, *widths])
        attending = [width for level, width in enumerate(widths) if 2**level in self.attention_reductions]
        check_heads([*attending, widths[-1]], self.head_channels, "channels of a head")
        check_positive(num_frames=self.num_frames)


MGLD_UNET: Final = UNetConfig()
STABLESR_UNET: Final = replace(MGLD_UNET, temporal=False)


@dataclass(frozen=True)
class StructureEncoderConfig:
    """The size of a structure encoder; the default is the published one. ValueError for a size that cannot be."""

    model_channels: int = 256
    channel_multipliers: tuple[int, ...] = (1, 1, 2, 2)
    """Channels of each level, in model_channels, from the finest; the size halves from one level to the next."""
    blocks_per_level: int = 2
    attention_reductions: tuple[int, ...] = (1, 2, 4)
    """Reductions of the latent's size at which there is attention; the middle block always has it."""
    heads: int = 4
    """Of the attention, at every width."""
    structure_channels: int = 256
    """Channels of each feature that it returns."""

    def __post_init__(self) -> None:
        widths = [self.model_channels * multiplier for multiplier in self.channel_multipliers]
        _check_levels(self.channel_multipliers, self.blocks_per_level)
        check_widths([self.model_channels, *widths, self.structure_channels])
        attending = [width for level, width in enumerate(widths) if 2**level in self.attention_reductions]
        check_heads([*attending, widths[-1]], self.heads, "heads")


STRUCTURE_ENCODER: Final = StructureEncoderConfig()


EMPTY_PROMPT: Final = (49406, 49407, *75 * (0,))
"""Token ids of the empty prompt, the only one that StableSR and MGLD-VSR use: start, end, padding."""


@dataclass(frozen=True)
class TextTowerConfig:
    """The size of a text tower; the default is ViT-H-14. ValueError for a size that cannot be."""

    width: int = 1024
    heads: int = 16
    layers: int = 24
    context_length: int = len(EMPTY_PROMPT)
    vocabulary: int = 49408
    projection: int = 1024
    """Columns of the projection into CLIP's space, which is stored but not used."""
    expansion: int = 4
    """Of the feed-forward networks."""

    def __post_init__(self) -> None:
        if self.heads < 1 or self.width < 1 or self.width % self.heads:
            raise ValueError(f"width {self.width}: not a multiple of {self.heads} heads")
        if not 1 <= self.context_length <= len(EMPTY_PROMPT):
            raise ValueError(f"context_length {self.context_length}: the empty prompt has 1 to {len(EMPTY_PROMPT)} tokens")
        check_positive(layers=self.layers, vocabulary=self.vocabulary, projection=self.projection, expansion=self.expansion)


TEXT_TOWER: Final = TextTowerConfig()

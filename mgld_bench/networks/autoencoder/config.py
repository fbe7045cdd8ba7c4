"""The sizes of the autoencoders of Stable Diffusion 2.1, MGLD-VSR and StableSR."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from mgld_bench.networks.layers.sizes import check_positive, check_widths

FEATURE_LEVELS: Final = (1, 2)
"""The encoder levels whose maps the decoder fuses; level l has 1 / 2^l of the size."""
COLOURS: Final = 3
SCALE_FACTOR: Final = 0.18215
"""The diffusion model's latents are the autoencoder's times this."""


@dataclass(frozen=True)
class AutoencoderConfig:
    """The size of an autoencoder; the default is the first stage of Stable Diffusion 2.1.

    ValueError where the levels do not suit (features come from levels 1 and 2, and fusion knows at most four levels), and for
    channels that cannot be normalised in groups.
    """

    channels: int = 128
    """Of level 0, a multiple of 32."""
    multipliers: tuple[int, ...] = (1, 2, 4, 4)
    """Of the channels, one for each level."""
    blocks: int = 2
    """Residual blocks per level of the encoder; the decoder has one more."""
    z_channels: int = 4
    """Channels of the encoder's output (twice: mean and log variance) and of the decoder's input."""
    embed_dim: int = 4
    """Channels of the latents."""
    temporal_version: Literal[0, 1, 2] = 0
    """The decoder's temporal mixing: 0 none, 1 MGLD-VSR's published one, 2 its second one (weights never published)."""
    frames_per_clip: int = 5
    """Frames that temporal mixing needs to see together; no effect without temporal mixing."""
    fusion: Literal["dense", "rrdb"] | None = None
    """What refines the encoder's features in the decoder: dense blocks (MGLD-VSR), residuals in residuals of them (StableSR)."""
    fusion_blocks: int = 2
    """Blocks of that kind in each fusion layer."""
    fusion_growth: int = 32
    """Channels that each convolution of a dense block adds."""

    def __post_init__(self) -> None:
        levels = len(self.multipliers)
        if levels <= max(FEATURE_LEVELS):
            raise ValueError(f"multipliers for {levels} levels: at least 3 are needed, since features come from levels 1 and 2")
        if self.fusion is not None and levels > 4:
            raise ValueError(f"multipliers for {levels} levels: at most 4 with fusion, since only levels 1 and 2 have features")
        check_widths([self.channels, *(self.channels * multiplier for multiplier in self.multipliers)])
        check_positive(blocks=self.blocks, z_channels=self.z_channels, embed_dim=self.embed_dim)
        if self.temporal_version:
            check_positive(frames_per_clip=self.frames_per_clip)
        if self.fusion is not None:
            check_positive(fusion_blocks=self.fusion_blocks, fusion_growth=self.fusion_growth)

    @property
    def levels(self) -> int:
        """Number of sizes that the maps have."""
        return len(self.multipliers)

    @property
    def reduction(self) -> int:
        """Pixels that one side of a latent pixel stands for."""
        return 1 << (self.levels - 1)

    @property
    def fusion_levels(self) -> tuple[int, ...]:
        """The decoder levels that fuse features: neither the lowest nor the full size."""
        return FEATURE_LEVELS[: self.levels - 2] if self.fusion else ()

    def channels_of(self, level: int) -> int:
        """Channels of the maps of ``level``."""
        return self.channels * self.multipliers[level]


FIRST_STAGE: Final = AutoencoderConfig()
"""Stable Diffusion 2.1, as it is in the diffusion checkpoints of MGLD-VSR and StableSR: 248 entries, 83,653,863 parameters."""
SEQUENCE_AUTOENCODER: Final = AutoencoderConfig(temporal_version=1, fusion="dense")
"""MGLD-VSR's published decoder (video_vae_cfw.ckpt): 363 entries, 114,973,812 parameters."""
STABLESR_AUTOENCODER: Final = AutoencoderConfig(fusion="rrdb")
"""StableSR's decoder (vqgan_cfw_00011.ckpt): 404 entries, 128,047,591 parameters."""

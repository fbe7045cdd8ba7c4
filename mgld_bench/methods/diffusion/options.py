"""The options that StableSR and MGLD-VSR share, and the sizes of their networks; without torch, since planning needs them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Final, Literal

from pydantic import Field, SerializerFunctionWrapHandler, field_validator, model_serializer, model_validator

from mgld_bench.errors import InputError
from mgld_bench.methods.restorer import RestorerOptions
from mgld_bench.networks.autoencoder.config import FIRST_STAGE, AutoencoderConfig
from mgld_bench.networks.sizes.diffusion import (
    LATENT_CHANNELS,
    MGLD_UNET,
    STRUCTURE_ENCODER,
    TEXT_TOWER,
    StructureEncoderConfig,
    TextTowerConfig,
    UNetConfig,
)
from mgld_bench.plain_data import PlainData

LATENT_REDUCTION: Final = 8
"""Pixels along one side of a latent pixel."""
DIFFUSION: Final = "diffusion"
DECODER: Final = "decoder"
"""Roles of the weight files."""
TRAINING_STEPS: Final = 1000
"""Of the schedule with which the networks were trained."""
_LARGEST_SEED: Final = 2**32 - 1
"""As NumPy's, which the authors' scripts seed as well."""

GuidanceRule = Literal["official", "paper"]
SolverName = Literal["ddim", "dpmpp-2m", "unipc"]


class DiffusionSizes(PlainData):
    """The sizes of a diffusion method's networks; the defaults are those of MGLD-VSR. The decoder, which differs, has none."""

    unet: UNetConfig = MGLD_UNET
    structure: StructureEncoderConfig = STRUCTURE_ENCODER
    text: TextTowerConfig = TEXT_TOWER
    first_stage: AutoencoderConfig = FIRST_STAGE
    decoder: AutoencoderConfig

    @model_validator(mode="after")
    def _fit_together(self) -> DiffusionSizes:
        """ValueError if one network does not give what another one takes."""
        pairs = [
            ("structure.structure_channels", self.structure.structure_channels, self.unet.structure_channels),
            ("levels of structure", len(self.structure.channel_multipliers), len(self.unet.channel_multipliers)),
            ("text.width", self.text.width, self.unet.context_channels),
        ]
        for part, config in (("first_stage", self.first_stage), ("decoder", self.decoder)):
            pairs.append((f"reduction by {part}", config.reduction, LATENT_REDUCTION))
            pairs.append((f"{part}.embed_dim", config.embed_dim, LATENT_CHANNELS))
        for name, found, taken in pairs:
            if found != taken:
                raise ValueError(f"{name}: {found}, but the other networks need {taken}")
        return self


class DiffusionOptions(RestorerOptions):
    """What the cards of both methods can set."""

    steps: int = Field(default=50, ge=1, le=TRAINING_STEPS)
    sampler: Literal["ddpm"] | SolverName = "ddpm"
    """ddpm: the authors'. The others need fewer steps and draw no noise, and their frames are different; see `solvers`."""
    seed: int = Field(default=42, ge=0, le=_LARGEST_SEED)
    tile: int = Field(default=64, gt=0)
    """Side of a latent tile, in latent pixels. Small frames are enlarged until each side has eight times as many pixels."""
    tile_overlap: int = Field(default=32, ge=0)
    picture_tile: int = Field(gt=0)
    """Side of a tile of the enlarged picture, in pixels. Larger pictures go tile by tile from the encoder to the decoder."""
    picture_stride: int = Field(ge=LATENT_REDUCTION)
    decoder_fusion: float = Field(ge=0, allow_inf_nan=False)
    """Weight of the enlarged LR frame's features in the decoder: 1 all, 0 none."""
    color_fix: Literal["adain", "wavelet", "none"] = "adain"
    faithful: bool = True
    """Whether to keep the faults of the authors' scripts that made the published numbers; see docs/footguns.md."""
    compile: bool = False
    """Whether U-Net and structure encoder go through torch.compile: it takes minutes, and pays off in long runs on a GPU."""
    networks: DiffusionSizes
    """Their sizes. A card names only what differs from the method's own: {decoder: {fusion: rrdb}}."""

    @model_serializer(mode="wrap")
    def _as_before(self, write: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Without the authors' sampler: keys of units are digests of this, and older cards have no such field."""
        fields: dict[str, Any] = write(self)
        return {name: value for name, value in fields.items() if (name, value) != ("sampler", "ddpm")}

    @field_validator("networks", mode="before")
    @classmethod
    def _complete(cls, given: object) -> object:
        """Sizes that the card does not name are the method's own, not the defaults of that kind of network."""
        own = cls.model_fields["networks"].default
        if not isinstance(given, Mapping) or not isinstance(own, DiffusionSizes):
            return given
        return {**dict(own), **{part: _completed(sizes, getattr(own, part, None)) for part, sizes in given.items()}}


def check_tiles(options: DiffusionOptions, multiple: int) -> None:
    """Raise InputError if tiles do not suit each other, or the U-Net, which takes latents whose sides are a ``multiple``."""
    if options.tile % multiple:
        raise InputError(f"option tile: {options.tile} is not a multiple of {multiple}, by which the U-Net shrinks latents")
    if options.tile_overlap >= options.tile:
        raise InputError(f"option tile_overlap: {options.tile_overlap} is not below the tile's side, {options.tile}")
    if options.picture_stride > options.picture_tile:
        raise InputError(f"option picture_stride: {options.picture_stride} is above picture_tile, {options.picture_tile}: gaps")
    if options.picture_tile < options.tile * LATENT_REDUCTION or options.picture_tile % LATENT_REDUCTION:
        raise InputError(
            f"option picture_tile: {options.picture_tile} has to be a multiple of {LATENT_REDUCTION}, and at least "
            f"{options.tile * LATENT_REDUCTION} for latent tiles of {options.tile}"
        )


def _completed(sizes: object, own: Any) -> object:  # noqa: ANN401 - one of the networks' sizes, which have nothing in common
    """The given sizes of one network, completed by those of ``own``; as given if they are not sizes of a network."""
    if own is None or not isinstance(sizes, Mapping):
        return sizes
    return {**asdict(own), **{name: tuple(value) if isinstance(value, list) else value for name, value in sizes.items()}}

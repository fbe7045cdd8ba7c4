"""What the diffusion methods' cards can set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Final, Literal

from pydantic import Field, field_validator

from mgld_bench.errors import InputError
from mgld_bench.methods.diffusion.networks import LATENT_REDUCTION, DiffusionSizes
from mgld_bench.methods.diffusion.noise_schedule import TRAINING_STEPS
from mgld_bench.methods.restorer import RestorerOptions

_LARGEST_SEED: Final = 2**32 - 1
"""As NumPy's, which the authors' scripts seed as well."""


class DiffusionOptions(RestorerOptions):
    """What the diffusion methods have in common."""

    steps: int = Field(default=50, ge=1, le=TRAINING_STEPS)
    seed: int = Field(default=42, ge=0, le=_LARGEST_SEED)
    tile: int = Field(default=64, gt=0)
    """Side of a latent tile, in latent pixels; small frames are enlarged until each side has eight times as many pixels."""
    tile_overlap: int = Field(default=32, ge=0)
    picture_tile: int = Field(gt=0)
    """Side of a tile of the enlarged picture, in pixels; larger pictures are restored tile by tile from the encoder to the
    decoder."""
    picture_stride: int = Field(ge=LATENT_REDUCTION)
    decoder_fusion: float = Field(ge=0, allow_inf_nan=False)
    """How much of the features of the enlarged LR frame the decoder takes in: 1 all, 0 none."""
    color_fix: Literal["adain", "wavelet", "none"] = "adain"
    faithful: bool = True
    """With the authors' scripts' faults, which published numbers were made with; see docs/footguns.md."""
    compile: bool = False
    """Whether U-Net and structure encoder go through torch.compile: minutes at the first tile, for long runs on a GPU."""
    networks: DiffusionSizes
    """A card names what differs from the method's own networks: {decoder: {fusion: rrdb}}."""

    @field_validator("networks", mode="before")
    @classmethod
    def _complete(cls, given: object) -> object:
        """What is not named is as in the method's own networks, not as a network of that kind is by default."""
        own = cls.model_fields["networks"].default
        if not isinstance(given, Mapping) or not isinstance(own, DiffusionSizes):
            return given
        return {**dict(own), **{part: _completed(sizes, getattr(own, part, None)) for part, sizes in given.items()}}


def check_tiles(options: DiffusionOptions, multiple: int) -> None:
    """Raise InputError where tiles do not suit each other, or the U-Net, which takes latents of sides that are a ``multiple``."""
    if options.tile % multiple:
        raise InputError(f"option tile: {options.tile} is no multiple of {multiple}, by which the U-Net shrinks latents")
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
    """The sizes of one network that are given, with the others of ``own``; as given where they are no sizes of a network."""
    if own is None or not isinstance(sizes, Mapping):
        return sizes
    return {**asdict(own), **{name: tuple(value) if isinstance(value, list) else value for name, value in sizes.items()}}

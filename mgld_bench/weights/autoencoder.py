"""The checkpoints of MGLD-VSR's sequence decoder and of StableSR's CFW decoder."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from torch import Tensor

from mgld_bench.errors import InputError

_TRAINING: Final = "loss."
"""LPIPS, discriminator and flow network, which Lightning saves too."""
_MAIN: Final = "model.diffusion_model."
"""Prefix of the U-Net in a main checkpoint."""
_MIXING: Final = re.compile(r"^decoder\..*temporal_conv(?P<which>[12]?)\.(weight|bias)$")


@dataclass(frozen=True)
class AutoencoderEntries:
    """The tensors of the autoencoder by its own names, and which temporal mixing they have."""

    state: dict[str, Tensor]
    temporal_version: Literal[0, 1, 2]
    """As AutoencoderConfig has it; 0 without any."""


def autoencoder_entries(state: Mapping[str, Tensor], source: Path) -> AutoencoderEntries:
    """What of a state dict (video_vae_cfw.ckpt, vqgan_cfw_00011.ckpt) is the autoencoder: all but what only training needs.

    source: the file, for the message. Raises InputError for a main checkpoint, and where the temporal mixings are of both
    versions: the authors' code would load such a file and run the missing layers with random weights. Whether it is complete
    shows when it is loaded.
    """
    if any(name.startswith(_MAIN) for name in state):
        raise InputError(f"{source}: no decoder: it holds a U-Net, as the file of role diffusion does")
    kept = {name: tensor for name, tensor in state.items() if not name.startswith(_TRAINING)}
    first: dict[bool, str] = {}
    for name in kept:
        found = _MIXING.match(name)
        if found is not None:
            first.setdefault(found["which"] == "", name)
    if len(first) == 2:
        raise InputError(f"{source}: {first[True]} is of version 1 of the temporal mixing, {first[False]} of version 2: use one")
    version: Literal[0, 1, 2] = 0
    if first:
        version = 1 if True in first else 2
    return AutoencoderEntries(kept, version)

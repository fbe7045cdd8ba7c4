"""The networks in the checkpoints of StableSR and MGLD-VSR: the main file (diffusion half), and the file of the decoder."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from torch import Tensor

from mgld_bench.errors import InputError, WrongCheckpointError
from mgld_bench.weights.loading import does_not_belong

_UNET: Final = "model.diffusion_model."
_STRUCTURE: Final = "structcond_stage_model."
_TEXT: Final = "cond_stage_model.model."
_FIRST_STAGE: Final = "first_stage_model."
_FLOW: Final = "flownet_model."
_TEMPORAL: Final = ".temporal_"
"""In the names of the U-Net's layers that MGLD-VSR has and StableSR lacks."""
_REQUIRED: Final = {
    _UNET: "the U-Net",
    _STRUCTURE: "the structure encoder",
    _TEXT: "the text tower",
    _FIRST_STAGE: "the first-stage autoencoder",
}
_SCHEDULE: Final = frozenset(
    (
        "betas",
        "alphas_cumprod",
        "alphas_cumprod_prev",
        "sqrt_alphas_cumprod",
        "sqrt_one_minus_alphas_cumprod",
        "log_one_minus_alphas_cumprod",
        "sqrt_recip_alphas_cumprod",
        "sqrt_recipm1_alphas_cumprod",
        "posterior_variance",
        "posterior_log_variance_clipped",
        "posterior_mean_coef1",
        "posterior_mean_coef2",
    )
)
"""Buffers of the noise schedule, which are computed from its constants."""
_TRAINING: Final = "loss."
"""LPIPS, discriminator and flow network, which Lightning saves as well."""
_MIXING: Final = re.compile(r"^decoder\..*temporal_conv(?P<which>[12]?)\.(weight|bias)$")


@dataclass(frozen=True)
class DiffusionGroups:
    """The tensors of each network of a main checkpoint, by the network's own names."""

    unet: dict[str, Tensor]
    structure: dict[str, Tensor]
    """Of the structure encoder."""
    text: dict[str, Tensor]
    """Of the text tower."""
    first_stage: dict[str, Tensor]
    """Of the autoencoder."""
    flow: dict[str, Tensor] | None
    """Of RAFT; None where the file does not contain it (StableSR's never does)."""


def split_groups(state: Mapping[str, Tensor], source: Path, title: str, *, temporal: bool) -> DiffusionGroups:
    """The networks in the state dict of a main checkpoint, which stores each under its own prefix.

    The buffers of the noise schedule are left out. Whether the networks are complete is checked when they are loaded.

    Args:
        source: The file, for messages.
        title: What the file should contain, for messages.
        temporal: True for MGLD-VSR's checkpoint, whose U-Net has temporal layers and which may contain RAFT; False for
            StableSR's.

    Raises:
        InputError: A network is missing, the file is that of the other method, or entries belong to none of the networks.
    """
    refused = f"not a checkpoint of {title}"
    prefixes = (_UNET, _STRUCTURE, _TEXT, _FIRST_STAGE, *((_FLOW,) if temporal else ()))
    groups: dict[str, dict[str, Tensor]] = {prefix: {} for prefix in prefixes}
    surplus = []
    for name, tensor in state.items():
        prefix = next((prefix for prefix in prefixes if name.startswith(prefix)), None)
        if prefix is not None:
            groups[prefix][name.removeprefix(prefix)] = tensor
        elif name not in _SCHEDULE:
            surplus.append(name)
    if not any(groups.values()) and any(name.startswith("decoder.") for name in surplus):
        raise WrongCheckpointError(source, f"{refused}: it contains only an autoencoder, as the file of role decoder does")
    if groups[_UNET] and any(_TEMPORAL in name for name in groups[_UNET]) is not temporal:
        found = "no temporal layers, like StableSR's" if temporal else "temporal layers, like MGLD-VSR's"
        raise WrongCheckpointError(source, f"{refused}: its U-Net has {found}")
    if surplus:
        raise WrongCheckpointError(source, f"{refused}: {does_not_belong(surplus)}")
    for prefix, what in _REQUIRED.items():
        if not groups[prefix]:
            raise WrongCheckpointError(source, f"{refused}: {what} is missing (no entry starts with {prefix})")
    found_flow = groups.get(_FLOW)
    return DiffusionGroups(groups[_UNET], groups[_STRUCTURE], groups[_TEXT], groups[_FIRST_STAGE], found_flow or None)


@dataclass(frozen=True)
class AutoencoderEntries:
    """The tensors of the autoencoder by its own names, and the version of their temporal mixing."""

    state: dict[str, Tensor]
    temporal_version: Literal[0, 1, 2]
    """As in AutoencoderConfig; 0 without temporal mixing."""


def autoencoder_entries(state: Mapping[str, Tensor], source: Path) -> AutoencoderEntries:
    """The autoencoder in the state dict of a decoder's file (video_vae_cfw.ckpt, vqgan_cfw_00011.ckpt).

    Everything that only training needs is left out. Whether the autoencoder is complete is checked when it is loaded.

    Args:
        source: The file, for messages.

    Raises:
        InputError: It is a main checkpoint, or it mixes both versions of the temporal mixing: the authors' code would load such a
            file and run the missing layers with random weights.
    """
    if any(name.startswith(_UNET) for name in state):
        raise WrongCheckpointError(source, "not a decoder: it contains a U-Net, as the file of role diffusion does")
    kept = {name: tensor for name, tensor in state.items() if not name.startswith(_TRAINING)}
    first: dict[bool, str] = {}
    for name in kept:
        found = _MIXING.match(name)
        if found is not None:
            first.setdefault(found["which"] == "", name)
    if len(first) == 2:
        raise InputError(
            f"{source}: {first[True]} belongs to version 1 of the temporal mixing, {first[False]} to version 2; "
            "use a file with one version"
        )
    version: Literal[0, 1, 2] = 0
    if first:
        version = 1 if True in first else 2
    return AutoencoderEntries(kept, version)

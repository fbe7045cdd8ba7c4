"""The networks in the checkpoints of StableSR and MGLD-VSR's diffusion half."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from torch import Tensor

from mgld_bench.errors import InputError

_UNET: Final = "model.diffusion_model."
_STRUCTURE: Final = "structcond_stage_model."
_TEXT: Final = "cond_stage_model.model."
_FIRST_STAGE: Final = "first_stage_model."
_FLOW: Final = "flownet_model."
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
"""Buffers of the noise schedule, which follow from its constants."""


@dataclass(frozen=True)
class DiffusionGroups:
    """The tensors of each network, by its own names."""

    unet: dict[str, Tensor]
    structure: dict[str, Tensor]
    """Of the structure encoder."""
    text: dict[str, Tensor]
    """Of the text tower."""
    first_stage: dict[str, Tensor]
    """Of the autoencoder."""
    flow: dict[str, Tensor] | None
    """Of RAFT; None where the file has none, as StableSR's never has."""


def split_groups(state: Mapping[str, Tensor], source: Path, title: str, *, flow: bool) -> DiffusionGroups:
    """The networks in the state dict of a main checkpoint, which keeps each under a prefix of its own.

    source, title: the file and what it should hold, for messages. flow: whether RAFT may be among them (MGLD-VSR). The buffers
    of the noise schedule are left out. Raises InputError where a network is missing, or where an entry belongs to none of them;
    whether the networks are complete shows when they are loaded.
    """
    prefixes = (_UNET, _STRUCTURE, _TEXT, _FIRST_STAGE, *((_FLOW,) if flow else ()))
    groups: dict[str, dict[str, Tensor]] = {prefix: {} for prefix in prefixes}
    for name, tensor in state.items():
        prefix = next((prefix for prefix in prefixes if name.startswith(prefix)), None)
        if prefix is not None:
            groups[prefix][name.removeprefix(prefix)] = tensor
        elif name not in _SCHEDULE:
            raise InputError(f"{source}: no checkpoint of {title}: {name} does not belong to it")
    for prefix, what in _REQUIRED.items():
        if not groups[prefix]:
            raise InputError(f"{source}: no checkpoint of {title}: {what} is missing (no entry starts with {prefix})")
    found_flow = groups.get(_FLOW)
    return DiffusionGroups(groups[_UNET], groups[_STRUCTURE], groups[_TEXT], groups[_FIRST_STAGE], found_flow or None)

"""Loading state dicts into networks: every name and shape must match."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import torch
from torch import nn

from mgld_bench.errors import WrongCheckpointError, first_of

_FAULTS: Final = 5
"""How many tensors that do not fit a message lists."""


def load_strictly(
    network: nn.Module, state: Mapping[str, torch.Tensor], source: Path, title: str, *, assign: bool = False
) -> None:
    """Load the tensors of ``state`` into ``network``.

    Args:
        source: The file, for messages.
        title: What the file should contain, for messages.
        assign: The network takes the tensors themselves instead of copying their values; needed for a network that was built on
            the meta device.

    Raises:
        WrongCheckpointError: Names or shapes are not exactly those of the network. The message lists up to five tensors of each
            kind of error and counts the rest.
    """
    expected = network.state_dict()
    missing = [name for name in expected if name not in state]
    surplus = [name for name in state if name not in expected]
    faults = [
        *([f"{first_of(missing)} {'is' if len(missing) == 1 else 'are'} missing"] if missing else []),
        *([does_not_belong(surplus)] if surplus else []),
        *_misfits(expected, state),
    ]
    if faults:
        raise WrongCheckpointError(source, f"not a checkpoint of {title}: {'; '.join(faults)}")
    network.load_state_dict(state, assign=assign)


def does_not_belong(names: Sequence[str]) -> str:
    """``a, b do not belong to it``, for the message about a file."""
    return f"{first_of(names)} {'does' if len(names) == 1 else 'do'} not belong to it"


def _misfits(expected: Mapping[str, torch.Tensor], state: Mapping[str, torch.Tensor]) -> list[str]:
    """What is wrong with the tensors that are not missing."""
    faults = []
    for name, wanted in expected.items():
        found = state.get(name)
        if found is None:
            continue
        if found.shape != wanted.shape:
            faults.append(f"{name} has shape {tuple(found.shape)}, not {tuple(wanted.shape)}")
        elif wanted.is_floating_point() and not found.is_floating_point():
            faults.append(f"{name} has type {found.dtype}, not a floating-point type")
    more = len(faults) - _FAULTS
    return [*faults[:_FAULTS], *([f"{more} more do not fit"] if more > 0 else [])]

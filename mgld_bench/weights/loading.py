"""State dicts into networks: every name and shape has to fit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import torch
from torch import nn

from mgld_bench.errors import InputError

_NAMED: Final = 5
"""Tensors that a message names before it counts the rest."""


def load_strictly(
    network: nn.Module, state: Mapping[str, torch.Tensor], source: Path, title: str, *, assign: bool = False
) -> None:
    """Put the tensors of ``state`` into ``network``.

    source, title: the file and what it should hold, for the message. assign: the network takes the tensors themselves instead of
    their values; needed for one that was built on the meta device. Raises InputError unless names and shapes are exactly those of
    the network; the message names up to five tensors of each kind of fault and counts the rest.
    """
    expected = network.state_dict()
    missing = [name for name in expected if name not in state]
    surplus = [name for name in state if name not in expected]
    faults = [
        *([f"{named(missing)} {'is' if len(missing) == 1 else 'are'} missing"] if missing else []),
        *([does_not_belong(surplus)] if surplus else []),
        *_misfits(expected, state),
    ]
    if faults:
        raise InputError(f"{source}: no checkpoint of {title}: {'; '.join(faults)}")
    network.load_state_dict(state, assign=assign)


def does_not_belong(names: Sequence[str]) -> str:
    """``a, b do not belong to it``, for the message about a file."""
    return f"{named(names)} {'does' if len(names) == 1 else 'do'} not belong to it"


def named(names: Sequence[str]) -> str:
    """The first five names, and how many more there are."""
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")


def _misfits(expected: Mapping[str, torch.Tensor], state: Mapping[str, torch.Tensor]) -> list[str]:
    """What is wrong with the tensors that are there."""
    faults = []
    for name, wanted in expected.items():
        found = state.get(name)
        if found is None:
            continue
        if found.shape != wanted.shape:
            faults.append(f"{name} has shape {tuple(found.shape)}, not {tuple(wanted.shape)}")
        elif wanted.is_floating_point() and not found.is_floating_point():
            faults.append(f"{name} has type {found.dtype}, not one of floating point")
    more = len(faults) - _NAMED
    return [*faults[:_NAMED], *([f"{more} more do not fit"] if more > 0 else [])]

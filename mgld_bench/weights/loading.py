"""State dicts into networks: every name and shape has to fit."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import nn

from mgld_bench.errors import InputError


def load_strictly(
    network: nn.Module, state: Mapping[str, torch.Tensor], source: Path, title: str, *, assign: bool = False
) -> None:
    """Put the tensors of ``state`` into ``network``.

    source, title: the file and what it should hold, for the message. assign: the network takes the tensors themselves instead of
    their values; needed for one that was built on the meta device. Raises InputError unless names and shapes are exactly those of
    the network.
    """
    expected = network.state_dict()
    for name, tensor in expected.items():
        if name not in state:
            raise InputError(f"{source}: no checkpoint of {title}: {name} is missing")
        if state[name].shape != tensor.shape:
            found, wanted = tuple(state[name].shape), tuple(tensor.shape)
            raise InputError(f"{source}: no checkpoint of {title}: {name} has shape {found}, not {wanted}")
    surplus = next((name for name in state if name not in expected), None)
    if surplus is not None:
        raise InputError(f"{source}: no checkpoint of {title}: {surplus} does not belong to it")
    network.load_state_dict(state, assign=assign)

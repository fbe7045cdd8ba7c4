"""Half precision for a network of which some parts need float32."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import nn


def cast_except(network: nn.Module, dtype: torch.dtype, exact: Iterable[nn.Module]) -> None:
    """Turn the floating-point parameters and buffers of ``network`` into ``dtype``, but for those of its parts ``exact``.

    These keep their values; casting everything and these parts back would leave them rounded.
    """
    kept = {id(tensor) for part in exact for tensor in (*part.parameters(), *part.buffers())}
    for tensor in (*network.parameters(), *network.buffers()):
        if id(tensor) not in kept and tensor.is_floating_point():
            tensor.data = tensor.data.to(dtype)

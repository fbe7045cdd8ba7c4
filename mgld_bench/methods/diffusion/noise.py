"""The random numbers of a diffusion method: which generator draws what, in which order."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor


class _SeededNoise:
    """Of one piece."""

    def __init__(self, seed: int, device: torch.device) -> None:
        self._device = device
        self._on_cpu = torch.Generator().manual_seed(seed)
        self._on_device = self._on_cpu if device.type == "cpu" else torch.Generator(device).manual_seed(seed)

    def posterior(self, shape: torch.Size) -> Tensor:
        return torch.randn(shape, generator=self._on_cpu).to(self._device)

    def draw(self, shape: torch.Size) -> Tensor:
        return torch.randn(shape, generator=self._on_device, device=self._device)


class Noise:
    """Standard normal noise, float32, of pieces that are computed together: each from its own seed, however many there are.

    Kept from the authors' scripts, so that a GPU draws what it drew there: the sample of the first stage's posterior comes from
    the CPU's generator, everything after it from the device's. On a CPU both are one generator.
    """

    def __init__(self, seeds: Sequence[int], rows: int, device: torch.device) -> None:
        """seeds: of the pieces. rows: frames of each."""
        self._sources = [_SeededNoise(seed, device) for seed in seeds]
        self._rows = rows

    def posterior(self, shape: torch.Size) -> Tensor:
        """For the sample of the posterior, ``shape`` of all pieces together; to be drawn first."""
        return torch.cat([source.posterior(self._piece(shape)) for source in self._sources])

    def draw(self, shape: torch.Size) -> Tensor:
        """For the start, then for each step; ``shape`` of all pieces together."""
        return torch.cat([source.draw(self._piece(shape)) for source in self._sources])

    def _piece(self, shape: torch.Size) -> torch.Size:
        return torch.Size((self._rows, *shape[1:]))

"""Methods of one network: built from the options, loaded strictly, or filled with random but fixed weights."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final

from mgld_bench.errors import InputError
from mgld_bench.methods.compute import Compute
from mgld_bench.methods.restorer import OptionsT, Restorer

if TYPE_CHECKING:
    from torch import Tensor, nn


ROLE: Final = "network"
"""The role of the weight file in the card."""
_SEED: Final = 20240719


class NetworkRestorer(Restorer[OptionsT]):
    """A method of one network, whose weights are in the file of role ``network``.

    A subclass gives `title` and `create_network`, and `restore`. It overrides `official_state` if the file's names differ from
    the network's, `place` if not all of the network computes in the same precision.
    """

    title: ClassVar[str]
    """What the file should hold, for messages: "RVRT"."""

    fixed_weights_gain: ClassVar[float] = 1.0
    """Gain of the weights that stand in for missing files, so that values neither vanish nor explode."""

    network: nn.Module
    """On the device, in evaluation mode, without gradients."""

    def __init__(self, options: OptionsT, weights: Mapping[str, Path] | None, compute: Compute) -> None:
        super().__init__(options, weights, compute)
        self.device, self.dtype = compute.torch_device(), compute.dtype()
        if weights is None:
            network = fill_with_fixed_weights(self.create_network(options), self.fixed_weights_gain)
        elif ROLE in weights:
            network = self.load_network(weights)
        else:
            raise InputError(f"{self.title} needs a weight file of role {ROLE}: its card names none")
        self.network = self.place(network.eval().requires_grad_(False))

    @classmethod
    def check_file(cls, options: OptionsT, role: str, file: Path) -> None:
        """Loads it, which takes moments for networks of this size."""
        if role == ROLE:
            cls(options, {ROLE: file}, Compute())

    @abstractmethod
    def create_network(self, options: OptionsT) -> nn.Module:
        """The network before weights are loaded, float32, on the CPU."""

    def load_network(self, weights: Mapping[str, Path]) -> nn.Module:
        """The network with its weights, float32, on the CPU. Overridden if it is the file that decides the network's size."""
        from mgld_bench.weights.loading import load_strictly
        from mgld_bench.weights.reading import read_state_dict

        network, path = self.create_network(self.options), weights[ROLE]
        load_strictly(network, self.official_state(read_state_dict(path)), path, self.title)
        return network

    def official_state(self, state: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        """The entries of the file by the network's names: without prefixes, constants and what only training needs."""
        return state

    def place(self, network: nn.Module) -> nn.Module:
        """The network on the device and in the type in which it computes."""
        return network.to(self.device, self.dtype)

    def networks(self) -> Mapping[str, nn.Module]:
        """The one network."""
        return {ROLE: self.network}


def fill_with_fixed_weights(network: nn.Module, gain: float = 1.0) -> nn.Module:
    """Fill ``network`` in place with weights that are the same on every machine, and return it in evaluation mode.

    For what does not depend on values, such as cost, and for smoke tests. Matrices and kernels: normal, scaled by ``gain`` /
    sqrt(inputs). Biases: 0. Other vectors (scales of normalisations): what the network was built with. The network has to be on a
    real device, not on meta.
    """
    import torch

    generator = torch.Generator().manual_seed(_SEED)
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            if parameter.ndim > 1:
                deviation = gain / math.sqrt(max(1, parameter[0].numel()))
                drawn = torch.randn(parameter.shape, generator=generator) * deviation
                parameter.copy_(drawn)
            elif name.rpartition(".")[2] == "bias":
                # Layers are built with random ones.
                parameter.zero_()
    return network.eval().requires_grad_(False)

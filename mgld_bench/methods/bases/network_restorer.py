"""Methods of one network whose official file is a state dict."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar, Final

from torch import Tensor, nn

from mgld_bench.errors import InputError
from mgld_bench.methods.bases.fixed_weights import fill_with_fixed_weights
from mgld_bench.methods.compute import Compute
from mgld_bench.methods.restorer import OptionsT, Restorer
from mgld_bench.weights.loading import load_strictly
from mgld_bench.weights.reading import read_state_dict

ROLE: Final = "network"
"""The role of the weight file in the card."""


class NetworkRestorer(Restorer[OptionsT]):
    """A method of one network, built from the options, with the file of role ``network`` loaded strictly by name."""

    title: ClassVar[str]
    """What the file should hold, for messages: "RVRT"."""

    made_up_gain: ClassVar[float] = 1.0
    """Of the weights that take the place of missing files, so that values neither vanish nor explode."""

    network: nn.Module
    """On the device, in evaluation mode, without gradient."""

    def __init__(self, options: OptionsT, weights: Mapping[str, Path] | None, compute: Compute) -> None:
        super().__init__(options, weights, compute)
        self.device, self.dtype = compute.torch_device(), compute.dtype()
        network = self.create_network(self.options)
        if weights is None:
            fill_with_fixed_weights(network, self.made_up_gain)
        else:
            self._load(network, weights)
        self.network = self.place(network.eval().requires_grad_(False))

    @abstractmethod
    def create_network(self, options: OptionsT) -> nn.Module:
        """The network, float32, on the CPU."""

    def official_state(self, state: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        """The entries of the file under the network's names: prefixes cut, constants and what is only for training dropped."""
        return state

    def place(self, network: nn.Module) -> nn.Module:
        """The network where and in the type in which it computes."""
        return network.to(self.device, self.dtype)

    def networks(self) -> Mapping[str, nn.Module]:
        """The one network."""
        return {ROLE: self.network}

    def _load(self, network: nn.Module, weights: Mapping[str, Path]) -> None:
        if ROLE not in weights:
            raise InputError(f"{self.title} needs a weight file of role {ROLE}: its card names none")
        path = weights[ROLE]
        load_strictly(network, self.official_state(read_state_dict(path)), path, self.title)

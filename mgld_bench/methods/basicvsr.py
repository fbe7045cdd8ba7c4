"""BasicVSR: the classic of recurrent video super-resolution, trained on clean bicubic LR frames."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from mgld_bench.methods.bases.recurrent import RecurrentOptions, RecurrentRestorer
from mgld_bench.networks.sizes.basicvsr import BasicVSRConfig

if TYPE_CHECKING:
    from torch import nn

    from mgld_bench.networks.basicvsr import BasicVSR


class BasicVSROptions(RecurrentOptions):
    """A window and the network."""

    network: BasicVSRConfig = BasicVSRConfig()

    @property
    def mid_channels(self) -> int:
        """Those of the network."""
        return self.network.mid_channels


class BasicVSRRestorer(RecurrentRestorer[BasicVSROptions]):
    """BasicVSR x4. Source: OpenMMLab's mmediting and mmagic (Apache-2.0), whole clips in float32."""

    revision: ClassVar[int] = 1
    title: ClassVar[str] = "BasicVSR"
    network: BasicVSR

    def create_network(self, options: BasicVSROptions) -> nn.Module:
        """The network of the card's size."""
        from mgld_bench.networks.basicvsr import BasicVSR

        return BasicVSR(options.network)

    @property
    def recurrence(self) -> BasicVSR:
        """The whole network."""
        return self.network

"""RealBasicVSR: BasicVSR for real-world video, on frames that a small network cleans first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from mgld_bench.methods.bases.network_restorer import ROLE
from mgld_bench.methods.bases.recurrent import RecurrentOptions, RecurrentRestorer
from mgld_bench.networks.sizes.basicvsr import RealBasicVSRConfig

if TYPE_CHECKING:
    from torch import Tensor, nn

    from mgld_bench.networks.basicvsr import BasicVSR
    from mgld_bench.networks.realbasicvsr import RealBasicVSR


class RealBasicVSROptions(RecurrentOptions):
    """How often frames are cleaned, a window, and the network.

    The mean change of a cleaning pass is taken over a window, so results depend on windows if the threshold is ever reached.
    """

    refinement_threshold: float = Field(default=255, ge=0)
    """Cleaning ends when it changes a window's frames by less, on average, in levels of 0 ... 255. The published script runs with
    255: one pass. The training configurations set 5 for testing (1.5 for the model without GAN)."""
    refinement_iterations: int = Field(default=3, ge=1)
    """Passes after which cleaning ends in any case."""
    network: RealBasicVSRConfig = RealBasicVSRConfig()

    @property
    def mid_channels(self) -> int:
        """Those of the network."""
        return self.network.mid_channels


class RealBasicVSRRestorer(RecurrentRestorer[RealBasicVSROptions]):
    """RealBasicVSR x4. Sources: ckkelvinchan/RealBasicVSR (Apache-2.0), OpenMMLab's mmediting; whole clips in float32."""

    revision: ClassVar[int] = 1
    title: ClassVar[str] = "RealBasicVSR"
    network: RealBasicVSR

    def create_network(self, options: RealBasicVSROptions) -> nn.Module:
        """The network of the card's size."""
        from mgld_bench.networks.realbasicvsr import RealBasicVSR

        return RealBasicVSR(options.network, options.refinement_threshold, options.refinement_iterations)

    def trained(self) -> Mapping[str, int]:
        """All but SPyNet, which the authors did not train."""
        flow = sum(parameter.numel() for parameter in self.recurrence.spynet.parameters())
        return {ROLE: sum(parameter.numel() for parameter in self.network.parameters()) - flow}

    @property
    def recurrence(self) -> BasicVSR:
        """The recurrence that cleaned frames go through."""
        return self.network.basicvsr

    def prepare(self, frames: list[Tensor]) -> list[Tensor]:
        """The cleaned frames."""
        return self.network.clean(frames)

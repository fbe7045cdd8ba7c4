"""The compact network of Real-ESRGAN: realesr-animevideov3 and its like."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from mgld_bench.methods.bases.frame_by_frame import FrameByFrameOptions, FrameByFrameRestorer
from mgld_bench.methods.bases.network_restorer import ROLE

if TYPE_CHECKING:
    from torch import nn


class SRVGGRestorer(FrameByFrameRestorer):
    """SRVGG x4, frame by frame.

    Weights: role ``network``, an official checkpoint, or an ncnn .bin (kernels rounded to 16 bits); role ``structure``: the
    .param of that .bin. Source: xinntao/Real-ESRGAN (BSD-3-Clause).
    """

    title: ClassVar[str] = "SRVGG"
    revision: ClassVar[int] = 1
    memory_per_pixel: ClassVar[int] = 1_500

    def load_network(self, weights: Mapping[str, Path]) -> nn.Module:
        """The network from the card's files, which decide its size."""
        from mgld_bench.networks.srvgg import SRVGGNetCompact
        from mgld_bench.weights.srvgg import read_srvgg

        size, state = read_srvgg(weights[ROLE], weights.get("structure"))
        network = SRVGGNetCompact(size.features, size.middle_convolutions, self.scale)
        network.load_state_dict(state)
        return network

    def create_network(self, options: FrameByFrameOptions) -> nn.Module:
        """64 features, 16 convolutions in the middle."""
        from mgld_bench.networks.srvgg import SRVGGNetCompact

        return SRVGGNetCompact()

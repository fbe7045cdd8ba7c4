"""The RRDBNet x4 family: Real-ESRGAN and BSRGAN."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from mgld_bench.methods.bases.frame_by_frame import FrameByFrameOptions, FrameByFrameRestorer
from mgld_bench.methods.bases.network_restorer import ROLE

if TYPE_CHECKING:
    import torch
    from torch import nn


class RRDBNetRestorer(FrameByFrameRestorer):
    """RRDBNet x4, frame by frame.

    Weights: role ``network``, an official checkpoint in the names of Real-ESRGAN or BSRGAN, or an ncnn .bin (kernels rounded to
    16 bits); role ``structure``, optional: the .param of that .bin, which is then checked against the network. Sources:
    xinntao/Real-ESRGAN (BSD-3-Clause), cszn/BSRGAN (Apache-2.0); the network through spandrel.
    """

    title: ClassVar[str] = "RRDBNet"
    revision: ClassVar[int] = 1
    memory_per_pixel: ClassVar[int] = 20_000

    def load_network(self, weights: Mapping[str, Path]) -> nn.Module:
        """The network from the card's files, which decide its size."""
        from mgld_bench.weights.rrdbnet import read_rrdbnet

        return build_rrdbnet(read_rrdbnet(weights[ROLE], weights.get("structure")))

    def create_network(self, options: FrameByFrameOptions) -> nn.Module:
        """64 features, 23 blocks."""
        import torch

        from mgld_bench.weights.rrdbnet import REAL_ESRGAN, parameter_shapes

        return build_rrdbnet({name: torch.zeros(shape) for name, shape in parameter_shapes(REAL_ESRGAN).items()})


def build_rrdbnet(state: Mapping[str, torch.Tensor]) -> nn.Module:
    """The network of spandrel with an official state dict (either layout, any number of features and blocks); output not clamped.

    Raises InputError unless names and shapes are exactly those of an RRDBNet x4: spandrel itself ignores names that it does not
    know.
    """
    # Here, because it takes seconds to import, and planning a run builds no network.
    from spandrel.architectures.ESRGAN import ESRGANArch

    from mgld_bench.weights.rrdbnet import check_official

    check_official("state dict", state)
    network: nn.Module = ESRGANArch().load(dict(state)).model
    return network

"""The SRVGG network on its own."""

from __future__ import annotations

import torch
from spandrel.architectures.Compact import CompactArch

from mgld_bench.networks.srvgg import SRVGGNetCompact
from mgld_bench.weights.srvgg import SRVGGSize, parameter_shapes


def test_names_and_shapes_are_the_official_ones() -> None:
    with torch.device("meta"):
        network = SRVGGNetCompact()
    shapes = {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}
    assert list(shapes.items()) == list(parameter_shapes(SRVGGSize(64, 16)).items())


def test_it_computes_what_spandrels_does() -> None:
    torch.manual_seed(1)
    ours = SRVGGNetCompact(features=8, middle_convolutions=3).eval()
    theirs = CompactArch().load(ours.state_dict()).model.eval()
    images = torch.rand(2, 3, 7, 9)
    with torch.no_grad():
        torch.testing.assert_close(ours(images), theirs(images), rtol=0, atol=1e-6)
        assert ours(images).shape == (2, 3, 28, 36)


def test_without_weights_it_is_nearest_neighbour() -> None:
    network = SRVGGNetCompact(features=4, middle_convolutions=1)
    for tensor in network.state_dict().values():
        tensor.zero_()
    images = torch.rand(1, 3, 3, 5)
    with torch.no_grad():
        assert torch.equal(network(images), images.repeat_interleave(4, 2).repeat_interleave(4, 3))

"""RAFT on its own."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
import torch
from torch import Tensor
from torchvision.models.optical_flow import raft_large

from mgld_bench.networks.layers.optical_flow import pad_centred, unpad_centred
from mgld_bench.networks.raft.network import RAFT, names_from_torchvision

PARAMETERS = Path(__file__).parents[2] / "parity" / "fixtures" / "mgld_diffusion" / "parameters.tsv"
PREFIX = "flownet_model."


def filled(network: torch.nn.Module) -> torch.nn.Module:
    """With statistics of the batch normalisation that are not those of a new network."""
    generator = torch.Generator().manual_seed(3)
    for name, tensor in network.state_dict().items():
        if name.endswith(("running_mean", "running_var")):
            tensor.uniform_(0.5, 1.5, generator=generator)
    return network.eval()


@pytest.fixture(scope="module")
def state() -> dict[str, Tensor]:
    torch.manual_seed(4)
    return filled(RAFT()).state_dict()


@pytest.fixture(scope="module")
def images() -> Tensor:
    return torch.rand(3, 3, 128, 136, generator=torch.Generator().manual_seed(5))


def network_with(state: dict[str, Tensor], iterations: int = 2, scale_input: bool = True, correlation_bytes: int = 2**30) -> RAFT:
    with torch.device("meta"):
        network = RAFT(iterations, scale_input, correlation_bytes=correlation_bytes)
    network.load_state_dict(state, assign=True)
    return network.eval()


def test_names_and_shapes_are_the_official_ones() -> None:
    with torch.device("meta"):
        network = RAFT()
    rows = [line.split("\t") for line in PARAMETERS.read_text().splitlines() if line.startswith(PREFIX)]
    official = {name.removeprefix(PREFIX): tuple(ast.literal_eval(shape)) for name, shape in rows}
    assert {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()} == official


def test_hidden_state_and_context_have_the_sizes_asked_for() -> None:
    network = RAFT(iterations=2, hidden_channels=32, context_channels=48, correlation_levels=3, correlation_radius=2).eval()
    images = torch.rand(2, 3, 64, 72)
    with torch.inference_mode():
        assert network.features(images).context.shape == (2, 80, 8, 9)
        assert network(images, images.flip(0)).shape == (2, 2, 64, 72)


def test_with_torchvisions_weights_it_computes_what_torchvisions_does(images: Tensor) -> None:
    torch.manual_seed(6)
    theirs = filled(raft_large(weights=None))
    ours = network_with(names_from_torchvision(theirs.state_dict()))
    with torch.inference_mode():
        expected = theirs(2 * images[:2] - 1, 2 * images[1:] - 1, num_flow_updates=2)[-1]
        assert expected.std() > 0.1
        torch.testing.assert_close(ours(images[:2], images[1:]), expected, rtol=0, atol=1e-6)


def test_input_is_scaled_by_default(state: dict[str, Tensor], images: Tensor) -> None:
    with torch.inference_mode():
        scaled = network_with(state)(images[:1], images[1:2])
        as_it_is = network_with(state, scale_input=False)
        assert torch.equal(as_it_is(2 * images[:1] - 1, 2 * images[1:2] - 1), scaled)
        assert not torch.allclose(as_it_is(images[:1], images[1:2]), scaled)


def test_features_serve_every_pair_of_their_images(state: dict[str, Tensor], images: Tensor) -> None:
    network = network_with(state)
    with torch.inference_mode():
        features = network.features(images)
        for first, second in ((slice(0, 2), slice(1, 3)), (slice(1, 3), slice(0, 2)), (slice(2, 3), slice(0, 1))):
            flow = network.flow(features[first], features[second])
            torch.testing.assert_close(flow, network(images[first], images[second]), rtol=1e-4, atol=1e-4)


def test_pairs_of_a_batch_do_not_see_each_other(state: dict[str, Tensor], images: Tensor) -> None:
    network = network_with(state)
    with torch.inference_mode():
        together = network(images, images.roll(1, 0))
        for pair, flow in enumerate(together):
            torch.testing.assert_close(network(images[pair][None], images[pair - 1][None])[0], flow, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("correlation_bytes", [0, 30_000, 150_000])
def test_the_budget_changes_nothing_but_rounding(state: dict[str, Tensor], images: Tensor, correlation_bytes: int) -> None:
    with torch.inference_mode():
        expected = network_with(state)(images[:1], images[1:2])
        bounded = network_with(state, correlation_bytes=correlation_bytes)(images[:1], images[1:2])
    torch.testing.assert_close(bounded, expected, rtol=1e-4, atol=1e-4)


def test_odd_sides_are_padded_and_the_flow_cropped(state: dict[str, Tensor]) -> None:
    network = network_with(state)
    first, second = torch.rand(2, 1, 3, 129, 141, generator=torch.Generator().manual_seed(7))
    with torch.inference_mode():
        padded = network(pad_centred(first, 8), pad_centred(second, 8))
        assert padded.shape == (1, 2, 136, 144)
        flow = network(first, second)
        assert torch.equal(flow, unpad_centred(padded, (129, 141)))
        features = network.features(torch.cat([first, second]))
        torch.testing.assert_close(network.flow(features[:1], features[1:]), flow, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(("height", "width"), [(127, 200), (200, 127), (8, 8)])
def test_small_images_are_refused(height: int, width: int) -> None:
    images = torch.zeros(1, 3, height, width)
    network = RAFT()
    for call in (lambda: network(images, images), lambda: network.features(images)):
        with pytest.raises(ValueError, match=f"at least 128 x 128 pixels, got {width} x {height}"):
            call()

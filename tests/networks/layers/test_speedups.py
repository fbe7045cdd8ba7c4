"""The faster ways of the diffusion networks against the plain one, each with all before it: rounding and no more."""

from __future__ import annotations

from dataclasses import fields
from typing import TypeVar

import pytest
import torch
from torch import nn

from mgld_bench.networks.autoencoder.config import AutoencoderConfig
from mgld_bench.networks.autoencoder.network import Autoencoder
from mgld_bench.networks.layers.doubling import DoublingConvolution
from mgld_bench.networks.layers.fused import kernel_fault
from mgld_bench.networks.layers.speed_up import speed_up
from mgld_bench.networks.layers.speedups import Speedups
from tests.helpers.diffusion_samples import CONTEXT, HEIGHT, WIDTH, drawn, small_encoder, small_unet, structure_of

WAYS = dict(Speedups.cumulative())
DENOISING = [
    "fused_norms",
    "merged_projections",
    "fused_modulation",
    "fused_gates",
    "low_upsampling",
    "prepared_steps",
]
ROWS = 6
"""Two clips."""


NetworkT = TypeVar("NetworkT", bound=nn.Module)


def with_uneven_biases(network: NetworkT) -> NetworkT:
    """Biases and scales that are not those of a new network: what is left out would be seen."""
    generator = torch.Generator().manual_seed(4)
    for parameter in network.requires_grad_(False).parameters():
        if parameter.ndim == 1:
            parameter.add_(0.3 * torch.randn(parameter.shape, generator=generator))
    return network.eval()


def close(found: torch.Tensor, wanted: torch.Tensor) -> None:
    assert (found - wanted).abs().max() < 1e-4 * wanted.std()


def test_ways_are_added_one_by_one() -> None:
    assert next(iter(WAYS.values())) == Speedups.none()
    assert list(WAYS.values())[-1] == Speedups()
    assert list(WAYS)[1:] == [field.name for field in fields(Speedups)]


@pytest.mark.parametrize("way", DENOISING)
def test_the_denoising_networks(way: str) -> None:
    x, text, structure, timesteps = drawn(ROWS, 4, HEIGHT, WIDTH, seed=1), drawn(1, 7, CONTEXT, seed=3), structure_of(ROWS), [321]
    at = torch.tensor(timesteps)
    plain, plain_encoder = with_uneven_biases(small_unet()), with_uneven_biases(small_encoder())
    fast, fast_encoder = with_uneven_biases(small_unet()), with_uneven_biases(small_encoder())
    names = list(fast.state_dict())
    for network in (fast, fast_encoder):
        speed_up(network, WAYS[way])
    assert list(fast.state_dict()) == names
    close(fast(x, at, text, structure), plain(x, at, text, structure))
    if WAYS[way].prepared_steps:
        close(fast(x, fast.packed(fast.step_values(at)), text, structure), plain(x, at, text, structure))
        packed = fast_encoder.packed(fast_encoder.step_values(at))
        for width, wanted in plain_encoder(x, at).items():
            close(fast_encoder(x, packed)[width], wanted)


@pytest.mark.parametrize(("version", "fusion"), [(1, "dense"), (2, "dense"), (0, "rrdb")])
def test_the_autoencoders(version: int, fusion: str) -> None:
    config = AutoencoderConfig(
        channels=32,
        multipliers=(1, 1, 2),
        blocks=1,
        temporal_version=version,  # type: ignore[arg-type]
        fusion=fusion,  # type: ignore[arg-type]
        fusion_blocks=1,
        fusion_growth=8,
    )
    torch.manual_seed(3)
    plain = with_uneven_biases(Autoencoder(config))
    fast = Autoencoder(config).eval()
    fast.load_state_dict(plain.state_dict())
    speed_up(fast.requires_grad_(False), Speedups())
    pictures, latents = drawn(10, 3, 16, 24, seed=1), drawn(10, 4, 4, 6, seed=2)
    features = plain.features(pictures)
    close(fast.decode(latents, features), plain.decode(latents, features))
    posterior, found = fast.posterior_and_features(pictures, frames_at_once=5)
    close(posterior.mean, plain.posterior(pictures).mean)
    for maps, wanted in zip(found, features, strict=True):
        close(maps, wanted)
    assert fast.encodes_like(plain)
    fast.encoder.conv_in.weight[0, 0, 0, 0] += 1
    assert not fast.encodes_like(plain)


@pytest.mark.parametrize("size", [(1, 1), (4, 7)])
def test_a_doubled_map_is_convolved_at_its_own_size(size: tuple[int, int]) -> None:
    torch.manual_seed(0)
    layer = DoublingConvolution(6).requires_grad_(False)
    maps = drawn(2, 6, *size, seed=1)
    wanted = layer(maps)
    speed_up(layer, Speedups())
    close(layer(maps), wanted)


def test_a_device_without_the_kernels_is_known_by_its_reason() -> None:
    assert kernel_fault(torch.device("cpu")) is None
    assert "mps" in str(kernel_fault(torch.device("mps"))) or "MPS" in str(kernel_fault(torch.device("mps")))

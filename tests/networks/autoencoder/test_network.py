"""The autoencoders on their own: names, what can be removed exactly, which frames see each other."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from mgld_bench.networks.autoencoder.config import FIRST_STAGE, SEQUENCE_AUTOENCODER, STABLESR_AUTOENCODER, AutoencoderConfig
from mgld_bench.networks.autoencoder.network import Autoencoder
from tests.helpers.largest_tensor import LargestTensor
from tests.helpers.official_names import official_shapes

SMALL = AutoencoderConfig(channels=32, multipliers=(1, 1, 2), blocks=1, frames_per_clip=3, fusion_growth=8)
SEQUENCE = replace(SMALL, temporal_version=1, fusion="dense")
SEQUENCE_2 = replace(SMALL, temporal_version=2, fusion="dense")
STABLESR = replace(SMALL, fusion="rrdb")
ALL = pytest.mark.parametrize(
    "config", [SMALL, SEQUENCE, SEQUENCE_2, STABLESR], ids=["first-stage", "sequence", "sequence-2", "stablesr"]
)


def filled(config: AutoencoderConfig) -> Autoencoder:
    """A network with random weights, those of the temporal mixing included, which a new network leaves at the identity."""
    torch.manual_seed(1)
    network = Autoencoder(config).eval()
    for name, parameter in network.named_parameters():
        if name.endswith("temporal_alpha"):
            torch.nn.init.uniform_(parameter, 0.2, 0.6)
    return network


def pictures(count: int, height: int = 16, width: int = 24) -> Tensor:
    return 2 * torch.rand(count, 3, height, width, generator=torch.Generator().manual_seed(2)) - 1


def latents(count: int, height: int = 4, width: int = 6) -> Tensor:
    return torch.randn(count, 4, height, width, generator=torch.Generator().manual_seed(3))


def features_of(network: Autoencoder, count: int) -> list[Tensor] | None:
    return network.features(pictures(count)) if network.config.fusion else None


@pytest.mark.parametrize(
    ("config", "network", "table", "prefix", "entries", "parameters"),
    [
        # Entries and parameters: reference/mgld_decoder/spec.md, sections 3 and 4, reference/stablesr/spec.md, section 1.
        (FIRST_STAGE, "mgld_decoder", "parameters-first-stage", "", 248, 83_653_863),
        (FIRST_STAGE, "stablesr", "parameters", "first_stage_model.", 248, 83_653_863),
        (SEQUENCE_AUTOENCODER, "mgld_decoder", "parameters", "", 363, 114_973_812),
        (replace(SEQUENCE_AUTOENCODER, temporal_version=2), "mgld_decoder", "parameters-version-2", "", 389, 121_220_852),
        (STABLESR_AUTOENCODER, "stablesr", "parameters-cfw-autoencoder", "", 404, 128_047_591),
    ],
)
def test_names_and_shapes_are_the_official_ones(
    config: AutoencoderConfig, network: str, table: str, prefix: str, entries: int, parameters: int
) -> None:
    with torch.device("meta"):
        state = Autoencoder(config).state_dict()
    official = official_shapes(network, table)
    expected = {name.removeprefix(prefix): shape for name, shape in official.items() if name.startswith(prefix)}
    assert {name: tuple(tensor.shape) for name, tensor in state.items()} == expected
    assert (len(state), sum(tensor.numel() for tensor in state.values())) == (entries, parameters)


@pytest.mark.parametrize("config", [SEQUENCE, SEQUENCE_2, STABLESR], ids=["sequence", "sequence-2", "stablesr"])
def test_without_fusion_and_temporal_mixing_it_is_the_first_stage(config: AutoencoderConfig) -> None:
    network = filled(config)
    plain = Autoencoder(SMALL).eval()
    plain.load_state_dict({name: tensor for name, tensor in network.state_dict().items() if name in plain.state_dict()})
    features = network.features(pictures(3))
    expected = plain.decode(latents(3))
    assert torch.equal(network.decode(latents(3), features, fusion_weight=0, temporal=False), expected)
    assert torch.equal(network.decode(latents(3), None, fusion_weight=0, temporal=False), expected)


def test_each_part_of_the_sequence_decoder_can_be_removed_and_weighed_alone() -> None:
    network = filled(SEQUENCE)
    features = network.features(pictures(3))
    ways = [(weight, temporal) for weight in (0.0, 0.5, 1.0) for temporal in (False, True)]
    decoded = [network.decode(latents(3), features, *way) for way in ways]
    for index, one in enumerate(decoded):
        assert all((one - other).abs().max() > 1e-3 for other in decoded[:index])


def test_new_temporal_mixing_of_version_1_changes_nothing() -> None:
    network = Autoencoder(SEQUENCE).eval()
    features = network.features(pictures(3))
    assert torch.equal(network.decode(latents(3), features), network.decode(latents(3), features, temporal=False))


def test_frames_of_stablesr_do_not_see_each_other() -> None:
    network = filled(STABLESR)
    features = network.features(pictures(3))
    together = network.decode(latents(3), features)
    for index, alone in enumerate(together.split(1)):
        own = [maps[index][None] for maps in features]
        torch.testing.assert_close(network.decode(latents(3)[index][None], own), alone, rtol=1e-4, atol=1e-5)


def test_clips_of_the_sequence_decoder_do_not_see_each_other_but_their_frames_do() -> None:
    network = filled(SEQUENCE)
    features = network.features(pictures(6))
    before = network.decode(latents(6), features)
    changed = latents(6)
    changed[5] += 1
    difference = (network.decode(changed, features) - before).abs().amax((1, 2, 3))
    assert torch.equal(difference[:3], torch.zeros(3))
    assert (difference[3:] > 1e-3).all()


@ALL
@pytest.mark.parametrize("frames_at_once", [1, 2])
def test_parts_of_the_frames_give_the_same(config: AutoencoderConfig, frames_at_once: int) -> None:
    network = filled(config)
    given = pictures(6)
    assert_close = functools.partial(torch.testing.assert_close, rtol=1e-4, atol=1e-5)
    assert_close(network.moments(given, frames_at_once), network.moments(given))
    for part, whole in zip(network.features(given, frames_at_once), network.features(given), strict=True):
        assert_close(part, whole)
    features = features_of(network, 6)
    whole = network.decode(latents(6), features)
    assert_close(network.decode(latents(6), features, frames_at_once=frames_at_once), whole)


@ALL
def test_frame_by_frame_no_tensor_grows_with_the_number_of_frames(config: AutoencoderConfig) -> None:
    network = filled(replace(config, frames_per_clip=1))
    features = features_of(network, 6)
    first = None if features is None else [maps[:1] for maps in features]
    with LargestTensor() as one:
        network.decode(latents(1), first)
    network = filled(config)
    with LargestTensor() as six:
        network.decode(latents(6), features, frames_at_once=1)
    with LargestTensor() as together:
        network.decode(latents(6), features)
    # Temporal mixing puts a frame and its neighbours side by side: three maps or five, of at most 64 rows.
    assert six.elements <= max(one.elements, 5 * 16 * 24 * 32)
    assert together.elements >= 3 * one.elements


def test_features_are_what_the_whole_encoder_passes_by() -> None:
    network = filled(SMALL)
    seen: dict[int, Tensor] = {}
    for level in (1, 2):

        def keep(_module: Any, _inputs: Any, maps: Tensor, level: int = level) -> None:
            seen[level] = maps.clone()

        network.get_submodule(f"encoder.down.{level}.block.0").register_forward_hook(keep)
    network.moments(pictures(2))
    passed = [seen[1], seen[2]]
    for got, wanted in zip(network.features(pictures(2)), passed, strict=True):
        assert torch.equal(got, wanted)
    assert [tuple(maps.shape) for maps in passed] == [(2, 32, 8, 12), (2, 64, 4, 6)]


def test_posterior_is_made_from_the_moments() -> None:
    network = filled(SMALL)
    with torch.no_grad():
        network.quant_conv.weight.mul_(1000)
    moments = network.moments(pictures(2))
    posterior = network.posterior(pictures(2))
    noise = latents(2)
    assert torch.equal(posterior.mean, moments[:, :4])
    assert torch.equal(posterior.logvar, moments[:, 4:].clamp(-30, 20))
    assert posterior.logvar.min() == -30 or posterior.logvar.max() == 20
    torch.testing.assert_close(posterior.std**2, posterior.logvar.exp(), rtol=1e-4, atol=0)
    assert torch.equal(posterior.sample(noise), posterior.mean + posterior.std * noise)
    assert torch.equal(posterior.sample(torch.zeros_like(noise)), posterior.mean)


@ALL
def test_half_precision_is_close_to_float32(config: AutoencoderConfig) -> None:
    network = filled(config)
    features = features_of(network, 3)
    expected = network.decode(latents(3), features)
    network.bfloat16()
    halved = None if features is None else [maps.bfloat16() for maps in features]
    got = network.decode(latents(3).bfloat16(), halved)
    assert got.dtype == torch.bfloat16
    assert (got.float() - expected).std() < 0.05 * expected.std()
    posterior = network.posterior(pictures(3).bfloat16())
    assert posterior.sample(latents(3)).dtype == torch.float32


@ALL
def test_on_a_cpu_all_maps_have_their_channels_last(config: AutoencoderConfig) -> None:
    network = filled(config)
    others: list[str] = []

    def look_at(name: str) -> Callable[[nn.Module, Any, Any], None]:
        def hook(_module: nn.Module, _inputs: Any, maps: Any) -> None:
            if not maps.is_contiguous(memory_format=torch.channels_last):
                others.append(name)

        return hook

    for name, module in network.named_modules():
        if isinstance(module, (nn.Conv2d, nn.GroupNorm)):
            module.register_forward_hook(look_at(name))
    network.moments(pictures(3))
    network.decode(latents(3), features_of(network, 3), frames_at_once=1)
    # Otherwise each convolution copies its input and its output: a third more memory.
    assert others == []


def test_inputs_are_not_overwritten() -> None:
    network = filled(SEQUENCE)
    given, latent = pictures(3), latents(3)
    features = network.features(given)
    kept = [maps.clone() for maps in features]
    for frames_at_once in (None, 1):
        network.moments(given, frames_at_once)
        network.decode(latent, features, frames_at_once=frames_at_once)
    assert torch.equal(given, pictures(3))
    assert torch.equal(latent, latents(3))
    assert all(torch.equal(maps, before) for maps, before in zip(features, kept, strict=True))


@pytest.mark.parametrize(("frames", "message"), [(2, "it needs 3"), (7, "do not divide into 2 clips")])
def test_frames_that_do_not_form_clips_are_an_error(frames: int, message: str) -> None:
    network = filled(SEQUENCE)
    with pytest.raises(ValueError, match=message):
        network.decode(latents(frames), None, fusion_weight=0)
    assert len(network.decode(latents(frames), None, fusion_weight=0, temporal=False)) == frames


def test_what_does_not_fit_is_an_error() -> None:
    with pytest.raises(ValueError, match="needs the encoder's features"):
        filled(STABLESR).decode(latents(1))
    with pytest.raises(ValueError, match="has no fusion"):
        filled(SMALL).decode(latents(1), filled(SMALL).features(pictures(1)))
    for encode in (filled(SMALL).moments, filled(SMALL).posterior, filled(SMALL).features):
        with pytest.raises(ValueError, match="22x16: both sides have to be multiples of 4"):
            encode(pictures(1, 16, 22))
    with pytest.raises(ValueError, match="2 levels"):
        AutoencoderConfig(multipliers=(1, 2))
    with pytest.raises(ValueError, match="5 levels"):
        AutoencoderConfig(multipliers=(1, 1, 1, 1, 1), fusion="rrdb")

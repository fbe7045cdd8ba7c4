"""The U-Net of MGLD-VSR and StableSR on its own."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from mgld_bench.networks.diffusion.transformer import Attention
from mgld_bench.networks.diffusion.unet import DenoisingUNet
from mgld_bench.networks.sizes.diffusion import MGLD_UNET, STABLESR_UNET, UNetConfig
from tests.helpers.diffusion_samples import CONTEXT, FRAMES, HEIGHT, SMALL_UNET, WIDTH, drawn, small_unet, structure_of
from tests.helpers.official_names import official_shapes

PREFIX = "model.diffusion_model."
STABLESR_SMALL = replace(SMALL_UNET, temporal=False)
STEP = torch.tensor([437])


@pytest.mark.parametrize(
    ("network", "config", "entries", "parameters"),
    [("mgld_diffusion", MGLD_UNET, 876, 935_321_287), ("stablesr", STABLESR_UNET, 862, 918_930_884)],
)
def test_names_and_shapes_are_the_official_ones(network: str, config: UNetConfig, entries: int, parameters: int) -> None:
    table = {name: shape for name, shape in official_shapes(network).items() if name.startswith(PREFIX)}
    official = {name.removeprefix(PREFIX): shape for name, shape in table.items()}
    with torch.device("meta"):
        built = DenoisingUNet(config)
    assert {name: tuple(tensor.shape) for name, tensor in built.state_dict().items()} == official
    assert len(official) == entries
    assert sum(parameter.numel() for parameter in built.parameters()) == parameters
    assert not list(built.buffers())


def test_built_on_meta_it_takes_the_tensors_of_a_checkpoint_as_they_are() -> None:
    network = small_unet()
    with torch.device("meta"):
        assigned = DenoisingUNet(SMALL_UNET).eval()
    assigned.load_state_dict(network.state_dict(), assign=True)
    assert torch.equal(predicted(assigned, FRAMES), predicted(network, FRAMES))


def test_temporal_layers_start_switched_off() -> None:
    alphas = [value for name, value in DenoisingUNet(SMALL_UNET).state_dict().items() if name.endswith("temporal_alpha")]
    assert len(alphas) == 3
    assert all(torch.equal(alpha, torch.zeros(1)) for alpha in alphas)


def test_keys_of_the_text_may_be_computed_once() -> None:
    network = small_unet()
    text = drawn(1, 7, CONTEXT, seed=3)
    x, structure = drawn(FRAMES, 4, HEIGHT, WIDTH, seed=4), structure_of(FRAMES)
    keys = network.text_keys(text)
    assert torch.equal(network(x, STEP, keys, structure), network(x, STEP, text, structure))
    assert len(keys) == 7
    assert all(rows.keys.shape[0] == rows.values.shape[0] == 1 for rows in keys)


def test_a_text_for_all_a_text_for_each_clip_and_a_text_for_each_frame() -> None:
    network = small_unet()
    texts = drawn(2, 7, CONTEXT, seed=3)
    x, structure = drawn(2 * FRAMES, 4, HEIGHT, WIDTH, seed=4), structure_of(2 * FRAMES)
    by_clip = network(x, STEP, texts, structure)
    by_frame = network(x, STEP, texts.repeat_interleave(FRAMES, 0), structure)
    torch.testing.assert_close(by_clip, by_frame, rtol=1e-5, atol=1e-5)
    for clip, text in enumerate(texts):
        rows = slice(clip * FRAMES, (clip + 1) * FRAMES)
        shared = network(x, STEP, text[None], structure)[rows]
        torch.testing.assert_close(by_clip[rows], shared, rtol=1e-5, atol=1e-5)
    assert (network(x, STEP, texts[:1], structure) - network(x, STEP, texts[1:], structure)).abs().max() > 1e-3


def test_one_timestep_for_all_equals_the_same_timestep_for_each_frame() -> None:
    network = small_unet()
    same = predicted(network, FRAMES, STEP.expand(FRAMES))
    torch.testing.assert_close(predicted(network, FRAMES, STEP), same, rtol=1e-5, atol=1e-5)
    assert (predicted(network, FRAMES, STEP + 300) - same).abs().max() > 1e-3


@pytest.mark.parametrize("config", [SMALL_UNET, STABLESR_SMALL], ids=["mgld", "stablesr"])
def test_tiles_of_a_clip_together_equal_tiles_one_by_one(config: UNetConfig) -> None:
    network, tiles = small_unet(config), 3
    together = predicted(network, tiles * FRAMES)
    for tile in range(tiles):
        rows = slice(tile * FRAMES, (tile + 1) * FRAMES)
        torch.testing.assert_close(predicted(network, tiles * FRAMES, rows=rows), together[rows], rtol=1e-5, atol=1e-5)


def test_without_mixing_it_is_the_network_whose_alphas_are_0() -> None:
    network, still = small_unet(), small_unet()
    for name, parameter in still.named_parameters():
        if name.endswith("temporal_alpha"):
            parameter.zero_()
    mixed = predicted(network, FRAMES)
    network.mix_frames = False
    assert torch.equal(predicted(network, FRAMES), predicted(still, FRAMES))
    assert (predicted(network, FRAMES) - mixed).abs().max() > 1e-3


@pytest.mark.parametrize(("config", "linked"), [(SMALL_UNET, True), (STABLESR_SMALL, False)], ids=["mgld", "stablesr"])
def test_only_temporal_layers_link_frames(config: UNetConfig, linked: bool) -> None:
    network = small_unet(config)
    x, text, structure = drawn(FRAMES, 4, HEIGHT, WIDTH, seed=4), drawn(1, 7, CONTEXT, seed=3), structure_of(FRAMES)
    changed = x.clone()
    changed[-1] = drawn(4, HEIGHT, WIDTH, seed=5)
    difference = (network(x, STEP, text, structure) - network(changed, STEP, text, structure)).abs().amax((1, 2, 3))
    assert difference[-1] > 1e-3
    if linked:
        assert (difference[:-1] > 1e-5).all()
    else:
        torch.testing.assert_close(difference[:-1], torch.zeros(FRAMES - 1), rtol=0, atol=1e-6)


def test_half_precision_weights_take_and_return_float32() -> None:
    network = small_unet()
    exact = predicted(network, FRAMES)
    rounded = predicted(network.to(torch.bfloat16), FRAMES)
    assert rounded.dtype == torch.float32
    assert (rounded - exact).std() < 0.03 * exact.std()


def test_channels_last_latents_change_rounding_only() -> None:
    network = small_unet()
    x, text, structure = drawn(FRAMES, 4, HEIGHT, WIDTH, seed=4), drawn(1, 7, CONTEXT, seed=3), structure_of(FRAMES)
    relaid = x.to(memory_format=torch.channels_last)
    torch.testing.assert_close(network(relaid, STEP, text, structure), network(x, STEP, text, structure), rtol=1e-5, atol=1e-5)


def test_sizes_that_do_not_fit_are_refused() -> None:
    network = small_unet()
    text, structure = drawn(1, 7, CONTEXT, seed=3), structure_of(FRAMES)
    x = drawn(FRAMES, 4, HEIGHT, WIDTH, seed=4)
    assert network.size_multiple == 4
    with pytest.raises(ValueError, match="8x10: both sides have to be multiples of 4"):
        network(x[..., :10], STEP, text, structure)
    with pytest.raises(ValueError, match=r"structure feature of width 6: wanted \(3, 8, 4, 6\), found none"):
        network(x, STEP, text, {width: feature for width, feature in structure.items() if width != 6})
    with pytest.raises(ValueError, match=r"structure feature of width 12: wanted \(3, 8, 8, 12\), found \(2, 8, 8, 12\)"):
        network(x, STEP, text, structure | {12: structure[12][:2]})
    with pytest.raises(ValueError, match="2 images are not whole clips of 3 frames"):
        predicted(network, FRAMES, rows=slice(0, 2))


def test_shared_keys_equal_repeated_keys() -> None:
    torch.manual_seed(6)
    attention = Attention(32, 16, CONTEXT).requires_grad_(False)
    tokens, text = drawn(6, 5, 32, seed=7), drawn(2, 7, CONTEXT, seed=8)
    repeated = attention(tokens, attention.keys_values(text.repeat_interleave(3, 0)))
    torch.testing.assert_close(attention(tokens, attention.keys_values(text)), repeated, rtol=1e-5, atol=1e-6)


def predicted(network: DenoisingUNet, count: int, timesteps: Tensor = STEP, rows: slice = slice(None)) -> Tensor:
    """The noise of ``rows`` of a batch of ``count`` latents."""
    x, text = drawn(count, 4, HEIGHT, WIDTH, seed=4), drawn(1, 7, CONTEXT, seed=3)
    structure = {width: feature[rows] for width, feature in structure_of(count).items()}
    noise = network(x[rows], timesteps, text, structure)
    assert isinstance(noise, Tensor)
    return noise

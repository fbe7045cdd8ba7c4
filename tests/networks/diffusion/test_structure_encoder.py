"""The structure encoder of StableSR and MGLD-VSR, and the embedding of timesteps, on their own."""

from __future__ import annotations

import math

import pytest
import torch

from mgld_bench.networks.diffusion.structure_encoder import AttentionBlock, StructureEncoder
from mgld_bench.networks.diffusion.timesteps import timestep_embedding
from mgld_bench.networks.sizes.diffusion import STRUCTURE_ENCODER
from tests.helpers.diffusion_samples import HEIGHT, WIDTH, drawn, small_encoder
from tests.helpers.official_names import official_shapes

PREFIX = "structcond_stage_model."


@pytest.mark.parametrize("network", ["mgld_diffusion", "stablesr"])
def test_names_and_shapes_are_the_official_ones(network: str) -> None:
    table = {name: shape for name, shape in official_shapes(network).items() if name.startswith(PREFIX)}
    with torch.device("meta"):
        built = StructureEncoder(STRUCTURE_ENCODER)
    held = {PREFIX + name: tuple(tensor.shape) for name, tensor in built.state_dict().items()}
    assert held == table
    assert len(table) == 200
    assert sum(parameter.numel() for parameter in built.parameters()) == 52_494_080


def test_one_feature_for_each_level_by_its_width() -> None:
    features = small_encoder()(drawn(2, 4, HEIGHT, WIDTH, seed=1), torch.tensor([500]))
    shapes = {width: tuple(feature.shape) for width, feature in features.items()}
    assert shapes == {12: (2, 64, 8, 12), 6: (2, 64, 4, 6), 3: (2, 64, 2, 3)}


def test_images_do_not_see_each_other_and_the_timestep_counts() -> None:
    encoder, latents = small_encoder(), drawn(3, 4, HEIGHT, WIDTH, seed=1)
    together = encoder(latents, torch.tensor([500, 20, 500]))
    for row, step in enumerate((500, 20, 500)):
        alone = encoder(latents[row][None], torch.tensor([step]))
        other = encoder(latents[row][None], torch.tensor([step + 90]))
        for width, feature in alone.items():
            torch.testing.assert_close(feature[0], together[width][row], rtol=1e-5, atol=1e-5)
            assert (other[width] - feature).abs().max() > 1e-4


def test_half_precision_weights_take_float32() -> None:
    encoder, latents = small_encoder(), drawn(2, 4, HEIGHT, WIDTH, seed=1)
    exact = encoder(latents, torch.tensor([500]))
    for width, feature in encoder.to(torch.bfloat16)(latents, torch.tensor([500])).items():
        assert feature.dtype == torch.bfloat16
        assert (feature - exact[width]).std() < 0.03 * exact[width].std()


def test_attention_by_hand() -> None:
    torch.manual_seed(3)
    block, x = AttentionBlock(32, heads=2).requires_grad_(False), drawn(1, 32, 2, 3, seed=4)
    assert block.qkv.bias is not None
    assert block.proj_out.bias is not None
    by_head = (block.qkv.weight[:, :, 0] @ block.norm(x).flatten(2)[0] + block.qkv.bias[:, None]).view(2, 3, 16, 6)
    taken = [values @ ((queries.T @ keys) / math.sqrt(16)).softmax(-1).T for queries, keys, values in by_head]
    projected = block.proj_out.weight[:, :, 0] @ torch.cat(taken) + block.proj_out.bias[:, None]
    torch.testing.assert_close(block(x), x + projected.view(1, 32, 2, 3), rtol=1e-5, atol=1e-5)


def test_timesteps_become_cosines_then_sines() -> None:
    expected = [[math.cos(7), math.cos(0.07), math.sin(7), math.sin(0.07)], [1.0, 1.0, 0.0, 0.0]]
    torch.testing.assert_close(timestep_embedding(torch.tensor([7, 0]), 4), torch.tensor(expected), rtol=1e-5, atol=1e-6)

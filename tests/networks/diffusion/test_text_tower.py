"""The text tower of Stable Diffusion 2 on its own."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from mgld_bench.networks.diffusion.text_tower import TextTower
from mgld_bench.networks.sizes.diffusion import EMPTY_PROMPT, TEXT_TOWER, TextTowerConfig
from tests.helpers.official_names import official_shapes

PREFIX = "cond_stage_model.model."
SMALL = TextTowerConfig(width=32, heads=2, layers=3, context_length=9, vocabulary=50, projection=8)


@pytest.fixture(scope="module")
def tower() -> TextTower:
    torch.manual_seed(1)
    return TextTower(SMALL).eval().requires_grad_(False)


@pytest.mark.parametrize("network", ["mgld_diffusion", "stablesr"])
def test_names_and_shapes_are_the_official_ones(network: str) -> None:
    table = {name: shape for name, shape in official_shapes(network).items() if name.startswith(PREFIX)}
    with torch.device("meta"):
        built = TextTower(TEXT_TOWER)
    held = {PREFIX + name: tuple(tensor.shape) for name, tensor in built.state_dict().items()}
    assert held == table
    assert len(table) == 294
    assert sum(parameter.numel() for parameter in built.parameters()) == 354_032_641


def test_the_empty_prompt_is_a_start_an_end_and_zeros() -> None:
    assert len(EMPTY_PROMPT) == TEXT_TOWER.context_length == 77
    assert EMPTY_PROMPT[:3] == (49406, 49407, 0)
    assert not any(EMPTY_PROMPT[2:])


def test_tokens_see_only_those_before_them(tower: TextTower) -> None:
    tokens = torch.arange(9)[None]
    changed = tokens.clone()
    changed[0, 4] = 40
    difference = (tower.embed(changed) - tower.embed(tokens)).abs().amax(-1)[0]
    torch.testing.assert_close(difference[:4], torch.zeros(4), rtol=0, atol=1e-6)
    assert (difference[4:] > 1e-4).all()


def test_the_last_block_and_the_projection_are_not_used(tower: TextTower) -> None:
    tokens = torch.arange(9)[None]
    expected = tower.embed(tokens)
    other = TextTower(SMALL).eval().requires_grad_(False)
    other.load_state_dict(tower.state_dict())
    for tensor in unused(other):
        tensor.fill_(float("nan"))
    assert torch.equal(other.embed(tokens), expected)
    assert expected.shape == (1, 9, 32)


def unused(tower: TextTower) -> list[Tensor]:
    last = [tensor for name, tensor in tower.named_parameters() if name.startswith("transformer.resblocks.2.")]
    assert len(last) == 12
    return [*last, tower.text_projection, tower.logit_scale]

"""The parts of GMFlow and UniMatch against their formulas, written out plainly."""

from __future__ import annotations

import math
from collections.abc import Iterator

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from mgld_bench.networks.gmflow.backbone import instance_norm_
from mgld_bench.networks.gmflow.matching import (
    FlowPropagation,
    correlate_locally,
    match_globally,
    match_locally,
    upsample_convex,
)
from mgld_bench.networks.gmflow.transformer import (
    AttentionLayer,
    attend,
    from_windows,
    region_channels,
    sine_positions,
    to_windows,
)
from mgld_bench.networks.layers.optical_flow import pixel_positions, warp

SIZE, SPLITS = (10, 18), 2
HALF = (SIZE[0] // SPLITS // 2, SIZE[1] // SPLITS // 2)


@pytest.fixture(autouse=True)
def _no_gradients() -> Iterator[None]:
    with torch.no_grad():
        yield


def random(*shape: int, seed: int = 1) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def all_scores(query: Tensor, key: Tensor) -> Tensor:
    return query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])


def shift_mask(size: tuple[int, int], splits: int) -> Tensor:
    """The mask of the spec, tokens x tokens: nine regions of the shifted map, -100 between tokens of different regions."""
    regions = torch.zeros(size)
    bounds = [
        (0, side - window, side - window // 2, side)
        for side, window in ((size[0], size[0] // splits), (size[1], size[1] // splits))
    ]
    for row in range(3):
        for column in range(3):
            rows, columns = slice(*bounds[0][row : row + 2]), slice(*bounds[1][column : column + 2])
            regions[rows, columns] = 3 * row + column
    ids = to_windows(regions[None, ..., None], splits, (0, 0))[0, ..., 0]
    return torch.where(ids[:, :, None] == ids[:, None, :], 0.0, -100.0)


@pytest.mark.parametrize("block_bytes", [1, 5_000, 2**30])
@pytest.mark.parametrize("channels", [2, 8])
def test_attention_in_blocks_is_attention(block_bytes: int, channels: int) -> None:
    query, key, value = random(2, 3, 50, 8), random(2, 3, 70, 8, seed=2), random(2, 3, 70, channels, seed=3)
    expected = all_scores(query, key).softmax(-1) @ value
    torch.testing.assert_close(attend(query, key, value, block_bytes), expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize("shift", [(0, 0), HALF])
def test_windows_are_put_together_again(shift: tuple[int, int]) -> None:
    maps = random(2, *SIZE, 3)
    windows = to_windows(maps, SPLITS, shift)
    assert windows.shape == (2, 4, 45, 3)
    torch.testing.assert_close(windows[0, 3, 0], maps[0, SIZE[0] // 2 + shift[0], SIZE[1] // 2 + shift[1]])
    assert torch.equal(from_windows(windows, SIZE, SPLITS, shift), maps)


@pytest.mark.parametrize(("size", "splits"), [(SIZE, SPLITS), ((9, 15), 3), ((8, 12), 4), ((4, 4), 4), ((2, 6), 2)])
def test_region_channels_make_the_shift_mask(size: tuple[int, int], splits: int) -> None:
    shift = (size[0] // splits // 2, size[1] // splits // 2)
    queries, keys = region_channels(size, splits, shift, torch.zeros(1))
    assert torch.equal(queries[0] @ keys[0].mT, shift_mask(size, splits))


def test_shifted_attention_layer_is_the_masked_formula() -> None:
    torch.manual_seed(3)
    layer = AttentionLayer(16)
    # So large that the mask of -100 does not blot out everything: a mask of minus infinity would differ.
    layer.q_proj.weight.data *= 400
    source, target = random(2, 4, 45, 16), random(2, 4, 45, 16, seed=2)
    scores = all_scores(layer.q_proj(source), layer.k_proj(target)) + shift_mask(SIZE, SPLITS)
    expected = source + layer.norm1(layer.merge(scores.softmax(-1) @ layer.v_proj(target)))
    forbidden = scores.masked_fill(shift_mask(SIZE, SPLITS) < 0, -torch.inf)
    hard = source + layer.norm1(layer.merge(forbidden.softmax(-1) @ layer.v_proj(target)))
    given = layer(source, target, region_channels(SIZE, SPLITS, HALF, source), 10_000)
    torch.testing.assert_close(given, expected, rtol=0, atol=2e-3)
    assert (given - hard).abs().max() > 0.1


def test_global_matching_finds_a_shift() -> None:
    feature0 = 20 * functional.normalize(random(1, 16, 12, 20))
    feature1 = feature0.roll((2, -3), (2, 3))
    inner = match_globally(feature0, feature1, 2**20)[:, :, 2:-2, 3:-3]
    torch.testing.assert_close(inner, torch.tensor([-3.0, 2.0]).view(1, 2, 1, 1).expand_as(inner), rtol=0, atol=1e-3)


def test_local_matching_is_the_formula() -> None:
    feature0, feature1, radius = random(2, 16, 9, 14), random(2, 16, 9, 14, seed=2), 2
    scores, offsets = [], []
    padded = functional.pad(feature1, (radius,) * 4, value=torch.nan)
    for y in range(2 * radius + 1):
        for x in range(2 * radius + 1):
            scores.append((feature0 * padded[:, :, y : y + 9, x : x + 14]).sum(1) / 4)
            offsets.append((x - radius, y - radius))
    weights = torch.stack(scores, 1).nan_to_num(-torch.inf).softmax(1)
    expected = torch.einsum("nkhw,kc->nchw", weights, torch.tensor(offsets, dtype=torch.float32))
    torch.testing.assert_close(match_locally(feature0, feature1, radius), expected, rtol=0, atol=1e-5)


def test_local_correlation_samples_around_the_ends_of_the_flow() -> None:
    feature0, feature1, flow = random(1, 8, 9, 14), random(1, 8, 9, 14, seed=2), 4 * random(1, 2, 9, 14, seed=3)
    given = correlate_locally(feature0, feature1, pixel_positions(flow) + flow, 1)
    channel = 0
    for dy in (-1, 0, 1):
        for dx in (-1, 0, 1):
            sampled = warp(feature1, flow + torch.tensor([dx, dy]).view(1, 2, 1, 1))
            torch.testing.assert_close(given[:, channel], (feature0 * sampled).sum(1) / math.sqrt(8), rtol=0, atol=1e-4)
            channel += 1


def test_global_propagation_makes_keys_of_the_projected_queries() -> None:
    torch.manual_seed(4)
    propagation, feature, flow = FlowPropagation(8), random(2, 8, 6, 7), random(2, 2, 6, 7, seed=2)
    query = propagation.q_proj(feature.flatten(2).mT)
    expected = all_scores(query, propagation.k_proj(query)).softmax(-1) @ flow.flatten(2).mT
    torch.testing.assert_close(propagation(feature, flow, -1, 1000).flatten(2).mT, expected, rtol=0, atol=1e-5)


def test_local_propagation_counts_neighbours_outside_as_static() -> None:
    torch.manual_seed(4)
    propagation, feature = FlowPropagation(8), random(2, 8, 6, 7)
    flow = torch.ones(2, 2, 6, 7)
    spread = propagation(feature, flow, 1, 1000)
    torch.testing.assert_close(spread[:, :, 1:-1, 1:-1], flow[:, :, 1:-1, 1:-1])
    query, key = (layer(feature.permute(0, 2, 3, 1)) for layer in (propagation.q_proj, propagation.k_proj))
    neighbours = torch.stack([key[:, y, x] for y in (0, 1) for x in (0, 1)], 1)
    scores = (query[:, 0, 0, None] * neighbours).sum(-1) / math.sqrt(8)
    inside = scores.exp().sum(-1)
    torch.testing.assert_close(spread[:, 0, 0, 0], inside / (inside + 5))


def test_positions_repeat_in_every_window_and_start_at_one() -> None:
    where = sine_positions(torch.zeros(2, 8, 6, 10), splits=2)
    assert torch.equal(where[:, :, :3, :5], where[:, :, 3:, 5:])
    frequencies = [1, 1, 100, 100]
    rows, columns = (2 * math.pi * place / side for place, side in ((2, 3), (4, 5)))
    waves = [math.sin, math.cos, math.sin, math.cos]
    expected = [wave(place / d) for place in (rows, columns) for wave, d in zip(waves, frequencies, strict=True)]
    torch.testing.assert_close(where[0, :, 1, 3], torch.tensor(expected))


@pytest.mark.parametrize("kind", ["random", "flat"])
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_normalisation_is_exact_on_large_flat_maps(kind: str, layout: torch.memory_format) -> None:
    maps = random(2, 4, 300, 400) if kind == "random" else 1.003 + 0.001 * random(2, 4, 300, 400)
    exact = functional.instance_norm(maps.double()).float()
    given = instance_norm_(maps.contiguous(memory_format=layout))
    torch.testing.assert_close(given, exact, rtol=0, atol=1e-5 if kind == "random" else 2e-4)


@pytest.mark.parametrize("factor", [4, 8])
def test_upsampling_takes_the_neighbour_that_the_logits_choose(factor: int) -> None:
    flow = random(2, 2, 5, 6)
    logits = torch.zeros(2, 9, factor, factor, 5, 6)
    # The pixel at row 1, column 2 of every block takes the neighbour to the upper right, all others the centre.
    logits[:, 4] = 100
    logits[:, 4, 1, 2] = 0
    logits[:, 2, 1, 2] = 100
    enlarged = upsample_convex(flow, logits.view(2, -1, 5, 6), factor)
    assert enlarged.shape == (2, 2, 5 * factor, 6 * factor)
    torch.testing.assert_close(enlarged[:, :, ::factor, ::factor], factor * flow)
    chosen = functional.pad(flow, (0, 1, 1, 0))[:, :, :5, 1:]
    torch.testing.assert_close(enlarged[:, :, 1::factor, 2::factor], factor * chosen)

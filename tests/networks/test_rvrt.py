"""RVRT's network on its own: names, the deformable attention against plain loops, pairs, batches, precision."""

from __future__ import annotations

import math
from itertools import product

import pytest
import torch
from torch import Tensor

from mgld_bench.methods.bases.network_restorer import fill_with_fixed_weights
from mgld_bench.networks.rvrt.alignment import GuidedDeformableAttention, attend_to_points
from mgld_bench.networks.rvrt.network import RVRT, flows_to_pair_before
from mgld_bench.networks.sizes.rvrt import RVRTConfig
from tests.helpers.official_names import official_shapes

SMALL = RVRTConfig((2, 4, 4), (1, 1, 1), (2, 2, 2), (8, 8, 12), (2, 2, 3), deformable_groups=4, attention_heads=2)

CONSTANTS = {"spynet.mean", "spynet.std"}


@pytest.fixture(scope="module")
def network() -> RVRT:
    small = RVRT(SMALL)
    fill_with_fixed_weights(small)
    return small


@pytest.fixture(scope="module")
def clip() -> Tensor:
    return torch.rand(1, 6, 3, 34, 37, generator=torch.Generator().manual_seed(3))


def test_names_and_shapes_are_the_official_ones() -> None:
    with torch.device("meta"):
        network = RVRT(RVRTConfig())
    held = {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}
    official = official_shapes("rvrt")
    assert official.keys() >= CONSTANTS
    assert held == {name: shape for name, shape in official.items() if name not in CONSTANTS}


def naive_attention(query: Tensor, keys_values: Tensor, offsets: Tensor, heads: int, window: tuple[int, int]) -> Tensor:
    """attend_to_points() pixel by pixel and point by point."""
    batch, frames, height, width, channels = query.shape
    sources, groups, positions = offsets.shape[4:7]
    per_group, per_head = 2 * channels // groups, channels // heads
    around = list(product(*(range(-(side // 2), side // 2 + 1) for side in window)))
    result = torch.zeros_like(query)
    for n, f, r, c in product(range(batch), range(frames), range(height), range(width)):
        points = []
        for s, k in product(range(sources), range(positions)):
            source = keys_values[n, (f + s) % frames]
            sampled = torch.empty(2 * channels, dtype=query.dtype)
            for g in range(groups):
                dy, dx = offsets[n, f, r, c, s, g, k].tolist()
                part = slice(g * per_group, (g + 1) * per_group)
                sampled[part] = bilinear(source[..., part], r + around[k][0] + dy, c + around[k][1] + dx)
            points.append((sampled[:channels], sampled[channels:]))
        for head in range(heads):
            part = slice(head * per_head, (head + 1) * per_head)
            scores = [float(query[n, f, r, c, part] @ key[part]) / math.sqrt(per_head) for key, _ in points]
            weights = torch.softmax(torch.tensor(scores, dtype=query.dtype), dim=0)
            result[n, f, r, c, part] = sum(weight * value[part] for weight, (_, value) in zip(weights, points, strict=True))
    return result


def bilinear(picture: Tensor, y: float, x: float) -> Tensor:
    """``picture`` (h, w, c) at a point; a neighbour outside is zero."""
    top, left = math.floor(y), math.floor(x)
    value = torch.zeros(picture.shape[2], dtype=picture.dtype)
    for row, column in product((top, top + 1), (left, left + 1)):
        if 0 <= row < picture.shape[0] and 0 <= column < picture.shape[1]:
            value += (1 - abs(y - row)) * (1 - abs(x - column)) * picture[row, column]
    return value


@pytest.mark.parametrize(("groups", "heads", "window"), [(4, 2, (3, 3)), (8, 4, (1, 3)), (2, 8, (5, 1)), (1, 1, (3, 3))])
def test_attention_equals_plain_loops(groups: int, heads: int, window: tuple[int, int]) -> None:
    generator = torch.Generator().manual_seed(groups)
    query = torch.randn(2, 2, 4, 5, 8, generator=generator)
    keys_values = torch.randn(2, 2, 4, 5, 16, generator=generator)
    offsets = 2 * torch.randn(2, 2, 4, 5, 2, groups, window[0] * window[1], 2, generator=generator)
    expected = naive_attention(query, keys_values, offsets, heads, window)
    found = attend_to_points(query, keys_values, offsets, heads, window)
    assert (found - expected).abs().max() < 1e-5
    in_chunks = attend_to_points(query, keys_values, offsets, heads, window, sampled_bytes=1)
    torch.testing.assert_close(in_chunks, found, rtol=1e-6, atol=1e-6)


def test_a_key_and_its_value_are_moved_by_different_groups() -> None:
    generator = torch.Generator().manual_seed(1)
    query = torch.randn(1, 2, 4, 4, 4, generator=generator)
    keys_values = torch.randn(1, 2, 4, 4, 8, generator=generator)
    offsets = torch.zeros(1, 2, 4, 4, 2, 2, 9, 2)
    still = attend_to_points(query, keys_values, offsets, 1, (3, 3))
    far = offsets.clone()
    far[..., 1, :, :] = 100
    # Without values in reach nothing is left, whatever the weights; without keys in reach the weights are all the same.
    assert attend_to_points(query, keys_values, far, 1, (3, 3)).abs().max() == 0
    far = offsets.clone()
    far[..., 0, :, :] = 100
    equal = attend_to_points(query, keys_values, far, 1, (3, 3))
    centre = keys_values[0, :, :3, :3, 4:].sum((0, 1, 2)) / 18
    torch.testing.assert_close(equal[0, 0, 1, 1], centre, rtol=1e-5, atol=1e-6)
    assert (still - equal).abs().max() > 0.1


def test_updated_flows_are_the_flows_where_the_offset_network_returns_zero() -> None:
    attention = GuidedDeformableAttention(8, groups=4, heads=2, window=(3, 3), max_residue_magnitude=10)
    fill_with_fixed_weights(attention)
    generator = torch.Generator().manual_seed(1)
    features = [torch.randn(1, 2, 5, 6, 8, generator=generator) for _ in range(3)]
    warped = torch.randn(1, 2, 5, 6, 16, generator=generator)
    flows = torch.randn(1, 2, 5, 6, 2, 2, generator=generator)
    with torch.inference_mode():
        _, updated = attention(*features, warped, flows)
        assert (updated - flows).abs().max() > 1e-2
        for parameter in attention.conv_offset[-1].parameters():
            parameter.zero_()
        _, updated = attention(*features, warped, flows)
    torch.testing.assert_close(updated, flows)


def test_flows_to_the_pair_before_are_put_together_frame_by_frame() -> None:
    steps = torch.tensor([[1.0, 0.5], [-2.0, 0.25], [0.5, -1.0]])
    motion = steps.view(1, 3, 2, 1, 1).expand(-1, -1, -1, 12, 12)
    flows = flows_to_pair_before(motion)[0, :, 6, 6]
    expected = torch.stack([torch.stack([steps[:2].sum(0), steps[1]]), torch.stack([steps[1:].sum(0), steps.sum(0)])])
    torch.testing.assert_close(flows, expected)


def test_clips_of_a_batch_do_not_see_each_other(network: RVRT, clip: Tensor) -> None:
    with torch.inference_mode():
        together = network(torch.cat([clip, clip.flip(3)]))
        torch.testing.assert_close(together[:1], network(clip), rtol=1e-4, atol=1e-5)
        torch.testing.assert_close(together[1:], network(clip.flip(3)), rtol=1e-4, atol=1e-5)


def test_every_frame_sees_the_whole_clip(network: RVRT, clip: Tensor) -> None:
    with torch.inference_mode():
        before = network(clip)
        for changed in (0, 5):
            other = clip.clone()
            other[:, changed] = 1 - other[:, changed]
            assert ((network(other) - before).abs().amax((0, 2, 3, 4)) > 1e-4).all()


def test_a_smaller_chunk_changes_nothing(network: RVRT, clip: Tensor) -> None:
    chunked = RVRT(SMALL, sampled_bytes=2**20)
    chunked.load_state_dict(network.state_dict())
    with torch.inference_mode():
        torch.testing.assert_close(chunked.eval()(clip), network(clip), rtol=1e-4, atol=1e-5)


def test_in_half_precision_flow_and_offsets_stay_in_float32(network: RVRT, clip: Tensor) -> None:
    half = RVRT(SMALL)
    half.load_state_dict(network.state_dict())
    half.eval().in_precision(torch.bfloat16)
    types = {name: parameter.dtype for name, parameter in half.named_parameters()}
    exact = {name for name, dtype in types.items() if dtype == torch.float32}
    assert exact == {name for name in types if name.startswith("spynet.") or ".conv_offset." in name}
    with torch.inference_mode():
        for found, expected in zip(half.flows(clip), network.flows(clip), strict=True):
            assert torch.equal(found, expected)
        expected = network(clip)
        difference = (half(clip) - expected).abs()
    assert half(clip[:, :2]).dtype == torch.float32
    assert 0 < difference.mean() < 0.02 * expected.std()


def test_an_odd_number_of_frames_is_refused(network: RVRT, clip: Tensor) -> None:
    with pytest.raises(ValueError, match="even number of frames, not 3"):
        network(clip[:, :3])

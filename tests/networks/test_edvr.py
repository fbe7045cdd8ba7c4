"""EDVR without upsampling, and its deformable convolution, on their own."""

from __future__ import annotations

import copy
import math

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from mgld_bench.methods.bases.network_restorer import fill_with_fixed_weights
from mgld_bench.networks.edvr import EDVRNoUp, ModulatedDeformableConvolution
from mgld_bench.networks.sizes.edvr import EDVRNoUpConfig
from tests.helpers.official_names import official_shapes


def small() -> EDVRNoUp:
    """A network whose displacements reach some pixels."""
    network = EDVRNoUp(EDVRNoUpConfig(features=8, groups=2, front_blocks=1, back_blocks=1))
    fill_with_fixed_weights(network, gain=1.3)
    return network


def test_names_and_shapes_are_the_official_ones() -> None:
    with torch.device("meta"):
        network = EDVRNoUp(EDVRNoUpConfig())
    official = official_shapes("realvsr")
    assert [(name, tuple(tensor.shape)) for name, tensor in network.state_dict().items()] == list(official.items())
    # The number that the authors' file holds.
    assert sum(parameter.numel() for parameter in network.parameters()) == 2_692_643
    assert not list(network.buffers())


def sampled(plane: Tensor, row: float, column: float) -> float:
    """Bilinear, zeros outside."""
    height, width = plane.shape
    total = 0.0
    for y in (math.floor(row), math.floor(row) + 1):
        for x in (math.floor(column), math.floor(column) + 1):
            if 0 <= y < height and 0 <= x < width:
                total += (1 - abs(row - y)) * (1 - abs(column - x)) * float(plane[y, x])
    return total


def naive(module: ModulatedDeformableConvolution, x: Tensor, guide: Tensor, groups: int) -> Tensor:
    """Loop by loop, from the definition: offsets per group and position as (down, right), then masks per group and position."""
    raw = module.conv_offset_mask(guide)[0]
    _, channels, height, width = x.shape
    result = module.bias.view(-1, 1, 1).expand(-1, height, width).clone()
    for row in range(height):
        for column in range(width):
            for channel in range(channels):
                group = channel * groups // channels
                for position in range(9):
                    place = group * 9 + position
                    down, right = raw[2 * place, row, column], raw[2 * place + 1, row, column]
                    mask = torch.sigmoid(raw[18 * groups + place, row, column])
                    y = row + position // 3 - 1 + float(down)
                    value = mask * sampled(x[0, channel], y, column + position % 3 - 1 + float(right))
                    result[:, row, column] += module.weight[:, channel, position // 3, position % 3] * value
    return result[None]


def test_the_deformable_convolution_equals_its_definition() -> None:
    torch.manual_seed(4)
    module = ModulatedDeformableConvolution(channels=4, groups=2).requires_grad_(False)
    module.conv_offset_mask.weight.normal_(std=0.5)
    module.bias.normal_()
    x, guide = torch.randn(2, 1, 4, 5, 6)
    displacements = module.conv_offset_mask(guide)[:, : module.displacements]
    assert displacements.abs().max() > 3  # Beyond the border of a frame of this size.
    torch.testing.assert_close(module(x, guide), naive(module, x, guide, groups=2), rtol=1e-4, atol=1e-5)


def test_as_built_it_is_half_of_a_plain_convolution() -> None:
    module = ModulatedDeformableConvolution(channels=4, groups=2).requires_grad_(False)
    module.bias.normal_()
    x, guide = torch.randn(2, 3, 4, 7, 5)
    expected = functional.conv2d(x, 0.5 * module.weight, module.bias, padding=1)
    torch.testing.assert_close(module(x, guide), expected, rtol=1e-4, atol=1e-5)


def test_it_computes_in_its_own_dtype_and_returns_that_of_its_input() -> None:
    torch.manual_seed(5)
    module = ModulatedDeformableConvolution(channels=4, groups=2).requires_grad_(False)
    module.conv_offset_mask.weight.normal_(std=0.5)
    x, guide = torch.randn(2, 1, 4, 8, 8).bfloat16()
    got = module(x, guide)
    assert got.dtype == torch.bfloat16
    assert torch.equal(got, module(x.float(), guide.float()).bfloat16())


def test_kept_pyramids_give_the_same_as_the_window() -> None:
    network = small()
    window = torch.rand(2, 3, 3, 16, 24, generator=torch.Generator().manual_seed(1))
    pyramids = [network.pyramid(window[:, index]) for index in range(3)]
    assert [tuple(level.shape) for level in pyramids[0]] == [(2, 8, 16, 24), (2, 8, 8, 12), (2, 8, 4, 6)]
    expected = network(window)
    torch.testing.assert_close(network.restore(window[:, 1], pyramids), expected, rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(network(window[1:]), expected[1:], rtol=1e-5, atol=1e-6)
    assert (network(window.flip(1)) - expected).abs().max() > 1e-3


def test_the_frame_itself_is_added_in_its_own_type() -> None:
    network = small()
    half = copy.deepcopy(network).bfloat16()
    for module in half.modules():
        if isinstance(module, ModulatedDeformableConvolution):
            module.float()
    window = torch.rand(1, 3, 3, 16, 16, generator=torch.Generator().manual_seed(2))
    expected = network(window)
    got = half(window)
    assert got.dtype == torch.float32
    # The correction has 8 significant bits; the frame, which is exact, is not part of the error.
    correction = (expected - window[:, 1]).abs().max()
    assert (got - expected).abs().max() < 0.1 * correction
    half.conv_last.weight.zero_()
    half.conv_last.bias.zero_()  # type: ignore[union-attr]  # it has a bias
    assert torch.equal(half(window), window[:, 1])


@pytest.mark.parametrize(("front", "back"), [(1, 0), (2, 3)])
def test_reach_bounds_what_a_pixel_can_change(front: int, back: int) -> None:
    torch.manual_seed(6)
    network = (
        EDVRNoUp(EDVRNoUpConfig(features=4, groups=1, front_blocks=front, back_blocks=back)).eval().requires_grad_(False).double()
    )
    for module in network.modules():
        if isinstance(module, ModulatedDeformableConvolution):
            # The masks vary, so that what decides them counts; nothing is displaced.
            module.conv_offset_mask.weight[module.displacements :].normal_(std=0.5)
    side = 4 * (network.reach // 4) * 2 + 16
    window = torch.rand(1, 3, 3, side, side, dtype=torch.float64)
    middle = side // 2
    farthest = 0
    for row in range(middle, middle + 4):
        changed = window.clone()
        changed[..., row, middle] += 1
        rows = ((network(changed) - network(window)).abs().amax((0, 1, 3)) > 0).nonzero()
        farthest = max(farthest, int((rows - row).abs().max()))
    assert network.reach - 8 <= farthest <= network.reach

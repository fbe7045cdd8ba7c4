"""PWC-Net's parts, and the flow that DBVSR makes of it."""

from __future__ import annotations

import pytest
import torch

from mgld_bench.networks.dbvsr.network import DBVSRFlow, align, alignment_mask
from mgld_bench.networks.pwcnet import FLOW_UNIT, cost_volume


@pytest.mark.parametrize("size", [(6, 7), (1, 2)], ids=["larger than the reach", "smaller"])
def test_costs_are_mean_products_at_every_displacement(size: tuple[int, int]) -> None:
    height, width = size
    generator = torch.Generator().manual_seed(1)
    first, second = torch.randn(2, 2, 5, height, width, generator=generator, dtype=torch.float64)
    expected = torch.zeros(2, 81, height, width, dtype=torch.float64)
    for dy in range(-4, 5):
        for dx in range(-4, 5):
            for y in range(height):
                for x in range(width):
                    if 0 <= y + dy < height and 0 <= x + dx < width:
                        products = first[:, :, y, x] * second[:, :, y + dy, x + dx]
                        expected[:, (dy + 4) * 9 + dx + 4, y, x] = products.sum(1) / 5
    torch.testing.assert_close(cost_volume(first, second), expected)


def test_the_flow_is_in_pixels_of_the_images_whatever_their_size() -> None:
    """All weights zero but the finest bias: a constant flow, of 20 px per unit in the resized images (64 x 128)."""
    network = DBVSRFlow().eval()
    for parameter in network.parameters():
        parameter.data.zero_()
    network.moduleNetwork.moduleRefiner.get_parameter("moduleMain.12.bias").data = torch.tensor([0.5, -0.25])
    images = torch.rand(1, 3, 48, 96, generator=torch.Generator().manual_seed(2))
    with torch.inference_mode():
        pyramid = network.pyramid(images)
        flow = network(pyramid, pyramid, (48, 96))
    assert [tuple(level.shape[2:]) for level in pyramid] == [(32, 64), (16, 32), (8, 16), (4, 8), (2, 4), (1, 2)]
    expected = FLOW_UNIT * torch.tensor([0.5 * 96 / 128, -0.25 * 48 / 64]).view(1, 2, 1, 1)
    torch.testing.assert_close(flow, expected.expand(1, 2, 48, 96))


def test_alignment_takes_what_the_flow_points_at_and_nothing_from_outside() -> None:
    features = torch.rand(1, 4, 6, 8, generator=torch.Generator().manual_seed(3))
    flow = torch.tensor([2.0, -1.0]).view(1, 2, 1, 1).expand(1, 2, 6, 8)
    expected = torch.zeros(1, 4, 6, 8)
    expected[:, :, 1:, :-2] = features[:, :, :-1, 2:]
    torch.testing.assert_close(align(features, flow), expected)
    assert torch.equal(alignment_mask(flow), (expected[:, :1] != 0).float())


def test_alignment_of_halves_computes_positions_in_float32() -> None:
    # Around column 1023 a half has steps of 1/2 and less than that of the normalised position: it would miss by pixels.
    features = torch.arange(1024).view(1, 1, 1, 1024).expand(1, 1, 3, 1024) / 1024
    flow = torch.full((1, 2, 3, 1024), 0.0)
    flow[:, 0] = 1
    aligned = align(features.bfloat16(), flow)
    assert aligned.dtype == torch.bfloat16
    assert torch.equal(aligned[..., :-1], features.bfloat16()[..., 1:])

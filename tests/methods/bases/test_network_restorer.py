"""Fixed weights are the same however the network was built."""

from __future__ import annotations

import torch
from torch import nn

from mgld_bench.methods.bases.network_restorer import fill_with_fixed_weights


def built(seed: int) -> nn.Module:
    torch.manual_seed(seed)
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.GroupNorm(2, 4), nn.PReLU(4), nn.Flatten(), nn.Linear(16, 2))


def test_nothing_of_how_a_layer_was_built_is_left() -> None:
    one, other = (fill_with_fixed_weights(built(seed)).state_dict() for seed in (1, 2))
    assert all(torch.equal(one[name], other[name]) for name in one)
    assert one["1.weight"].eq(1).all()
    assert one["2.weight"].eq(0.25).all()
    assert 0.1 < one["0.weight"].std() < 0.3  # 1 / sqrt(3 * 3 * 3) = 0.19

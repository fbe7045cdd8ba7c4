"""Half precision with parts that stay exact."""

from __future__ import annotations

import torch
from torch import nn

from mgld_bench.networks.layers.precision import cast_except


def test_exact_parts_keep_their_values_and_others_are_rounded() -> None:
    network = nn.Sequential(nn.Linear(3, 3), nn.BatchNorm1d(3), nn.Linear(3, 3))
    before = network[2].weight.clone()
    cast_except(network, torch.bfloat16, [network[2]])
    assert network[0].weight.dtype == network[1].running_mean.dtype == torch.bfloat16
    assert network[1].num_batches_tracked.dtype == torch.int64
    assert torch.equal(network[2].weight, before)

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional

from mgld_bench.metrics.flow.estimators import FlowAdapter, GMFlowAdapter, UniMatchAdapter
from mgld_bench.networks.gmflow.network import REGREFINE6, SCALE1, SCALE2, GMFlowConfig
from tests.helpers.flow_samples import gmflow, raft, spynet
from tests.helpers.metric_samples import Frames

TWO_REFINEMENTS = replace(REGREFINE6, num_reg_refine=2)


def levels(frame: Frames) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(frame)).permute(2, 0, 1)[None].float()


@torch.no_grad()
def flow(adapter: FlowAdapter[Any], source: Tensor, target: Tensor) -> Tensor:
    return adapter.flow(adapter.features(source), adapter.features(target))


@pytest.mark.parametrize(("config", "multiple"), [(SCALE1, 16), (SCALE2, 32)])
def test_gmflow_pads_on_all_sides_and_cuts_the_flow(config: GMFlowConfig, multiple: int, bikes: Frames) -> None:
    network, _ = gmflow(config)
    first, second = levels(bikes[0, :61, :90]), levels(bikes[1, :61, :90])
    # 61x90: 64x96 for both; one row above and two below, three columns on either side.
    padded = [functional.pad(frame, (3, 3, 1, 2), mode="replicate") for frame in (first, second)]
    assert padded[0].shape[2] % multiple == padded[0].shape[3] % multiple == 0
    expected = network(*padded)[:, :, 1:-2, 3:-3]
    found = flow(GMFlowAdapter(network), first, second)
    assert found.shape == (1, 2, 61, 90)
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-5)


def test_unimatch_resizes_and_puts_the_flow_of_portrait_frames_in_order(bikes: Frames) -> None:
    network, _ = gmflow(TWO_REFINEMENTS)
    adapter = UniMatchAdapter(network)
    first, second = levels(bikes[0, :61, :90]), levels(bikes[1, :61, :90])
    resized = [functional.interpolate(frame, (64, 96), mode="bilinear", align_corners=True) for frame in (first, second)]
    full = functional.interpolate(network(*resized), (61, 90), mode="bilinear", align_corners=True)
    expected = full * torch.tensor([90 / 96, 61 / 64]).view(1, 2, 1, 1)
    found = flow(adapter, first, second)
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4)
    portrait = flow(adapter, first.mT, second.mT)
    assert portrait.shape == (1, 2, 90, 61)
    torch.testing.assert_close(portrait.flip(1).mT, found, rtol=1e-4, atol=1e-4)
    fitting = levels(bikes[0, :64, :96]), levels(bikes[1, :64, :96])
    torch.testing.assert_close(flow(adapter, *fitting), network(*fitting), rtol=0, atol=1e-5)


@pytest.mark.parametrize("name", ["gmflow", "gmflow-refine", "unimatch", "spynet", "raft"])
def test_both_directions_together_are_those_of_two_calls(name: str, bikes: Frames) -> None:
    side = 133 if name == "raft" else 70
    first, second = levels(bikes[0, :side, : side + 20]), levels(bikes[1, :side, : side + 20])
    adapters: dict[str, Callable[[], FlowAdapter[Any]]] = {
        "gmflow": lambda: GMFlowAdapter(gmflow(SCALE1)[0]),
        "gmflow-refine": lambda: GMFlowAdapter(gmflow(SCALE2)[0]),
        "unimatch": lambda: UniMatchAdapter(gmflow(TWO_REFINEMENTS)[0]),
        "spynet": lambda: spynet(gain=1.5)[0].adapter,
        "raft": lambda: raft()[0].adapter,
    }
    adapter = adapters[name]()
    with torch.no_grad():
        there, back = adapter.both(adapter.features(first), adapter.features(second))
    torch.testing.assert_close(there, flow(adapter, first, second), rtol=1e-4, atol=1e-3)
    torch.testing.assert_close(back, flow(adapter, second, first), rtol=1e-4, atol=1e-3)
    assert there.shape == back.shape == (1, 2, side, side + 20)
    assert not torch.allclose(there, back, atol=0.01)

"""Runs the fixtures of RVRT on mgld_bench.networks.rvrt.network and on the tiles of its method."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from mgld_bench.methods.tiling.rvrt import ClipTiling, restored_frames
from mgld_bench.networks.rvrt.network import PAIR, RVRT, SCALE
from mgld_bench.networks.sizes.rvrt import BRANCHES, RVRTConfig
from tests.parity.fixture import Fixture

Outputs = dict[str, "np.ndarray[Any, Any]"]
Calls = dict[str, list[tuple[tuple[Any, ...], Any]]]
"""By module: inputs and outputs of each call."""

FIXED = {"upscale": SCALE, "clip_size": PAIR, "nonblind_denoising": False}
"""What the network of the suite does not leave open."""


def forward(fixture: Fixture) -> Outputs:
    network = filled_network(fixture)
    clip = torch.from_numpy(fixture.input("clip"))[None]
    calls: Calls = defaultdict(list)
    watched = [f"{part}.{branch}" for part in ("backbone", "deform_align") for branch in BRANCHES]
    for name in ("feat_extract", "reconstruction", *watched):
        network.get_submodule(name).register_forward_hook(keep(calls[name]))
    with torch.inference_mode():
        seen = {"output": network(clip)}
        seen["flows_backward"], seen["flows_forward"] = network.flows(clip)
    seen["feat_shallow"] = torch.cat([found for _, found in calls["feat_extract"]], dim=1)
    for branch in BRANCHES:
        seen[f"feat_{branch}"] = branch_features(calls, branch)
    seen["reconstruction"] = torch.cat([found for _, found in calls["reconstruction"]], dim=1)
    if clip.shape[1] > PAIR:
        seen["align_backward_1_first"], updated = calls["deform_align.backward_1"][0][1]
        seen["update_flow_n1"], seen["update_flow_n2"] = updated.unbind(4)
        seen["align_forward_2_last"] = calls["deform_align.forward_2"][-1][1][0]
    channels_last = set(seen) - {"output", "flows_backward", "flows_forward"}
    return {name: (value.permute(0, 1, 4, 2, 3) if name in channels_last else value).numpy() for name, value in seen.items()}


def branch_features(calls: Calls, branch: str) -> Tensor:
    """All features of a branch in order of time: what its blocks have found, added to the aligned features that came in last."""
    pairs = [inputs[0][..., -found.shape[-1] :] + found for inputs, found in calls[f"backbone.{branch}"]]
    together = torch.cat(pairs, dim=1)
    return together.flip(1) if branch.startswith("backward") else together


def video(fixture: Fixture) -> Outputs:
    network = filled_network(fixture)
    clip = torch.from_numpy(fixture.input("clip"))
    (frames, side, columns), (overlap_frames, overlap, overlap_columns) = (
        fixture.facts["call"][name] for name in ("tile", "tile_overlap")
    )
    assert (side, overlap) == (columns, overlap_columns)

    def enlarge(tile: Tensor) -> Iterator[Tensor]:
        return (pair[0] for pair in network.restored(tile[None]))

    tiling = ClipTiling(frames, side, overlap_frames, overlap)
    with torch.inference_mode():
        restored = list(restored_frames(enlarge, lambda start, stop: clip[start:stop], len(clip), tiling))
    return {"output": torch.stack(restored)[None].numpy()}


def filled_network(fixture: Fixture) -> RVRT:
    config = dict(fixture.facts["config"])
    other = {name: config.pop(name) for name in FIXED if name in config}
    if any(other[name] != FIXED[name] for name in other):
        pytest.fail(f"the network has {FIXED}, the fixture {other}")
    sizes: dict[str, Any] = {name: tuple(size) if isinstance(size, list) else size for name, size in config.items()}
    network = RVRT(RVRTConfig(**sizes))
    filled = {name: torch.from_numpy(value) for name, value in fixture.weights().items()}
    indices = {name: value for name, value in network.state_dict().items() if name.endswith(".relative_position_index")}
    network.load_state_dict(indices | filled)
    return network.eval()


def keep(calls: list[tuple[tuple[Any, ...], Any]]) -> Callable[[nn.Module, tuple[Any, ...], Any], None]:
    def hook(_module: nn.Module, inputs: tuple[Any, ...], output: Any) -> None:
        calls.append((inputs, output))

    return hook


RUNNERS: dict[tuple[str, str], Callable[[Fixture], Outputs]] = {("rvrt", "forward"): forward, ("rvrt", "video"): video}

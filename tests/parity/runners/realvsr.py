"""Runs the fixtures of RealVSR on mgld_bench.networks.edvr and mgld_bench.methods.realvsr."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from mgld_bench.clips.clip import ArrayClip
from mgld_bench.methods.bases.pictures import to_frame
from mgld_bench.methods.compute import Compute
from mgld_bench.methods.realvsr import RealVSROptions, RealVSRRestorer, rgb_to_ycbcr
from mgld_bench.networks.edvr import PLANES, EDVRNoUp
from mgld_bench.networks.sizes.edvr import EDVRNoUpConfig
from tests.parity.fixture import Fixture

Outputs = dict[str, "np.ndarray[Any, Any]"]


def forward(fixture: Fixture) -> Outputs:
    config = fixture.facts["config"]
    network = EDVRNoUp(sizes(config), center=config["center"]).eval()
    network.load_state_dict(filled(fixture))
    seen: dict[str, list[Tensor]] = {}
    watched = {
        "features_L3": network.fea_L3_conv2,
        "L3_offset_mask_first": network.pcd_align.L3_dcnpack.conv_offset_mask,
        "L3_dcn_first": network.pcd_align.L3_dcnpack,
        "aligned": network.pcd_align,
        "fused": network.tsa_fusion,
        "trunk": network.recon_trunk,
    }
    for name, module in watched.items():
        module.register_forward_hook(keep(seen.setdefault(name, [])))
    with torch.inference_mode():
        output = network(torch.from_numpy(fixture.input("window"))[None])
    # Called once per frame of the window: the first call is that of the first frame.
    tensors = {name: calls[0] for name, calls in seen.items()} | {"aligned": torch.stack(seen["aligned"], 1), "output": output}
    return {name: tensor.numpy() for name, tensor in tensors.items()}


def video(fixture: Fixture) -> Outputs:
    config, call = fixture.facts["config"], fixture.facts["call"]
    assert config["center"] == config["nframes"] // 2
    # The authors' protocol has no enlargement: what the network gives at the size of the frames.
    options = RealVSROptions(
        enlarge="last",
        border=call["padding"],
        clamp_before_rgb=call["clamp_before_rgb"],
        network=sizes(config),
    )
    restorer = RealVSRRestorer(options, None, Compute())
    restorer.network.load_state_dict(filled(fixture))
    frames = np.ascontiguousarray(fixture.input("frames").transpose(0, 2, 3, 1))
    outputs = list(restorer.outputs(ArrayClip("fixture", frames), 0))
    return {
        "ycbcr": np.stack([rgb_to_ycbcr(frame) for frame in frames]),
        "raw": torch.stack(outputs).numpy(),
        "image": np.stack([to_frame(restorer.to_rgb(output)) for output in outputs]),
    }


def sizes(config: Mapping[str, Any]) -> EDVRNoUpConfig:
    assert (config["nc"], config["predeblur"], config["HR_in"], config["w_TSA"]) == (PLANES, False, False, False)
    ours = {"features": "nf", "frames": "nframes", "groups": "groups", "front_blocks": "front_RBs", "back_blocks": "back_RBs"}
    return EDVRNoUpConfig(**{name: config[theirs] for name, theirs in ours.items()})


def filled(fixture: Fixture) -> dict[str, Tensor]:
    return {name: torch.from_numpy(value) for name, value in fixture.weights().items()}


def keep(calls: list[Tensor]) -> Callable[[nn.Module, Any, Tensor], None]:
    def hook(_module: nn.Module, _inputs: Any, output: Tensor) -> None:
        calls.append(output)

    return hook


RUNNERS: dict[tuple[str, str], Callable[[Fixture], Outputs]] = {("realvsr", "forward"): forward, ("realvsr", "video"): video}

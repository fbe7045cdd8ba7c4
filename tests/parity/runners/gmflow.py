"""GMFlow: fixtures of `gmflow`: the network on networks.gmflow.network, warping on networks.layers.optical_flow."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from mgld_bench.networks.gmflow.inference import as_landscape, next_multiples, resize_flow_back, resize_images
from mgld_bench.networks.gmflow.network import GMFlow, GMFlowConfig
from mgld_bench.networks.layers.optical_flow import inconsistent, inside, pad_centred, unpad_centred, warp
from tests.parity.fixture import Fixture

Outputs = dict[str, "np.ndarray[Any, Any]"]


def forward(fixture: Fixture) -> Outputs:
    network = filled_network(fixture)
    first, second = torch.from_numpy(fixture.input("frames")).split(1)
    seen = watch(network)
    with torch.inference_mode():
        flow = network(first, second, fixture.facts["call"]["pred_bidir_flow"])
        features = [network.features(image) for image in (first, second)]
    outputs = {f"backbone_{scale}": torch.cat(maps) for scale, maps in enumerate(zip(*features, strict=True))}
    outputs |= attended(seen, network.config.num_scales) | refined(seen, network.config.num_reg_refine)
    return {name: value.numpy() for name, value in outputs.items()} | {"flow": flow.numpy()}


def gmflow_wrapper(fixture: Fixture) -> Outputs:
    network, call = filled_network(fixture), fixture.facts["call"]
    first, second = torch.from_numpy(fixture.input("frames").astype(np.float32)).split(1)
    with torch.inference_mode():
        if call["inference_size"] is not None:
            flow = resized_flow(network, first, second, tuple(call["inference_size"]), call["pred_bidir_flow"])
            return {"flow": flow.numpy()}
        flow = padded_flow(network, first, second, call["padding_factor"], call["pred_bidir_flow"])
    return {"flow": flow.numpy(), "padding": padding_of(first, call["padding_factor"])}


def unimatch_wrapper(fixture: Fixture) -> Outputs:
    network, call = filled_network(fixture), fixture.facts["call"]
    frames = torch.from_numpy(fixture.input("frames").astype(np.float32))
    first, second = as_landscape(frames).split(1)
    size = call["inference_size"] or next_multiples(tuple(first.shape[-2:]), call["padding_factor"])
    with torch.inference_mode():
        flow = resized_flow(network, first, second, tuple(size), call["pred_bidir_flow"])
    portrait = frames.shape[-2] > frames.shape[-1]
    # As in the authors' script, which leaves the two components of a portrait image's flow exchanged.
    return {"flow": (flow.transpose(-2, -1) if portrait else flow).numpy()}


def padded_flow(network: GMFlow, first: Tensor, second: Tensor, factor: int, both: bool) -> Tensor:
    """GMFlow's default: images are padded to multiples of ``factor``, their flow is cropped (evaluate.py, InputPadder)."""
    padded = (pad_centred(image, factor) for image in (first, second))
    flow: Tensor = network(*padded, both)
    return unpad_centred(flow, (first.shape[-2], first.shape[-1]))


def resized_flow(network: GMFlow, first: Tensor, second: Tensor, size: tuple[int, int], both: bool) -> Tensor:
    """GMFlow's inference_size, and UniMatch's default: images are resized to ``size``, their flow back to the images' size."""
    flow: Tensor = network(resize_images(first, size), resize_images(second, size), both)
    return resize_flow_back(flow, (first.shape[-2], first.shape[-1]))


def geometry_warp(fixture: Fixture) -> Outputs:
    image, flow = (torch.from_numpy(fixture.input(name)) for name in ("image", "flow"))
    warped = warp(image, flow, fixture.facts["call"]["padding_mode"])
    return {"warped": warped.numpy(), "valid": inside(flow).numpy()}


def geometry_consistency(fixture: Fixture) -> Outputs:
    forward, backward = (torch.from_numpy(fixture.input(name)) for name in ("flow_fwd", "flow_bwd"))
    limits = fixture.facts["call"]["alpha"], fixture.facts["call"]["beta"]
    return {
        "occ_fwd": inconsistent(forward, backward, *limits).numpy(),
        "occ_bwd": inconsistent(backward, forward, *limits).numpy(),
    }


def filled_network(fixture: Fixture) -> GMFlow:
    config, call = fixture.facts["config"], fixture.facts["call"]
    network = GMFlow(
        GMFlowConfig(
            num_scales=config["num_scales"],
            upsample_factor=config["upsample_factor"],
            attn_splits=tuple(call["attn_splits_list"]),
            corr_radius=tuple(call["corr_radius_list"]),
            prop_radius=tuple(call["prop_radius_list"]),
            num_reg_refine=call["num_reg_refine"] if config.get("reg_refine") else 0,
            feature_channels=config["feature_channels"],
            num_transformer_layers=config["num_transformer_layers"],
            ffn_dim_expansion=config["ffn_dim_expansion"],
        )
    )
    network.load_state_dict({name: torch.from_numpy(value) for name, value in fixture.weights().items()})
    return network.eval()


def padding_of(image: Tensor, factor: int) -> np.ndarray[Any, Any]:
    """Left, right, top, bottom, as the padding of a picture with a mark in each corner shows them."""
    marked = torch.zeros(1, 1, *image.shape[-2:])
    marked[..., 1:-1, 1:-1] = 1
    rows, columns = (pad_centred(marked, factor)[0, 0].amax(axis).nonzero()[[0, -1], 0] for axis in (1, 0))
    height, width = pad_centred(image, factor).shape[-2:]
    return np.array([columns[0] - 1, width - 2 - columns[1], rows[0] - 1, height - 2 - rows[1]], np.int32)


def watch(network: GMFlow) -> dict[str, list[tuple[Any, Any]]]:
    """Inputs and outputs of the watched modules, call by call."""
    seen: dict[str, list[tuple[Any, Any]]] = {}
    watched = ["transformer", "feature_flow_attn", "upsampler", "refine", "refine.gru", "refine.flow_head"]
    for name in watched:
        if hasattr(network, name.split(".")[0]):
            network.get_submodule(name).register_forward_hook(keep(seen.setdefault(name, [])))
    return seen


def keep(calls: list[tuple[Any, Any]]) -> Callable[[nn.Module, Any, Any], None]:
    def hook(_module: nn.Module, inputs: Any, output: Any) -> None:
        calls.append((inputs, output))

    return hook


def attended(seen: dict[str, list[tuple[Any, Any]]], scales: int) -> dict[str, Tensor]:
    """What is known of each scale: the transformer runs once for both directions at the first scale, else for each."""
    directions = len(seen["feature_flow_attn"]) // scales
    outputs: dict[str, Tensor] = {}
    for scale in range(scales):
        calls = [0] if scale == 0 else [1 + direction * (scales - 1) + scale - 1 for direction in range(directions)]
        for side in (0, 1):
            outputs[f"transformer_in{side}_{scale}"] = joined([seen["transformer"][call][0][side] for call in calls])
            outputs[f"transformer_out{side}_{scale}"] = joined([seen["transformer"][call][1][side] for call in calls])
        spread = [seen["feature_flow_attn"][direction * scales + scale] for direction in range(directions)]
        outputs[f"matched_{scale}"] = joined([inputs[1] for inputs, _ in spread])
        outputs[f"propagated_{scale}"] = joined([output for _, output in spread])
    if seen.get("upsampler"):
        outputs["upsampler_logits"] = joined([output for _, output in seen["upsampler"]])
    return outputs


def refined(seen: dict[str, list[tuple[Any, Any]]], iterations: int) -> dict[str, Tensor]:
    if not iterations:
        return {}
    projected = joined([inputs[2] for inputs, _ in seen["refine"]])
    half = projected.shape[1] // 2
    outputs = {"refine_net_0": projected[:, :half].tanh(), "refine_inp_0": projected[:, half:].relu()}
    outputs["refine_hidden_0"] = joined([output for _, output in seen["refine.gru"][::iterations]])
    outputs["refine_mask_last"] = joined([output[1] for _, output in seen["refine"]])
    flows = [inputs[3] for inputs, _ in seen["refine"]]
    for iteration in range(iterations):
        steps = seen["refine.flow_head"][iteration::iterations]
        flows = [flow + step for flow, (_, step) in zip(flows, steps, strict=True)]
        outputs[f"refine_flow_{iteration}"] = joined(flows)
    return outputs


def joined(parts: Sequence[Tensor]) -> Tensor:
    return torch.cat(list(parts))


RUNNERS: dict[tuple[str, str], Callable[[Fixture], Outputs]] = {
    ("gmflow", "forward"): forward,
    ("gmflow", "wrapper"): gmflow_wrapper,
    ("gmflow", "geometry.warp"): geometry_warp,
    ("gmflow", "geometry.consistency"): geometry_consistency,
    ("unimatch", "forward"): forward,
    ("unimatch", "wrapper"): unimatch_wrapper,
}

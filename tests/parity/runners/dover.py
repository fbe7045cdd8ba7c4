"""Runs the fixtures of DOVER on mgld_bench.networks.dover.network and mgld_bench.metrics."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from torch import nn

from mgld_bench.metrics.dover.variants import Branch, fuse
from mgld_bench.metrics.dover.views import AestheticView, FrameSampler, TechnicalView, ViewPlan, Views, normalised, plan_views
from mgld_bench.networks.dover.aesthetic import AestheticConfig
from mgld_bench.networks.dover.network import DOVER, DoverConfig, HeadConfig
from mgld_bench.networks.dover.technical import (
    Block,
    TechnicalBackbone,
    TechnicalConfig,
    fragment_distances,
    region_mask,
    shift_regions,
)
from mgld_bench.networks.layers.video_tokens import WindowGrid, window_grid
from tests.parity.fixture import Fixture

Array = np.ndarray[Any, Any]
Outputs = dict[str, Array]


def forward(fixture: Fixture) -> Outputs:
    network = filled_network(fixture)
    call = fixture.facts["call"]
    views_of_clips = [torch.from_numpy(fixture.input(name)).permute(0, 2, 3, 1) for name in call["clips"]]
    clips = normalised(torch.stack(views_of_clips), call["mean"], call["std"])
    outputs: Outputs = {}
    for name, module in watched_modules(network).items():
        module.register_forward_hook(keep(outputs, name))
    with torch.inference_mode():
        maps = {"t": network.technical(clips), "a": network.aesthetic(clips)}
    for branch, quality in maps.items():
        outputs[f"{branch}_map"] = quality[:, None].numpy()
        outputs[f"{branch}_raw"] = quality.mean().reshape(1).numpy()
    tokens = outputs["t_patch"].shape[2:]
    return outputs | window_outputs(network.technical_backbone, (tokens[0], tokens[1], tokens[2]))


def sampler(fixture: Fixture) -> Outputs:
    samplers = {name: FrameSampler(**facts) for name, facts in fixture.facts["config"]["samplers"].items()}
    outputs: Outputs = {}
    for run in fixture.facts["call"]["runs"]:
        stream = np.random.RandomState(run["seed"])
        for sample in run["samples"]:
            chosen = samplers[sample["sampler"]]
            offsets = chosen.draw(run["frame_count"], stream)
            np.testing.assert_array_equal(offsets, fixture.input(sample["offsets"]))
            outputs[sample["output"]] = chosen.indices(run["frame_count"], offsets)
    return outputs


def views(fixture: Fixture) -> Outputs:
    call = fixture.facts["call"]
    plan, built = built_views(fixture, fixture.facts["config"])
    technical, aesthetic = (view.transpose(3, 0, 1, 2) for view in (built.technical, built.aesthetic))
    return {
        **drawn(plan),
        "inds_technical": plan.technical_frames,
        "inds_aesthetic": plan.aesthetic_frames,
        "technical": technical,
        "technical_sum": technical.sum((2, 3), dtype=np.float64),
        "aesthetic": aesthetic,
        "aesthetic_sum": aesthetic.sum((2, 3), dtype=np.float64),
        "technical_input": network_input(built.technical, plan.technical_view.num_clips, call).permute(0, 4, 1, 2, 3).numpy(),
    }


def fusion(fixture: Fixture) -> Outputs:
    branches = [Branch(**fixture.facts["config"][name]) for name in ("technical", "aesthetic")]
    raw = zip(fixture.input("technical_raw"), fixture.input("aesthetic_raw"), strict=True)
    scores = [fuse(float(technical), float(aesthetic), *branches) for technical, aesthetic in raw]
    return {
        "technical": np.array([score.technical for score in scores]),
        "aesthetic": np.array([score.aesthetic for score in scores]),
        "overall": np.array([score.fused for score in scores]),
    }


def pipeline(fixture: Fixture) -> Outputs:
    call, network = fixture.facts["call"], filled_network(fixture)
    plan, built = built_views(fixture, fixture.facts["config"]["views"])
    with torch.inference_mode():
        technical = network.technical(network_input(built.technical, plan.technical_view.num_clips, call))
        aesthetic = network.aesthetic(network_input(built.aesthetic, plan.aesthetic_view.num_clips, call))
    scores = fuse(technical.double().mean().item(), aesthetic.double().mean().item())
    return {
        **drawn(plan),
        "technical_inds": plan.technical_frames,
        "aesthetic_inds": plan.aesthetic_frames,
        "technical_map": technical[:, None].numpy(),
        "aesthetic_map": aesthetic[:, None].numpy(),
        "scores": np.array([scores.technical_raw, scores.aesthetic_raw, scores.technical, scores.aesthetic, scores.fused]),
    }


def built_views(fixture: Fixture, config: Mapping[str, Any]) -> tuple[ViewPlan, Views]:
    frames, call = fixture.input("frames").transpose(0, 2, 3, 1), fixture.facts["call"]
    technical, aesthetic = TechnicalView(**config["technical"]), AestheticView(**config["aesthetic"])
    count, height, width, _ = frames.shape
    plan = plan_views(technical, aesthetic, count, height, width, call["numpy_seed"], call["torch_seed"])
    built = Views(plan)
    for index, frame in enumerate(frames):
        built.add(index, frame)
    return plan, built


def drawn(plan: ViewPlan) -> Outputs:
    return {"rnd_h": plan.fragments.down, "rnd_w": plan.fragments.across}


def network_input(view: Array, clips: int, call: Mapping[str, Any]) -> torch.Tensor:
    """(T, H, W, 3) to (clips, T / clips, H, W, 3)."""
    clip: torch.Tensor = normalised(torch.from_numpy(view), call["mean"], call["std"]).unflatten(0, (clips, -1))
    return clip


def filled_network(fixture: Fixture) -> DOVER:
    config = fixture.facts["config"]
    parts = {"technical": TechnicalConfig, "aesthetic": AestheticConfig, "head": HeadConfig}
    network = DOVER(DoverConfig(**{part: kind(**tuples(config[part])) for part, kind in parts.items()}))
    filled = {name: torch.from_numpy(value) for name, value in fixture.weights().items()}
    # The fixture fills parameters only; the index of the positions is no parameter.
    indices = {name: buffer for name, buffer in network.named_buffers() if name.endswith("relative_position_index")}
    network.load_state_dict(filled | indices)
    return network.eval()


def tuples(facts: Mapping[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in facts.items()}


def watched_modules(network: DOVER) -> dict[str, nn.Module]:
    technical, aesthetic = network.technical_backbone, network.aesthetic_backbone
    watched = {"t_patch": technical.patch_embed, "t_features": technical.norm, "a_features": aesthetic.norm}
    blocks = technical.layers[0].get_submodule("blocks")
    watched |= {f"t_block{place}": block for place, block in blocks.named_children()}
    watched |= {f"t_layer{place}": layer for place, layer in technical.layers.named_children()}
    watched |= {f"a_down{place}": layer for place, layer in aesthetic.downsample_layers.named_children()}
    return watched | {f"a_stage{place}": stage for place, stage in aesthetic.stages.named_children()}


def keep(outputs: Outputs, name: str) -> Callable[[nn.Module, Any, torch.Tensor], None]:
    """Blocks are wanted with the channels last, all other modules with the channels second."""

    def hook(_module: nn.Module, _inputs: Any, output: torch.Tensor) -> None:
        official = output if name.startswith("t_block") else output.permute(0, 4, 1, 2, 3)
        outputs[name] = official.clone().numpy()

    return hook


def window_outputs(backbone: TechnicalBackbone, tokens: tuple[int, int, int]) -> Outputs:
    blocks = backbone.layers[0].get_submodule("blocks").children()
    grids = [window_grid(tokens, block.window_size, block.shift) for block in blocks if isinstance(block, Block)]
    outputs = {"gate_plain": whole_gate(grids[0])}
    if len(grids) > 1:
        mask = region_mask(shift_regions(grids[1]).flatten(0, 2))
        outputs |= {"gate_shifted": whole_gate(grids[1]), "mask_shifted": mask.numpy()}
    return outputs


def whole_gate(grid: WindowGrid) -> Array:
    """(windows, n, n) of the gate that is stored without time."""
    frames, times = grid.window[0], grid.counts[0]
    return fragment_distances(grid).flatten(0, 1).repeat(times, frames, frames).numpy()


RUNNERS: dict[tuple[str, str], Callable[[Fixture], Outputs]] = {
    ("dover", "forward"): forward,
    ("dover", "sampler"): sampler,
    ("dover", "views"): views,
    ("dover", "fusion"): fusion,
    ("dover", "pipeline"): pipeline,
}

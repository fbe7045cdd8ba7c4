"""Runs the fixtures of DOVER on mgld_bench.networks.dover and mgld_bench.metrics."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from fixture import Fixture
from torch import nn

from mgld_bench.networks.dover import DOVER, DoverConfig, HeadConfig
from mgld_bench.networks.dover_aesthetic import AestheticConfig
from mgld_bench.networks.dover_technical import TechnicalBackbone, TechnicalConfig
from mgld_bench.networks.dover_windows import WindowGrid, region_mask, window_grid

Array = np.ndarray[Any, Any]
Outputs = dict[str, Array]


def forward(fixture: Fixture) -> Outputs:
    network = filled_network(fixture)
    call = fixture.facts["call"]
    clips = torch.stack([normalised(torch.from_numpy(fixture.input(name)), call) for name in call["clips"]])
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


def normalised(clip: torch.Tensor, call: Mapping[str, Any]) -> torch.Tensor:
    """(T, 3, H, W) to (T, H, W, 3) float32."""
    mean, std = (torch.tensor(call[name], dtype=torch.float32) for name in ("mean", "std"))
    return (clip.permute(0, 2, 3, 1) - mean) / std


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
    blocks = backbone.layers[0].get_submodule("blocks")
    grids = [window_grid(tokens, block.window_size, block.shift) for block in blocks.children()]
    outputs = {"gate_plain": whole_gate(grids[0])}
    if len(grids) > 1:
        mask = region_mask(grids[1].regions().flatten(0, 2))
        outputs |= {"gate_shifted": whole_gate(grids[1]), "mask_shifted": mask.numpy()}
    return outputs


def whole_gate(grid: WindowGrid) -> Array:
    """(windows, n, n) of the gate that is stored without time."""
    frames, times = grid.window[0], grid.counts[0]
    return grid.gate().flatten(0, 1).repeat(times, frames, frames).numpy()


RUNNERS: dict[tuple[str, str], Callable[[Fixture], Outputs]] = {
    ("dover", "forward"): forward,
}

"""Runs the fixtures of the denoising networks of MGLD-VSR and StableSR: U-Net, structure encoder, text tower."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import numpy as np
import torch
from torch import Tensor, nn

from mgld_bench.networks.diffusion.structure_encoder import StructureEncoder
from mgld_bench.networks.diffusion.text_tower import TextTower
from mgld_bench.networks.diffusion.unet import DenoisingUNet
from mgld_bench.networks.sizes.diffusion import EMPTY_PROMPT, StructureEncoderConfig, TextTowerConfig, UNetConfig
from tests.parity.fixture import Fixture

Outputs = dict[str, "np.ndarray[Any, Any]"]
Network = TypeVar("Network", bound=nn.Module)

SHARED = {
    "in_channels": 4,
    "dropout": 0,
    "conv_resample": True,
    "dims": 2,
    "num_heads_upsample": -1,
    "use_scale_shift_norm": False,
    "resblock_updown": False,
    "use_new_attention_order": False,
}
"""What the authors' constructors are given in every configuration of both networks."""
OF_UNET = {
    "out_channels": 4,
    "num_classes": None,
    "num_heads": -1,
    "use_spatial_transformer": True,
    "transformer_depth": 1,
    "n_embed": None,
    "legacy": False,
    "disable_self_attentions": None,
    "num_attention_blocks": None,
    "disable_middle_self_attn": False,
    "use_linear_in_transformer": True,
}
OF_ENCODER = {"num_head_channels": -1}
OF_TEXT = {"layer": "penultimate", "activation": "gelu"}


def unet_from(config: Mapping[str, Any]) -> DenoisingUNet:
    """The U-Net of the authors' constructor arguments, on the meta device; with temporal layers where they name a frame count."""
    check_fixed(config, SHARED | OF_UNET)
    with torch.device("meta"):
        return DenoisingUNet(
            UNetConfig(
                model_channels=config["model_channels"],
                channel_multipliers=tuple(config["channel_mult"]),
                blocks_per_level=config["num_res_blocks"],
                attention_reductions=tuple(config["attention_resolutions"]),
                head_channels=config["num_head_channels"],
                context_channels=config["context_dim"],
                structure_channels=config["semb_channels"],
                temporal="num_frames" in config,
                num_frames=config.get("num_frames", 1),
            )
        )


def structure_encoder_from(config: Mapping[str, Any]) -> StructureEncoder:
    """The structure encoder of the authors' constructor arguments, on the meta device."""
    check_fixed(config, SHARED | OF_ENCODER)
    with torch.device("meta"):
        return StructureEncoder(
            StructureEncoderConfig(
                model_channels=config["model_channels"],
                channel_multipliers=tuple(config["channel_mult"]),
                blocks_per_level=config["num_res_blocks"],
                attention_reductions=tuple(config["attention_resolutions"]),
                heads=config["num_heads"],
                structure_channels=config["out_channels"],
            )
        )


def check_fixed(config: Mapping[str, Any], fixed: Mapping[str, Any]) -> None:
    other = {name: config[name] for name, value in fixed.items() if name in config and config[name] != value}
    assert not other, f"no network of ours for {other}"


def filled(network: Network, fixture: Fixture, part: str | None = None) -> Network:
    """The network (on the meta device) with the fixture's weights in place of its own."""
    weights = {name: torch.from_numpy(np.asarray(value)) for name, value in fixture.weights(part).items()}
    network.load_state_dict(weights, assign=True)
    return network.eval().requires_grad_(False)


def mgld_unet(fixture: Fixture) -> Outputs:
    return run_unet(fixture, torch.from_numpy(fixture.input("timesteps")), "output")


def stablesr_unet(fixture: Fixture) -> Outputs:
    return run_unet(fixture, torch.tensor(fixture.facts["call"]["timesteps"]), "eps")


def run_unet(fixture: Fixture, timesteps: Tensor, result: str) -> Outputs:
    network = filled(unet_from(fixture.facts["config"]), fixture)
    seen = watch(network, fixture)
    x, text = (torch.from_numpy(fixture.input(name)) for name in ("x", "context"))
    maps = fixture.facts["call"]["struct_cond"]
    structure = {int(width): torch.from_numpy(fixture.input(name)) for width, name in maps.items()}
    with torch.inference_mode():
        seen[result] = network(x, timesteps, text, structure).numpy()
    return seen


def mgld_structure(fixture: Fixture) -> Outputs:
    return run_structure(fixture, "x", torch.from_numpy(fixture.input("timesteps")), "result")


def stablesr_structure(fixture: Fixture) -> Outputs:
    return run_structure(fixture, "latent", torch.tensor(fixture.facts["call"]["timesteps"]), "struct")


def run_structure(fixture: Fixture, latent: str, timesteps: Tensor, prefix: str) -> Outputs:
    network = filled(structure_encoder_from(fixture.facts["config"]), fixture)
    seen = watch(network, fixture)
    with torch.inference_mode():
        features = network(torch.from_numpy(fixture.input(latent)), timesteps)
    return seen | {f"{prefix}_{width}": feature.numpy() for width, feature in features.items()}


def text(fixture: Fixture) -> Outputs:
    config = fixture.facts["config"]
    check_fixed(config, OF_TEXT)
    with torch.device("meta"):
        tower = TextTower(
            TextTowerConfig(
                width=config["width"],
                heads=config["heads"],
                layers=config["layers"],
                context_length=config["context_length"],
                vocabulary=config["vocab_size"],
                projection=config["embed_dim"],
                expansion=config["mlp_ratio"],
            )
        )
    filled(tower, fixture)
    seen = watch(tower, fixture)
    tokens = tokens_of(fixture.facts["call"]["prompt"], config["context_length"])
    with torch.inference_mode():
        embedding = tower.embed(tokens)
    return seen | {"tokens": tokens.numpy(), "embedding": embedding.numpy()}


def tokens_of(prompt: str, context_length: int) -> Tensor:
    """Token ids (1, context_length). Only for the prompt that the methods use: no vocabulary is at hand for others."""
    if prompt:
        raise ValueError(f"prompt {prompt!r}: only the empty prompt has tokens here")
    tokens = torch.zeros(1, context_length, dtype=torch.int64)
    tokens[0, :2] = torch.tensor(EMPTY_PROMPT[:2])
    return tokens


def watch(network: nn.Module, fixture: Fixture) -> Outputs:
    """Keeps, as the network runs, the outputs that are taken from modules."""
    seen: Outputs = {}
    for name, output in fixture.facts["outputs"].items():
        if "module" in output:
            network.get_submodule(output["module"]).register_forward_hook(keep(seen, name))
    return seen


def keep(seen: Outputs, name: str) -> Callable[[nn.Module, tuple[Any, ...], Tensor], None]:
    def hook(_module: nn.Module, _inputs: tuple[Any, ...], output: Tensor) -> None:
        seen[name] = output.numpy().copy()

    return hook


RUNNERS: dict[tuple[str, str], Callable[[Fixture], Outputs]] = {
    ("mgld_diffusion", "unet"): mgld_unet,
    ("mgld_diffusion", "structcond"): mgld_structure,
    ("mgld_diffusion", "text"): text,
    ("stablesr", "unet"): stablesr_unet,
    ("stablesr", "structcond"): stablesr_structure,
}

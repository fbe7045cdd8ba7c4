"""The autoencoder of a fixture, and what its modules give; for the runners of MGLD-VSR and StableSR."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from mgld_bench.networks.autoencoder.config import COLOURS, SCALE_FACTOR, AutoencoderConfig
from mgld_bench.networks.autoencoder.encoder import NORM_EPSILON
from mgld_bench.networks.autoencoder.network import Autoencoder
from mgld_bench.networks.layers.sizes import NORM_GROUPS
from tests.parity.fixture import Fixture

Outputs = dict[str, "np.ndarray[Any, Any]"]


def filled_autoencoder(fixture: Fixture) -> Autoencoder:
    config = fixture.facts["config"]
    assert (config["in_channels"], config["out_ch"], config["double_z"]) == (COLOURS, COLOURS, True)
    assert (config["attn_resolutions"], config["dropout"]) == ([], 0)
    assert (config["norm_groups"], config["norm_eps"], config["scale_factor"]) == (NORM_GROUPS, NORM_EPSILON, SCALE_FACTOR)
    network = Autoencoder(
        AutoencoderConfig(
            channels=config["ch"],
            multipliers=tuple(config["ch_mult"]),
            blocks=config["num_res_blocks"],
            z_channels=config["z_channels"],
            embed_dim=config["embed_dim"],
            temporal_version=config.get("version", 0),
            frames_per_clip=config.get("num_frames", 1),
            fusion=config.get("fusion_block"),
            fusion_blocks=config.get("num_fuse_block", 0),
            fusion_growth=config.get("num_grow_ch", 0),
        )
    )
    network.load_state_dict({name: torch.from_numpy(value) for name, value in fixture.weights().items()})
    return network.eval()


def decoded_with_features(fixture: Fixture) -> Outputs:
    """Encode ``frames``, then decode ``samples`` with their features in each way of the call."""
    network = filled_autoencoder(fixture)
    frames, samples = (torch.from_numpy(fixture.input(name)) for name in ("frames", "samples"))
    latents = samples / SCALE_FACTOR
    seen: Outputs = {}
    with kept_outputs(network, modules(fixture, "encode"), seen):
        seen["moments"] = network.moments(frames).numpy()
    features = network.features(frames)
    seen |= {f"enc_fea_{index}": maps.numpy() for index, maps in enumerate(features)}
    call = fixture.facts["call"]
    for name, how in call["decodes"].items():
        wanted = modules(fixture, "decode") if name == call["intermediates_of"] else {}
        with kept_outputs(network, wanted, seen):
            seen[name] = network.decode(latents, features, how["fusion_w"], how.get("temporal", True)).numpy()
    return seen


def modules(fixture: Fixture, during: str) -> dict[str, str]:
    """Which module gives which output while encoding or while decoding."""
    outputs = fixture.facts["outputs"].items()
    return {output.get("of", name): output["module"] for name, output in outputs if output.get("during") == during}


@contextmanager
def kept_outputs(network: nn.Module, wanted: Mapping[str, str], seen: Outputs) -> Iterator[None]:
    """Keep what the modules give under the names of the outputs. Copies (of torch.cat): the network overwrites most of it."""

    def keep(name: str) -> Callable[[nn.Module, Any, Tensor | list[Tensor]], None]:
        def hook(_module: nn.Module, _inputs: Any, output: Tensor | list[Tensor]) -> None:
            parts = output if isinstance(output, list) else [output]
            seen[name] = torch.cat(parts).numpy()

        return hook

    hooks = [network.get_submodule(module).register_forward_hook(keep(name)) for name, module in wanted.items()]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()

"""Runs the fixtures of LPIPS, DISTS and MUSIQ."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
import torch

from mgld_bench.networks.perceptual import dists, lpips, torchvision_features
from tests.parity.fixture import Fixture
from tests.parity.runners.metrics import clip_frames, frames_of, image_pairs

Array = np.ndarray[Any, Any]
Outputs = dict[str, Array]


def lpips_dists(fixture: Fixture) -> Outputs:
    config = fixture.facts["config"]
    assert config["lpips_alex"] == {"backbone": "alexnet", "slices": last_layers(torchvision_features.ALEXNET_SLICES)}
    assert config["lpips_vgg"] == {"backbone": "vgg16", "slices": last_layers(torchvision_features.VGG16_SLICES)}
    assert config["dists"] == {"backbone": "vgg16", "pooling": "l2", "stability": dists.STABILITY}
    pairs = [(tensor_of(distorted), tensor_of(reference)) for reference, distorted in image_pairs(fixture)]
    with torch.inference_mode():
        return {
            **lpips_outputs(filled(lpips.LPIPS("alex"), fixture, "alexnet", "lpips_alex"), "alex", pairs),
            **lpips_outputs(filled(lpips.LPIPS("vgg"), fixture, "vgg16", "lpips_vgg"), "vgg", pairs),
            **dists_outputs(filled(dists.DISTS(), fixture, "vgg16", "dists"), pairs),
        }


def last_layers(slices: tuple[tuple[int, int], ...]) -> list[list[int]]:
    """The slices by their first and last layer."""
    return [[start, stop - 1] for start, stop in slices]


def filled(network: torch.nn.Module, fixture: Fixture, *parts: str) -> Any:
    state = {name: torch.from_numpy(values) for part in parts for name, values in fixture.weights(part).items()}
    network.load_state_dict(state)
    return network.eval()


def lpips_outputs(network: lpips.LPIPS, backbone: str, pairs: list[tuple[torch.Tensor, torch.Tensor]]) -> Outputs:
    layers = torch.cat([network.layers(network.stages(ours), network.stages(theirs)) for ours, theirs in pairs])
    distances = torch.cat([network(ours, theirs) for ours, theirs in pairs])
    maps = network.activations(pairs[0][1])
    return {
        f"lpips_{backbone}": distances.numpy(),
        f"lpips_{backbone}_layers": layers.numpy(),
        **{f"{backbone}_feat{place}": values.numpy() for place, values in enumerate(maps)},
    }


def dists_outputs(network: dists.DISTS, pairs: list[tuple[torch.Tensor, torch.Tensor]]) -> Outputs:
    texture, structure = [], []
    for ours, theirs in pairs:
        agreements = list(zip(network.agreements(network.stages(ours), network.stages(theirs)), network.weights(), strict=True))
        texture.append(torch.stack([agreement @ alpha for (agreement, _), (alpha, _) in agreements], dim=1))
        structure.append(torch.stack([agreement @ beta for (_, agreement), (_, beta) in agreements], dim=1))
    maps = network.activations(pairs[0][1])
    return {
        "dists": torch.cat([network(ours, theirs) for ours, theirs in pairs]).numpy(),
        "dists_texture": torch.cat(texture).numpy(),
        "dists_structure": torch.cat(structure).numpy(),
        **{f"dists_feat{place}": values.numpy() for place, values in enumerate(maps)},
    }


def musiq(fixture: Fixture) -> Outputs:
    architecture = pytest.importorskip("pyiqa.archs.musiq_arch")
    patches_of = pytest.importorskip("pyiqa.data.multiscale_trans_util").get_multiscale_patches
    config = fixture.facts["config"]
    network = architecture.MUSIQ(
        patch_size=config["patch"],
        num_class=config["outputs"],
        hidden_size=config["width"],
        mlp_dim=config["mlp"],
        num_heads=config["heads"],
        num_layers=config["blocks"],
        num_scales=len(config["scales"]) + 1,
        spatial_pos_grid_size=config["grid"],
        longer_side_lengths=config["scales"],
        pretrained=False,
    )
    network.load_state_dict({name: torch.from_numpy(values) for name, values in fixture.weights().items()})
    image = tensor_of((clip_frames(fixture) or frames_of(fixture, "images"))[0])
    taken = watched(
        network.eval(),
        {
            "root": "root_pool",
            "embedding": "embedding",
            "block0": "transformer_encoder.transformer.encoderblock_0",
            "norm": "transformer_encoder.encoder_norm",
        },
    )
    with torch.inference_mode():
        score = network(image)
        tokens = patches_of(2 * image - 1, **network.data_preprocess_opts)[0].numpy()
    return {
        "score": score.numpy().reshape(1),
        "tokens": np.array([len(tokens)]),
        "positions": tokens[:, -3:].astype(np.int16),
        "patches": tokens[:, :-3],
        "root": taken["root"],
        "embedding": taken["embedding"][0],
        "block0": taken["block0"][0],
        "cls": taken["norm"][:, 0],
    }


def watched(network: torch.nn.Module, modules: Mapping[str, str]) -> Outputs:
    """The outputs of some modules by the keys of ``modules``, once the network has run."""
    taken: Outputs = {}
    for name, path in modules.items():
        network.get_submodule(path).register_forward_hook(
            lambda _module, _inputs, output, name=name: taken.__setitem__(name, output.numpy().copy())
        )
    return taken


def tensor_of(image: Array) -> torch.Tensor:
    """(1, 3, h, w) float32 in [0, 1] from (h, w, 3) uint8."""
    return torch.from_numpy(image).permute(2, 0, 1)[None].contiguous().float() / 255


RUNNERS: dict[tuple[str, str], Callable[[Fixture], Outputs]] = {
    ("metrics", "lpips_dists"): lpips_dists,
    ("metrics", "musiq"): musiq,
}

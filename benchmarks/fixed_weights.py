"""Random but fixed weights in place of those that are not at hand: speed does not depend on values."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import torch
from torch import nn

from mgld_bench.metrics.weight_files import weight_files
from mgld_bench.networks.dover.network import DOVER, DoverConfig
from mgld_bench.networks.gmflow.network import SCALE1, GMFlow
from mgld_bench.networks.perceptual.torchvision_features import alexnet_features, vgg16_features
from mgld_bench.networks.spynet import SPyNet

SEED = 20240719


MAKERS: dict[str, Callable[[], nn.Module]] = {
    "alexnet": lambda: nn.ModuleDict({"features": alexnet_features()}),
    "vgg16": lambda: nn.ModuleDict({"features": vgg16_features(lambda: nn.MaxPool2d(2))}),
    "gmflow-things": lambda: GMFlow(SCALE1),
    "spynet": SPyNet,
    "dover": lambda: DOVER(DoverConfig()),
}


def write_fixed_weights(home: Path, *names: str) -> None:
    """Write these files of weights.yaml below ``home``, which becomes $MGLD_BENCH_HOME, and take them for the official ones."""
    os.environ["MGLD_BENCH_HOME"] = str(home)
    known = weight_files()
    (home / "weights").mkdir(parents=True, exist_ok=True)
    for name in names:
        known[name] = known[name].model_copy(update={"sha256": "", "sha256_start": "", "size": None})
        path = home / "weights" / known[name].file
        if not path.exists():
            torch.manual_seed(SEED)
            torch.save(MAKERS[name]().state_dict(), path)

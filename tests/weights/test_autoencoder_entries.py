"""What of the decoders' checkpoints is the autoencoder, by the official names."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
import torch
from torch import Tensor

from mgld_bench.errors import InputError
from mgld_bench.weights.diffusion import autoencoder_entries

FIXTURES = Path(__file__).parents[1] / "parity" / "fixtures"
SOURCE = Path("video_vae_cfw.ckpt")


def official(network: str, table: str) -> dict[str, Tensor]:
    rows = [line.split("\t") for line in (FIXTURES / network / f"{table}.tsv").read_text().splitlines()]
    return {name: torch.empty(ast.literal_eval(shape), device="meta") for name, shape in rows}


@pytest.mark.parametrize(
    ("network", "table", "version"),
    [
        ("mgld_decoder", "parameters-first-stage", 0),
        ("mgld_decoder", "parameters", 1),
        ("mgld_decoder", "parameters-version-2", 2),
        ("stablesr", "parameters-cfw-autoencoder", 0),
    ],
)
def test_training_entries_are_dropped_and_the_version_is_seen(network: str, table: str, version: int) -> None:
    state = official(network, table)
    training = official("mgld_decoder", "parameters-loss")
    assert len(training) == 118
    entries = autoencoder_entries(state | training, SOURCE)
    assert entries.state == state
    assert entries.temporal_version == version


def test_a_mixture_of_versions_is_refused() -> None:
    first, second = official("mgld_decoder", "parameters"), official("mgld_decoder", "parameters-version-2")
    name = "decoder.up.1.temporal_mixing.0.temporal_conv2.bias"
    with pytest.raises(InputError, match=r"video_vae_cfw\.ckpt: .* belongs to version 1 .*temporal_conv2\.bias to version 2"):
        autoencoder_entries(first | {name: second[name]}, SOURCE)
    with pytest.raises(InputError, match="belongs to version 1"):
        autoencoder_entries(first | second, SOURCE)


def test_a_main_checkpoint_in_its_place_is_told() -> None:
    with pytest.raises(InputError, match=r"video_vae_cfw\.ckpt: not a decoder: it contains a U-Net, as .* role diffusion does"):
        autoencoder_entries(official("stablesr", "parameters"), SOURCE)

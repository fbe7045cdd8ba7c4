"""The networks in the checkpoints of StableSR and MGLD-VSR: the main file, and the file of the decoder."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
import torch
from torch import Tensor

from mgld_bench.errors import InputError
from mgld_bench.weights.diffusion import autoencoder_entries, split_groups

FIXTURES = Path(__file__).parents[1] / "parity" / "fixtures"
FILE = Path("main.ckpt")
DECODER_FILE = Path("video_vae_cfw.ckpt")
FIRST_STAGE = {"first_stage_model.quant_conv.bias": torch.empty(8, device="meta")}
PREFIXES = ["model.diffusion_model.", "structcond_stage_model.", "cond_stage_model.model.", "first_stage_model."]


def official_state(network: str, table: str = "parameters") -> dict[str, Tensor]:
    rows = [line.split("\t") for line in (FIXTURES / network / f"{table}.tsv").read_text().splitlines()]
    return {name: torch.empty(ast.literal_eval(shape), device="meta") for name, shape in rows}


def test_mgld() -> None:
    # The table leaves out the first stage.
    groups = split_groups(official_state("mgld_diffusion") | FIRST_STAGE, FILE, "MGLD-VSR", temporal=True)
    assert [len(group) for group in (groups.unet, groups.structure, groups.text, groups.first_stage)] == [876, 200, 294, 1]
    assert groups.flow is not None
    assert len(groups.flow) == 179
    assert tuple(groups.unet["middle_block.5.temporal_alpha"].shape) == (1,)
    assert "fnet.conv1.weight" in groups.flow


def test_stablesr() -> None:
    groups = split_groups(official_state("stablesr"), FILE, "StableSR", temporal=False)
    assert [len(group) for group in (groups.unet, groups.structure, groups.text, groups.first_stage)] == [862, 200, 294, 248]
    assert groups.flow is None


def test_only_the_flow_network_may_be_missing() -> None:
    state = official_state("mgld_diffusion") | FIRST_STAGE
    without_flow = {name: tensor for name, tensor in state.items() if not name.startswith("flownet_model.")}
    assert split_groups(without_flow, FILE, "MGLD-VSR", temporal=True).flow is None
    for prefix in PREFIXES:
        rest = {name: tensor for name, tensor in state.items() if not name.startswith(prefix)}
        with pytest.raises(InputError, match=rf"^main.ckpt: not a checkpoint of MGLD-VSR: .* \(no entry starts with {prefix}\)$"):
            split_groups(rest, FILE, "MGLD-VSR", temporal=True)


def test_what_belongs_to_no_network_is_refused() -> None:
    state = official_state("stablesr")
    for name in ("model_ema.decay", "flownet_model.fnet.conv1.weight", "betas2"):
        with pytest.raises(InputError, match=f"^main.ckpt: not a checkpoint of StableSR: {name} does not belong to it$"):
            split_groups(state | {name: torch.empty(1)}, FILE, "StableSR", temporal=False)
    many = state | {f"model_ema.{index}": torch.empty(1) for index in range(8)}
    with pytest.raises(InputError, match=r"StableSR: model_ema\.0, .*, model_ema\.4 and 3 more do not belong to it$"):
        split_groups(many, FILE, "StableSR", temporal=False)


def test_the_file_of_the_wrong_method_is_recognised_by_its_temporal_layers() -> None:
    mgld, stablesr = official_state("mgld_diffusion") | FIRST_STAGE, official_state("stablesr")
    with pytest.raises(InputError, match=r"not a checkpoint of MGLD-VSR: its U-Net has no temporal layers, like StableSR's$"):
        split_groups(stablesr, FILE, "MGLD-VSR", temporal=True)
    with pytest.raises(InputError, match=r"not a checkpoint of StableSR: its U-Net has temporal layers, like MGLD-VSR's$"):
        split_groups(mgld, FILE, "StableSR", temporal=False)


def test_the_file_of_the_decoder_is_not_a_main_checkpoint() -> None:
    rows = (FIXTURES / "mgld_decoder" / "parameters.tsv").read_text().splitlines()
    state = {row.split("\t")[0]: torch.empty(1) for row in rows}
    with pytest.raises(InputError, match="contains only an autoencoder, as the file of role decoder does"):
        split_groups(state, FILE, "MGLD-VSR", temporal=True)


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
    state = official_state(network, table)
    training = official_state("mgld_decoder", "parameters-loss")
    assert len(training) == 118
    entries = autoencoder_entries(state | training, DECODER_FILE)
    assert entries.state == state
    assert entries.temporal_version == version


def test_a_mixture_of_versions_is_refused() -> None:
    first, second = official_state("mgld_decoder", "parameters"), official_state("mgld_decoder", "parameters-version-2")
    name = "decoder.up.1.temporal_mixing.0.temporal_conv2.bias"
    with pytest.raises(InputError, match=r"video_vae_cfw\.ckpt: .* belongs to version 1 .*temporal_conv2\.bias to version 2"):
        autoencoder_entries(first | {name: second[name]}, DECODER_FILE)
    with pytest.raises(InputError, match="belongs to version 1"):
        autoencoder_entries(first | second, DECODER_FILE)


def test_a_main_checkpoint_is_not_the_file_of_the_decoder() -> None:
    with pytest.raises(InputError, match=r"video_vae_cfw\.ckpt: not a decoder: it contains a U-Net, as .* role diffusion does"):
        autoencoder_entries(official_state("stablesr", "parameters"), DECODER_FILE)

"""The main checkpoints of StableSR and MGLD-VSR fall into their networks."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
import torch
from torch import Tensor

from mgld_bench.errors import InputError
from mgld_bench.weights.diffusion import split_groups

FIXTURES = Path(__file__).parents[1] / "parity" / "fixtures"
FILE = Path("main.ckpt")
FIRST_STAGE = {"first_stage_model.quant_conv.bias": torch.empty(8, device="meta")}
PREFIXES = ["model.diffusion_model.", "structcond_stage_model.", "cond_stage_model.model.", "first_stage_model."]


def official_state(network: str) -> dict[str, Tensor]:
    rows = [line.split("\t") for line in (FIXTURES / network / "parameters.tsv").read_text().splitlines()]
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


def test_the_file_of_the_other_method_is_told_from_its_temporal_layers() -> None:
    mgld, stablesr = official_state("mgld_diffusion") | FIRST_STAGE, official_state("stablesr")
    with pytest.raises(InputError, match=r"not a checkpoint of MGLD-VSR: its U-Net has no temporal layers, like StableSR's$"):
        split_groups(stablesr, FILE, "MGLD-VSR", temporal=True)
    with pytest.raises(InputError, match=r"not a checkpoint of StableSR: its U-Net has temporal layers, like MGLD-VSR's$"):
        split_groups(mgld, FILE, "StableSR", temporal=False)


def test_a_decoder_in_its_place_is_told() -> None:
    rows = (FIXTURES / "mgld_decoder" / "parameters.tsv").read_text().splitlines()
    state = {row.split("\t")[0]: torch.empty(1) for row in rows}
    with pytest.raises(InputError, match="contains only an autoencoder, as the file of role decoder does"):
        split_groups(state, FILE, "MGLD-VSR", temporal=True)

"""Options of a diffusion method in a card, and the errors for wrong ones."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mgld_bench.cards.loader import load_method
from mgld_bench.errors import InputError
from mgld_bench.methods.diffusion.options import DiffusionSizes
from mgld_bench.methods.mgld import MGLDOptions
from mgld_bench.methods.mgld_tiny import TINY
from mgld_bench.methods.stablesr import StableSROptions
from mgld_bench.networks.autoencoder.config import SEQUENCE_AUTOENCODER, STABLESR_AUTOENCODER, AutoencoderConfig
from mgld_bench.networks.sizes.diffusion import MGLD_UNET, STABLESR_UNET, StructureEncoderConfig, TextTowerConfig, UNetConfig
from mgld_bench.restoring.loading import parse_options


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A card folder that is also the current folder, so that messages print short paths."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def parsed(folder: Path, base: str, options: str) -> Any:
    (folder / "x.yaml").write_text(f"name: x\nextends: {base}\noptions: {options}\n")
    return parse_options(load_method("x", [folder]))


WRONG = {
    "{networks: {unet: {model_chanels: 64}}}": "networks.unet.model_chanels: unknown field; did you mean model_channels",
    "{networks: {decoder: {fussion: rrdb}}}": "networks.decoder.fussion: unknown field; did you mean fusion",
    "{networks: {unt: {model_channels: 64}}}": "networks.unt: unknown field; did you mean unet?",
    "{networks: {unet: 7}}": "networks.unet: should be an object, not 7",
    "{networks: {decoder: {fusion: rrbd}}}": "networks.decoder.fusion: should be 'dense' or 'rrdb', not \"rrbd\"",
    "{networks: {unet: {model_channels: 100}}}": "networks.unet: 100 channels: not a multiple of 32, the number of groups of ",
    "{networks: {unet: {attention_reductions: 3}}}": "networks.unet.attention_reductions: should be a valid ",
    "{networks: {structure: {structure_channels: 128}}}": (
        "networks: structure.structure_channels: 128, but the other networks need 256"
    ),
    "{networks: {decoder: {multipliers: [1, 2, 4]}}}": "networks: reduction by decoder: 4, but the other networks need 8",
    "{guidance: -1}": "guidance: should be greater than or equal to 0, not -1",
    "{guidance_rule: printed}": "guidance_rule: should be 'official' or 'paper', not \"printed\"",
    "{decoder_fusion: -0.5}": "decoder_fusion: should be greater than or equal to 0, not -0.5",
    "{picture_stride: 7}": "picture_stride: should be greater than or equal to 8, not 7",
    "{seed: 4294967296}": "seed: should be less than or equal to 4294967295, not 4294967296",
    "{steps: 0}": "steps: should be greater than or equal to 1, not 0",
    "{stepz: 5}": "stepz: unknown field; did you mean steps?",
}


@pytest.mark.parametrize("options", WRONG)
def test_an_error_names_the_place(folder: Path, options: str) -> None:
    with pytest.raises(InputError) as caught:
        parsed(folder, "mgld-vsr", options)
    assert str(caught.value).startswith(f"x.yaml:3: options.{WRONG[options]}")


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -1.0])
def test_strengths_are_finite_and_not_negative(value: float) -> None:
    with pytest.raises(ValueError, match="guidance"):
        MGLDOptions(guidance=value)
    with pytest.raises(ValueError, match="decoder_fusion"):
        StableSROptions(decoder_fusion=value)


def test_what_a_card_leaves_out_of_a_network_is_as_in_the_method_that_it_extends(folder: Path) -> None:
    mgld = parsed(folder, "mgld-vsr", "{networks: {decoder: {fusion_blocks: 3}}}").networks
    assert mgld == DiffusionSizes(decoder=replace(SEQUENCE_AUTOENCODER, fusion_blocks=3))
    stablesr = parsed(folder, "stablesr", "{networks: {unet: {attention_reductions: [1, 4]}}}").networks
    assert stablesr.unet == replace(STABLESR_UNET, attention_reductions=(1, 4))
    assert stablesr.decoder == STABLESR_AUTOENCODER
    tiny = parsed(folder, "mgld-vsr-tiny", "{networks: {text: {layers: 3}}}").networks
    assert tiny == TINY.model_copy(update={"text": replace(TINY.text, layers=3)})


def test_the_card_with_a_different_decoder_changes_only_the_decoder() -> None:
    sizes = parse_options(load_method("mgld-vsr-stablesr-decoder")).networks  # type: ignore[attr-defined]
    assert sizes.decoder == STABLESR_AUTOENCODER
    assert sizes.unet == MGLD_UNET


IMPOSSIBLE: list[tuple[type, dict[str, Any], str]] = [
    (UNetConfig, {"head_channels": 48}, "320 channels: not a multiple of 48 channels of a head"),
    (UNetConfig, {"channel_multipliers": ()}, "0 levels"),
    (UNetConfig, {"num_frames": 0}, "num_frames 0: has to be positive"),
    (StructureEncoderConfig, {"heads": 3}, "256 channels: not a multiple of 3 heads"),
    (StructureEncoderConfig, {"structure_channels": 40}, "40 channels: not a multiple of 32"),
    (StructureEncoderConfig, {"blocks_per_level": 0}, "4 levels of 0 blocks"),
    (TextTowerConfig, {"heads": 0}, "width 1024: not a multiple of 0 heads"),
    (TextTowerConfig, {"context_length": 78}, "context_length 78: the empty prompt has 1 to 77 tokens"),
    (TextTowerConfig, {"layers": 0}, "layers 0: has to be positive"),
    (AutoencoderConfig, {"channels": 48}, "48 channels: not a multiple of 32"),
    (AutoencoderConfig, {"blocks": 0}, "blocks 0: has to be positive"),
]


@pytest.mark.parametrize(("config", "sizes", "message"), IMPOSSIBLE)
def test_networks_that_cannot_be_are_refused(config: type, sizes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        config(**sizes)

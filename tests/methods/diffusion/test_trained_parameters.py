"""How many parameters the authors of MGLD-VSR and StableSR trained: in the networks as shipped, and in the authors' tables."""

from __future__ import annotations

import re
from collections.abc import Callable
from math import prod
from pathlib import Path

import pytest
import torch

from mgld_bench.cards.loader import load_method
from mgld_bench.methods.compute import Compute
from mgld_bench.methods.diffusion.networks import trained_parameters
from mgld_bench.methods.diffusion.options import DiffusionOptions
from mgld_bench.networks.autoencoder.network import Autoencoder
from mgld_bench.networks.diffusion.structure_encoder import StructureEncoder
from mgld_bench.networks.diffusion.unet import DenoisingUNet
from mgld_bench.restoring.loading import load_untrained, parse_options

FIXTURES = Path(__file__).parents[2] / "parity/fixtures"
STRUCTURE = "structcond_stage_model."


def shipped(method: str) -> dict[str, int]:
    """Of the card's networks at their full size; on the meta device they take no memory."""
    options = parse_options(load_method(method))
    assert isinstance(options, DiffusionOptions)
    sizes = options.networks
    with torch.device("meta"):
        return trained_parameters(DenoisingUNet(sizes.unet), StructureEncoder(sizes.structure), Autoencoder(sizes.decoder))


def counted(table: str, wanted: Callable[[str], bool]) -> int:
    """The parameters of an authors' checkpoint, a line for each: its name and its shape."""
    lines = (line.split("\t") for line in (FIXTURES / table).read_text().splitlines())
    return sum(prod(map(int, re.findall(r"\d+", shape))) for name, shape, *_ in lines if wanted(name))


@pytest.mark.parametrize(
    ("method", "diffusion", "decoder", "stages"),
    [
        ("mgld-vsr", "mgld_diffusion/parameters.tsv", "mgld_decoder/parameters.tsv", (121_902_083, 31_319_949)),
        ("stablesr", "stablesr/parameters.tsv", "stablesr/parameters-cfw-autoencoder.tsv", (105_514_240, 44_393_728)),
    ],
)
def test_trained_parameters_are_those_of_the_authors_checkpoints(
    method: str, diffusion: str, decoder: str, stages: tuple[int, int]
) -> None:
    one = counted(diffusion, lambda name: name.startswith(STRUCTURE) or ".spade." in name or "temporal" in name)
    two = counted(decoder, lambda name: "fusion_layer" in name or "temporal" in name)
    assert (one, two) == stages
    assert shipped(method) == {"stage 1": one, "stage 2": two}


def test_stablesrs_count_is_the_one_that_the_paper_prints_and_mglds_is_not() -> None:
    """Table 6: 149.91M, and 130.45M, which no sum of trained parts gives (docs/footguns.md)."""
    assert round(sum(shipped("stablesr").values()) / 1e6, 2) == 149.91
    assert round(sum(shipped("mgld-vsr").values()) / 1e6, 2) == 153.22


def test_a_restorer_counts_its_own_networks() -> None:
    restorer = load_untrained(load_method("mgld-vsr-tiny"), Compute())
    networks = restorer.networks()
    assert restorer.trained() == trained_parameters(networks["unet"], networks["structure"], networks["decoder"])

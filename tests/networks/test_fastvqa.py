"""FAST-VQA's network on its own; its outputs are compared in tests/parity."""

from __future__ import annotations

import ast
from pathlib import Path

import torch

from mgld_bench.networks.fastvqa import FastVQA, FastVQAConfig

PARAMETERS = Path(__file__).parents[1] / "parity/fixtures/fastvqa/parameters.tsv"


def test_names_and_shapes_are_the_official_ones() -> None:
    with torch.device("meta"):
        network = FastVQA(FastVQAConfig())
    rows = [line.split("\t") for line in PARAMETERS.read_text().splitlines()]
    held = {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}
    assert held == {name: ast.literal_eval(shape) for name, shape in rows}
    assert sum(parameter.numel() for parameter in network.parameters()) == 28_127_901

"""The full-size RRDBNet takes the official names and shapes of both layouts, each tensor to its place."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
import torch

from mgld_bench.methods.rrdbnet import build_rrdbnet
from mgld_bench.weights.rrdbnet import BSRGAN, REAL_ESRGAN, NamingScheme, parameter_shapes

FIXTURES = Path(__file__).parents[1] / "parity" / "fixtures" / "rrdbnet"


def official(file: str) -> dict[str, tuple[int, ...]]:
    rows = [line.split("\t") for line in (FIXTURES / file).read_text().splitlines()]
    return {name: ast.literal_eval(shape) for name, shape in rows}


@pytest.mark.parametrize(
    ("layout", "file"), [(REAL_ESRGAN, "parameters.tsv"), (BSRGAN, "parameters-bsrgan.tsv")], ids=["realesrgan", "bsrgan"]
)
def test_every_official_tensor_has_its_place(layout: NamingScheme, file: str) -> None:
    shapes = official(file)
    assert list(parameter_shapes(layout).items()) == list(shapes.items())
    assert sum(torch.Size(shape).numel() for shape in shapes.values()) == 16_697_987
    # Each tensor is filled with its own number, so that one in a wrong place shows. Expanded: no memory is used.
    state = {name: torch.tensor(float(number)).expand(shape) for number, (name, shape) in enumerate(shapes.items())}
    loaded = build_rrdbnet(state).state_dict()
    assert len(loaded) == 702
    numbers = {name: number for number, name in enumerate(shapes)}
    for name, place in zip(shapes, places(), strict=True):
        assert tuple(loaded[place].shape) == shapes[name]
        assert (loaded[place] == numbers[name]).all(), f"{name} is not at {place}"


def places() -> list[str]:
    """spandrel's name of each official tensor, in official order: written down from the network's drawing in the ESRGAN paper."""
    found = ["model.0"]
    for block in range(23):
        found += [f"model.1.sub.{block}.RDB{dense}.conv{conv}.0" for dense in (1, 2, 3) for conv in (1, 2, 3, 4, 5)]
    found += ["model.1.sub.23", "model.3", "model.6", "model.8", "model.10"]
    return [f"{module}.{kind}" for module in found for kind in ("weight", "bias")]

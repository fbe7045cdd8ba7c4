"""State dicts into a network: what does not fit is named."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from mgld_bench.errors import InputError
from mgld_bench.weights.loading import load_strictly

SOURCE = Path("net.ckpt")


def network() -> nn.Sequential:
    return nn.Sequential(*(nn.Linear(2, 3) for _ in range(4)))


def state() -> dict[str, Tensor]:
    return {name: torch.full_like(value, 0.25) for name, value in network().state_dict().items()}


def refused(entries: dict[str, Tensor]) -> str:
    with pytest.raises(InputError) as caught:
        load_strictly(network(), entries, SOURCE, "Net")
    return str(caught.value).removeprefix("net.ckpt: not a checkpoint of Net: ")


@pytest.mark.parametrize("assign", [False, True])
def test_what_fits_is_taken(assign: bool) -> None:
    with torch.device("meta" if assign else "cpu"):
        loaded = network()
    load_strictly(loaded, state(), SOURCE, "Net", assign=assign)
    assert all(torch.equal(value, torch.full(value.shape, 0.25)) for value in loaded.state_dict().values())


def test_every_kind_of_fault_is_told_at_once() -> None:
    entries = state() | {"extra": torch.zeros(1), "1.weight": torch.zeros(3, 3)}
    del entries["0.bias"]
    assert refused(entries) == "0.bias is missing; extra does not belong to it; 1.weight has shape (3, 3), not (3, 2)"


def test_many_names_are_counted() -> None:
    names = list(state())
    assert refused({}) == f"{', '.join(names[:5])} and 3 more are missing"
    few = {name: value for name, value in state().items() if name not in names[:2]}
    assert refused(few) == "0.weight, 0.bias are missing"
    surplus = {f"old.{index}": torch.zeros(1) for index in range(7)}
    assert refused(state() | surplus) == "old.0, old.1, old.2, old.3, old.4 and 2 more do not belong to it"
    odd = refused({name: torch.zeros(5) for name in names})
    assert odd.startswith("0.weight has shape (5,), not (3, 2); 0.bias has shape (5,), not (3,); ")
    assert odd.endswith("2.weight has shape (5,), not (3, 2); 3 more do not fit")


def test_numbers_that_stand_for_others_are_refused() -> None:
    """Quantised weights: taken for what they are, they would run and give noise."""
    quantised = state() | {"2.bias": torch.zeros(3, dtype=torch.int8)}
    assert refused(quantised) == "2.bias has type torch.int8, not a floating-point type"

"""Training checkpoints with objects of packages that are not here, as Lightning writes them."""

from __future__ import annotations

import enum
import pathlib
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from mgld_bench.weights.reading import read_checkpoint

WRITER = """
import collections, enum, pathlib, sys, types
import torch

def module(name, **content):
    found = types.ModuleType(name)
    for key, value in content.items():
        if isinstance(value, type):
            value.__module__ = name
        setattr(found, key, value)
    sys.modules[name] = found

class ModelCheckpoint:
    def __init__(self):
        self.best = torch.tensor(0.5)
        self.folder = pathlib.Path("/data")

class Mode(enum.Enum):
    MIN = "min"

class Slotted:
    __slots__ = ("a", "b")

class DictConfig(dict):
    pass

class ListConfig(list):
    pass

class AttributeDict(dict):
    def __setstate__(self, state):
        self.update(state)

for name in ("lightning", "lightning.callbacks"):
    module(name)
module("lightning.callbacks.model_checkpoint", ModelCheckpoint=ModelCheckpoint, Mode=Mode, Slotted=Slotted)
module("omega", DictConfig=DictConfig, ListConfig=ListConfig, AttributeDict=AttributeDict)

slotted = Slotted()
slotted.a, slotted.b = ListConfig([1, 2]), {3, 4}
net = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.BatchNorm2d(4))
torch.manual_seed(0)
content = {
    "state_dict": net.state_dict(),
    "global_step": 42000,
    "callbacks": {ModelCheckpoint: {"monitor": Mode.MIN, "object": ModelCheckpoint()}},
    "hyper_parameters": AttributeDict(lr=1e-4, config=DictConfig(model=ListConfig(["unet"]), slotted=slotted)),
    "optimizer_states": [torch.optim.Adam(net.parameters()).state_dict()],
    "counts": collections.Counter("abc"),
    "default": collections.defaultdict(list, a=[1]),
    "bytes": bytearray(b"abc"),
    "nothing": frozenset([1]),
    "dtype": torch.float16,
    "sparse": torch.eye(3).to_sparse(),
}
folder = pathlib.Path(sys.argv[1])
for name in sys.argv[2:]:
    form, protocol = name.split("-")
    torch.save(content, folder / name, _use_new_zipfile_serialization=form == "zip", pickle_protocol=int(protocol))
torch.save(dict(net.state_dict()), folder / "plain.pth")
"""
FORMS = ("zip-2", "zip-4", "older-2", "older-5")
"""Of files, and pickle's protocol."""


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a training checkpoint in each form, and its tensors alone."""
    folder = tmp_path_factory.mktemp("trained")
    subprocess.run([sys.executable, "-c", WRITER, folder, *FORMS], check=True)
    return folder


@pytest.mark.parametrize("form", FORMS)
def test_a_training_checkpoint_of_packages_that_are_not_here(trained: Path, form: str) -> None:
    path, plain = trained / form, trained / "plain.pth"
    with pytest.raises(ModuleNotFoundError):
        torch.load(path, weights_only=False)
    checkpoint = read_checkpoint(path)
    expected = torch.load(plain, weights_only=True)
    assert list(checkpoint.tensors) == list(expected)
    for name, tensor in expected.items():
        assert checkpoint.tensors[name].dtype == tensor.dtype
        assert torch.equal(checkpoint.tensors[name], tensor)
    assert {"lightning.callbacks.model_checkpoint.ModelCheckpoint", "omega.DictConfig"} <= set(checkpoint.foreign)
    assert "lightning" not in sys.modules


class Kind(enum.Enum):
    ONE = 1


def test_tensors_of_every_common_kind_come_through_the_second_reading(tmp_path: Path) -> None:
    base = torch.arange(24.0)
    state = {
        "transposed": base.reshape(4, 6).t(),
        "shared": base[6:12],
        "expanded": torch.ones(1).expand(5),
        "scalar": torch.tensor(7),
        "empty": torch.empty(0, 3),
        "parameter": torch.nn.Parameter(torch.full((2,), 3.0)),
        **{
            str(dtype): torch.ones(3, dtype=dtype)
            for dtype in (torch.float64, torch.float16, torch.bfloat16, torch.int64, torch.int32, torch.int16, torch.int8)
        },
        "uint8": torch.arange(5, dtype=torch.uint8),
        "bool": torch.tensor([True, False]),
    }
    for zipped in (True, False):
        path = tmp_path / f"{zipped}.ckpt"
        torch.save({"state_dict": state, "kind": Kind.ONE, "where": pathlib.Path()}, path, _use_new_zipfile_serialization=zipped)
        checkpoint = read_checkpoint(path)
        assert checkpoint.foreign
        assert list(checkpoint.tensors) == list(state)
        for name, tensor in state.items():
            assert checkpoint.tensors[name].dtype == tensor.dtype
            assert checkpoint.tensors[name].stride() == tensor.stride()
            assert torch.equal(checkpoint.tensors[name], tensor), name

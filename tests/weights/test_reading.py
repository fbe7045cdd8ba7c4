"""Checkpoints are read without running what they contain."""

from __future__ import annotations

import os
import pickle
import zipfile
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from mgld_bench.errors import InputError
from mgld_bench.weights.reading import read_state_dict

STATE = {"conv.weight": torch.arange(12.0).reshape(3, 4), "conv.bias": torch.tensor([1.0, 2.0, 3.0])}
OTHER = {"conv.weight": torch.zeros(3, 4), "conv.bias": torch.zeros(3)}


def same(found: dict[str, torch.Tensor]) -> bool:
    return found.keys() == STATE.keys() and all(torch.equal(found[name], STATE[name]) for name in STATE)


@pytest.mark.parametrize(
    "content",
    [
        STATE,
        {"params": STATE},
        {"params": OTHER, "params_ema": STATE},
        {"state_dict": STATE, "epoch": 3, "lr": 1e-4},
    ],
    ids=["bare", "params", "params_ema-wins", "state_dict"],
)
@pytest.mark.parametrize("zipped", [True, False])
def test_wrappers_are_stripped(tmp_path: Path, content: object, zipped: bool) -> None:
    path = tmp_path / "checkpoint.pth"
    torch.save(content, path, _use_new_zipfile_serialization=zipped)
    assert same(read_state_dict(path))


def test_safetensors(tmp_path: Path) -> None:
    save_file(STATE, tmp_path / "checkpoint.safetensors")
    assert same(read_state_dict(tmp_path / "checkpoint.safetensors"))
    (tmp_path / "broken.safetensors").write_bytes(b"not at all")
    with pytest.raises(InputError, match=r"broken\.safetensors: cannot be read as safetensors"):
        read_state_dict(tmp_path / "broken.safetensors")


class Hostile:
    """Its pickle makes the file ``victim`` when it is loaded in the ordinary way."""

    def __init__(self, victim: Path) -> None:
        self.victim = victim

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (str(self.victim),)


@pytest.mark.parametrize("zipped", [True, False])
def test_a_hostile_checkpoint_is_refused_and_does_nothing(tmp_path: Path, zipped: bool) -> None:
    victim = tmp_path / "was-here"
    path = tmp_path / "hostile.pth"
    torch.save({"params": STATE, "extra": Hostile(victim)}, path, _use_new_zipfile_serialization=zipped)
    with pytest.raises(InputError, match=r"hostile\.pth: refused"):
        read_state_dict(path)
    assert not victim.exists()
    # The same file does harm where it is trusted: so the test can fail.
    torch.load(path, weights_only=False)
    assert victim.exists()


def test_a_bare_hostile_pickle_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "hostile.ckpt"
    path.write_bytes(pickle.dumps(Hostile(tmp_path / "was-here")))
    with pytest.raises(InputError, match=r"hostile\.ckpt: "):
        read_state_dict(path)
    assert not (tmp_path / "was-here").exists()


def test_what_is_no_checkpoint_is_a_one_line_error(tmp_path: Path) -> None:
    whole = tmp_path / "whole.pth"
    torch.save(STATE, whole)
    archive = tmp_path / "archive.pth"
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("readme.txt", "nothing here")
    broken = {
        "empty": b"",
        "text": b"<html>404 not found</html>",
        "cut": whole.read_bytes()[: whole.stat().st_size // 2],
        "noise": bytes(range(256)) * 20,
        "archive": archive.read_bytes(),
    }
    for name, content in broken.items():
        path = tmp_path / f"{name}.pth"
        path.write_bytes(content)
        with pytest.raises(InputError) as caught:
            read_state_dict(path)
        assert str(path) in str(caught.value)
        assert "\n" not in str(caught.value)
    with pytest.raises(InputError, match="no such file"):
        read_state_dict(tmp_path / "missing.pth")


@pytest.mark.parametrize("content", [[1, 2], {}, {"params": {"a": 3}}, {"a": "b"}, torch.zeros(3)])
def test_a_file_without_a_state_dict_is_an_error(tmp_path: Path, content: object) -> None:
    path = tmp_path / "odd.pth"
    torch.save(content, path)
    with pytest.raises(InputError, match=r"odd\.pth: .*state dict"):
        read_state_dict(path)

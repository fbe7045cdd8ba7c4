"""Checkpoints are read without running what they contain."""

from __future__ import annotations

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
        {"model": STATE, "optimizer": {"state": {0: torch.ones(3)}}, "step": 10},
        {"model": {"name": "net", "layers": 3}, "state_dict": STATE},
    ],
    ids=["bare", "params", "params_ema-wins", "state_dict", "model", "model-that-is-none"],
)
@pytest.mark.parametrize("zipped", [True, False])
def test_wrappers_are_stripped(tmp_path: Path, content: object, zipped: bool) -> None:
    path = tmp_path / "checkpoint.pth"
    torch.save(content, path, _use_new_zipfile_serialization=zipped)
    assert same(read_state_dict(path))


def test_safetensors(tmp_path: Path) -> None:
    save_file(STATE, tmp_path / "checkpoint.safetensors")
    assert same(read_state_dict(tmp_path / "checkpoint.safetensors"))
    whole = (tmp_path / "checkpoint.safetensors").read_bytes()
    for broken in (b"not at all", b"", whole[:-1], whole[:20], b"\xff" * 8 + whole[8:]):
        (tmp_path / "broken.safetensors").write_bytes(broken)
        with pytest.raises(InputError, match=r"broken\.safetensors: (cannot be read as safetensors|is )"):
            read_state_dict(tmp_path / "broken.safetensors")
    with pytest.raises(InputError, match="no such file"):
        read_state_dict(tmp_path / "missing.safetensors")
    save_file({}, tmp_path / "empty.safetensors")
    with pytest.raises(InputError, match="contains no state dict"):
        read_state_dict(tmp_path / "empty.safetensors")


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


@pytest.mark.parametrize("content", [[1, 2], {}, {"params": {"a": 3}}, {"model": {"a": 3}}, {"a": "b"}, torch.zeros(3)])
def test_a_file_without_a_state_dict_is_an_error(tmp_path: Path, content: object) -> None:
    path = tmp_path / "odd.pth"
    torch.save(content, path)
    with pytest.raises(InputError, match=r"odd\.pth: .*state dict"):
        read_state_dict(path)


def test_parameters_come_without_gradient(tmp_path: Path) -> None:
    torch.save({"w": torch.nn.Parameter(torch.ones(2))}, tmp_path / "trained.pth")
    (tensor,) = read_state_dict(tmp_path / "trained.pth").values()
    assert not tensor.requires_grad
    assert tensor.tolist() == [1.0, 1.0]


def test_changing_a_tensor_does_not_change_the_file(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.pth"
    torch.save(STATE, path)
    read_state_dict(path)["conv.weight"].zero_()
    assert same(read_state_dict(path))


@pytest.mark.filterwarnings("ignore:`torch.jit.script` is deprecated:FutureWarning", "ignore::DeprecationWarning:torch.jit")
def test_programs_and_compressed_archives_are_refused(tmp_path: Path) -> None:
    scripted = tmp_path / "scripted.pt"
    torch.jit.script(torch.nn.Linear(2, 2)).save(str(scripted))
    with pytest.raises(InputError, match="TorchScript"):
        read_state_dict(scripted)
    torch.save(STATE, tmp_path / "plain.pth")
    with (
        zipfile.ZipFile(tmp_path / "plain.pth") as plain,
        zipfile.ZipFile(tmp_path / "small.pth", "w", zipfile.ZIP_DEFLATED) as compressed,
    ):
        for entry in plain.infolist():
            compressed.writestr(entry.filename, plain.read(entry))
    with pytest.raises(InputError, match=r"small\.pth: refused, because it is compressed"):
        read_state_dict(tmp_path / "small.pth")

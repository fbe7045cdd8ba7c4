"""The command line in each kind of environment; conda and docker are stand-ins that only have the right names."""

from __future__ import annotations

from pathlib import Path

import pytest

from mgld_bench.errors import InputError
from mgld_bench.methods.programs.command import Command, command
from mgld_bench.methods.programs.options import ProgramOptions


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "tools"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return folder


def executable(place: Path) -> Path:
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text("#!/bin/sh\n")
    place.chmod(0o755)
    return place


def made(tmp_path: Path, device: str = "cpu", **stated: object) -> Command:
    options = ProgramOptions.model_validate(
        {"command": ["python", "up.py", "{lr}", "--weights={network}"], "files": ["up.py"], "folder": str(tmp_path), **stated}
    )
    stage = tmp_path / "stage"
    values = {"lr": str(stage / "lr" / "clip"), "out": str(stage / "out")}
    return command(options, stage, values, {"network": Path("/data/net.pth")}, device, "token")


def test_arguments_stay_whole_and_no_shell_reads_them(tools: Path, tmp_path: Path) -> None:
    python = executable(tools / "python")
    stated = made(tmp_path, command=["python", "{lr} ; rm -rf $HOME"])
    assert stated.arguments == (str(python), f"{tmp_path}/stage/lr/clip ; rm -rf $HOME")


def test_conda_by_name_and_by_folder(tools: Path, tmp_path: Path) -> None:
    conda = executable(tools / "conda")
    arguments = made(tmp_path, environment={"conda": "star"}).arguments
    assert arguments[:5] == (str(conda), "run", "--no-capture-output", "-n", "star")
    assert arguments[5:] == ("python", "up.py", f"{tmp_path}/stage/lr/clip", "--weights=/data/net.pth")
    assert "-p" in made(tmp_path, environment={"conda": "/opt/star"}).arguments


def test_a_virtual_environment_s_python_is_found_first(tools: Path, tmp_path: Path) -> None:
    executable(tools / "python")
    own = executable(tmp_path / ".venv" / "bin" / "python")
    stated = made(tmp_path, environment={"venv": ".venv"})
    assert stated.arguments[0] == str(own)
    assert stated.variables["VIRTUAL_ENV"] == str(tmp_path / ".venv")


def test_a_container_sees_the_clip_the_program_and_the_weights(tools: Path, tmp_path: Path) -> None:
    docker = executable(tools / "docker")
    stated = made(tmp_path, "cuda:1", environment={"docker": "star@sha256:0", "variables": {"SEED": "1"}})
    image = stated.arguments.index("star@sha256:0")
    assert stated.arguments[image + 1 :] == ("python", "up.py", "/clip/lr/clip", "--weights=/weights/network/net.pth")
    assert {f"{tmp_path}/stage:/clip", "/data:/weights/network:ro", "SEED=1", "device=1"} <= set(stated.arguments[:image])
    assert stated.afterwards == (str(docker), "kill", "token")


def test_only_the_gpu_that_was_asked_for_is_seen(tools: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    executable(tools / "python")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "4,5")
    assert made(tmp_path, "cuda:1").variables["CUDA_VISIBLE_DEVICES"] == "5"
    assert made(tmp_path, "cpu").variables["CUDA_VISIBLE_DEVICES"] == ""


def test_what_is_missing_is_named(tools: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="python: no such program"):
        made(tmp_path)
    with pytest.raises(InputError, match="neither conda nor mamba nor micromamba"):
        made(tmp_path, environment={"conda": "star"})
    with pytest.raises(InputError, match="is no virtual environment"):
        made(tmp_path, environment={"venv": "away"})
    executable(tools / "python")
    with pytest.raises(InputError, match=r"\{checkpoint\} stands for nothing; known: lr, network, out"):
        made(tmp_path, command=["python", "{checkpoint}"])

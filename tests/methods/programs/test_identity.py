"""Which program it was: commit, local changes and files are part of a unit's key, and the place where it lies is not."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from mgld_bench.errors import InputError
from mgld_bench.methods.program import Program
from mgld_bench.methods.programs.identity import identity
from mgld_bench.methods.programs.options import ProgramOptions


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MGLD_BENCH_HOME", str(tmp_path / "home"))


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    folder = tmp_path / "checkout"
    folder.mkdir()
    (folder / "model.py").write_text("layers = 3\n")
    for command in (["init", "-q"], ["add", "."], ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "first"]):
        subprocess.run(["git", "-C", str(folder), *command], check=True)
    return folder


def commit_of(checkout: Path) -> str:
    return subprocess.run(
        ["git", "-C", str(checkout), "rev-parse", "HEAD"], check=True, capture_output=True, text=True
    ).stdout.strip()


def test_a_local_change_makes_it_a_different_program(checkout: Path) -> None:
    before = identity(checkout, commit_of(checkout)[:8], ())
    assert before.in_words == f"commit {commit_of(checkout)[:12]}"
    (checkout / "model.py").write_text("layers = 4\n")
    after = identity(checkout, commit_of(checkout)[:8], ())
    assert before != after
    assert "with local changes" in after.in_words


def test_a_checkout_at_another_commit_is_refused(checkout: Path) -> None:
    with pytest.raises(InputError, match=r"is at commit .* its card states 0123456"):
        identity(checkout, "0123456", ())


def test_no_checkout_no_folder_and_no_file_are_one_line_each(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="git cannot read it as a checkout"):
        identity(tmp_path, "0123456", ())
    with pytest.raises(InputError, match="the program's folder is not there"):
        identity(tmp_path / "away", "0123456", ())
    with pytest.raises(InputError, match=r"away\.py: cannot be read"):
        identity(tmp_path, "", ("away.py",))


def test_the_key_follows_the_files_and_not_their_place(tmp_path: Path) -> None:
    def digest(folder: Path) -> str:
        options = ProgramOptions.model_validate({"command": ("python", "up.py"), "folder": str(folder), "files": ("up.py",)})
        assert "folder" not in options.model_dump()
        return Program.depends_on(options, "", "clip")

    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir()
    (here / "up.py").write_text("scale = 4\n")
    shutil.copytree(here, there)
    assert digest(here) == digest(there)
    (there / "up.py").write_text("scale = 2\n")
    elsewhere = shutil.copytree(there, tmp_path / "elsewhere")
    assert digest(here) != digest(Path(elsewhere))


@pytest.mark.parametrize(
    ("stated", "message"),
    [
        ({"command": ["x"]}, "state commit, files or both"),
        ({"command": ["x"], "commit": "0123456"}, "commit needs folder"),
        ({"command": ["x"], "files": ["x"], "environment": {"conda": "a", "docker": "b"}}, "not both"),
        ({"command": ["x"], "files": ["x"], "result": "{output}"}, r"\{output\} stands for nothing"),
        ({"command": ["x"], "files": ["x"], "margins": {"cut": [8, 0, 0, 0]}}, "border has to be at least 2"),
    ],
)
def test_a_card_that_leaves_something_open_is_refused(stated: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ProgramOptions.model_validate(stated)

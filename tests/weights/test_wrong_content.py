"""Files that are something different from what their name says."""

from __future__ import annotations

import json
import random
import struct
from pathlib import Path

import pytest
import torch
from safetensors.torch import save

from mgld_bench.cards.schemas import WeightFile
from mgld_bench.errors import InputError
from mgld_bench.weights.locate import add, locate, record_of, record_sha256, status, weight_sha256
from mgld_bench.weights.wrong_content import damaged_inside, wrong_content
from tests.helpers.checkpoints import checkpoint

POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"7" * 64 + b"\nsize 5214662157\n"
DRIVE = b"<!DOCTYPE html><html><head><title>Google Drive - Virus scan warning</title></head><body>x</body></html>"
TENSORS = save({"weight": torch.arange(500.0)})

WRONG = {
    "LFS": (POINTER, "a Git LFS pointer, not the file of 5214662157 bytes"),
    "annex": (b"/annex/objects/MD5E-s12--d41d8cd98f00b204e9800998ecf8427e.pth\n", "a git-annex pointer"),
    "drive": (DRIVE, "an HTML page (Google Drive's virus-scan warning"),
    "login": (b"\xef\xbb\xbf \n<!-- x -->\n<HTML><body>Sign in</body></HTML>", "an HTML page (a login or a prompt?)"),
    "xml": (b'<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>', "an XML document"),
    "empty": (b"", "an empty file"),
}
NO_CHECKPOINT = {
    "json": (b'{"error":"Repository not found"}', 'a text file that begins "{"error":"Repository not found"}"'),
    "plain": (b"Entry not found", 'a text file that begins "Entry not found"'),
    "random": (random.Random(1).randbytes(3000), "not a checkpoint"),
    "zeros": (bytes(3000), "not a checkpoint"),
    "gzip": (b"\x1f\x8b\x08" + bytes(100), "a gzip archive"),
    "truncated": (checkpoint(elements=2000)[:5000], "truncated"),
    "only its beginning": (checkpoint(elements=2000)[:30], "truncated"),
    "older, truncated": (checkpoint(elements=2000, older=True)[:5000], "truncated"),
}


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MGLD_BENCH_HOME", str(tmp_path / "home"))
    weights = tmp_path / "home" / "weights"
    weights.mkdir(parents=True)
    return weights


def cases(suffix: str) -> list[tuple[str, bytes, str]]:
    every = WRONG | (NO_CHECKPOINT if suffix in (".pth", ".pt", ".ckpt") else {})
    return [(f"net{suffix}", content, what) for content, what in every.values()]


@pytest.mark.parametrize(("name", "content", "what"), [*cases(".pth"), *cases(".ckpt"), *cases(".bin"), *cases(".safetensors")])
def test_what_is_no_weight_file_is_named_and_never_recorded(
    home: Path, tmp_path: Path, name: str, content: bytes, what: str
) -> None:
    weight = WeightFile(file=name)
    (home / name).write_bytes(content)
    for look in (lambda: locate(weight), lambda: weight_sha256(weight), lambda: add(home / name, weight)):
        with pytest.raises(InputError) as caught:
            look()
        assert what in str(caught.value)
        assert "\n" not in str(caught.value)
    state = status(weight)
    assert (state.present, state.verified) == (True, False)
    assert what in state.reason
    assert [path.name for path in home.iterdir() if not path.name.startswith(".")] == [name]


@pytest.mark.parametrize("older", [False, True])
def test_a_whole_checkpoint_is_none_of_these(home: Path, older: bool) -> None:
    weight = WeightFile(file="net.pth")
    (home / "net.pth").write_bytes(checkpoint(older=older))
    assert locate(weight) == home / "net.pth"
    assert record_of(home / "net.pth").exists()


def test_tensors_and_files_of_other_kinds_are_left_alone(tmp_path: Path) -> None:
    for name, content in (
        ("net.safetensors", TENSORS),
        ("net.param", b"7767517\n75 83\nInput data 0 1 data\n"),
        ("net.bin", bytes(100)),
        ("net.pkl", b"anything"),
    ):
        (tmp_path / name).write_bytes(content)
        assert wrong_content(tmp_path / name) is None
        assert damaged_inside(tmp_path / name) is None


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (TENSORS[:-1], r"truncated .safetensors file: \d+ of \d+ bytes"),
        (TENSORS[:12], "truncated"),
        (struct.pack("<Q", 10) + b"{not json}" + bytes(9), "damaged"),
        (struct.pack("<Q", 9) + json.dumps({"a": 1}).encode().ljust(9) + bytes(9), "damaged"),
        (random.Random(2).randbytes(500), "not a .safetensors file"),
        (b"Entry not found", "text file"),
    ],
)
def test_damaged_safetensors(tmp_path: Path, content: bytes, what: str) -> None:
    import re

    (tmp_path / "net.safetensors").write_bytes(content)
    assert re.search(what, wrong_content(tmp_path / "net.safetensors") or "")


def test_a_pinned_file_that_is_a_pointer_is_called_one(home: Path) -> None:
    (home / "net.pth").write_bytes(POINTER)
    with pytest.raises(InputError, match=r"net\.pth: is a Git LFS pointer.*its card pins"):
        locate(WeightFile(file="net.pth", sha256="0" * 64))


def test_a_pinned_file_that_is_something_different_is_named_before_its_digest(home: Path) -> None:
    (home / "net.pth").write_bytes(b"\x13\xe7" * 1500)
    by_digest = WeightFile(file="net.pth", sha256="0" * 64)
    with pytest.raises(InputError, match=r"net\.pth: is not a checkpoint: it begins with 13 e7 .* \(3000 bytes; sha256 is "):
        locate(by_digest)
    with pytest.raises(InputError, match=r"is not a checkpoint: .* \(3000 bytes; has 3000 bytes, but its card gives 5\)"):
        locate(WeightFile(file="net.pth", size=5))
    (home / "net.pth").write_bytes(checkpoint())
    with pytest.raises(InputError, match=r"net\.pth: sha256 is .*a different or damaged file"):
        locate(by_digest)


def test_what_an_earlier_version_recorded_of_a_pointer_does_not_keep_the_file_out(home: Path) -> None:
    from mgld_bench.clips.digest import file_sha256

    weight = WeightFile(file="net.pth")
    (home / "net.pth").write_bytes(POINTER)
    record_sha256(home / "net.pth", file_sha256(home / "net.pth"))
    assert not status(weight).verified
    (home / "net.pth").write_bytes(checkpoint())
    assert locate(weight) == home / "net.pth"


def test_the_record_of_the_right_file_outlives_a_wrong_one(home: Path) -> None:
    weight = WeightFile(file="net.pth")
    (home / "net.pth").write_bytes(checkpoint(1))
    locate(weight)
    (home / "net.pth").write_bytes(POINTER)
    assert not status(weight).verified
    (home / "net.pth").write_bytes(checkpoint(2))
    with pytest.raises(InputError, match="delete it to accept this file"):
        locate(weight)

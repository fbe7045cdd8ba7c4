"""Small files that would take gigabytes or years are refused before anything is built; the largest honest ones are read."""

from __future__ import annotations

import io
import json
import pickle
import struct
import time
import zipfile
from pathlib import Path

import pytest
import torch

from mgld_bench.cards.schemas import WeightFile
from mgld_bench.errors import InputError
from mgld_bench.weights import limits
from mgld_bench.weights.limits import check_pickle, check_zip
from mgld_bench.weights.locate import status
from mgld_bench.weights.reading import read_state_dict

HEAD = b"".join(pickle.dumps(part, 2) for part in (0x1950A86A20F9469CFC6C, 1001, "facts"))
BOMBS = {
    "remembered far away": b"\x80\x02Nr\xff\xff\xff\x1f.",
    "remembered far away, as text": b"\x80\x02Np999999999\n.",
    "a key with 2^60 parts": b"\x80\x02}N" + b"2\x86" * 60 + b"Ns.",
    "a key that was remembered": b"\x80\x02}N" + b"q\x01h\x01\x86" * 60 + b"Ns.",
    "a key nested 200,000 times": b"\x80\x02}N" + b"\x85" * 200_000 + b"Ns.",
    "a set of nested keys": b"\x80\x04\x8f(N" + b"2\x86" * 60 + b"\x90.",
    "a string of 2^60 bytes": b"\x80\x04\x8d" + struct.pack("<Q", 1 << 60) + b"x.",
    "bytes of 2^33 bytes": b"\x80\x05\x96" + struct.pack("<Q", 1 << 33) + b"x.",
    "an empty stack": b"\x80\x0200s.",
    "without an end": b"\x80\x02]",
}


def saved(path: Path, content: bytes) -> Path:
    with zipfile.ZipFile(path, "w") as file:
        for name, data in {"x/data.pkl": content, "x/data/0": bytes(16), "x/version": b"3\n"}.items():
            file.writestr(name, data)
    return path


@pytest.mark.parametrize("name", BOMBS)
def test_a_pickle_that_would_take_too_much_is_refused_at_once(tmp_path: Path, name: str) -> None:
    started = time.monotonic()
    for older in (False, True):
        path = tmp_path / f"{older}.pth"
        if older:
            path.write_bytes(HEAD + BOMBS[name])
        else:
            saved(path, BOMBS[name])
        with pytest.raises(InputError, match=r"\.pth: refused") as caught:
            read_state_dict(path)
        assert "\n" not in str(caught.value)
    (tmp_path / "bare.pth").write_bytes(BOMBS[name])
    with pytest.raises(InputError, match=r"bare\.pth: refused"):
        read_state_dict(tmp_path / "bare.pth")
    assert time.monotonic() - started < 5


def test_a_listing_looks_into_an_older_file_without_building_its_objects(tmp_path: Path) -> None:
    file = tmp_path / "net.pth"
    file.write_bytes(HEAD + BOMBS["a key with 2^60 parts"])
    assert "nests tuples beyond all measure" in status(WeightFile(file=str(file))).reason


def test_what_honest_files_hold_passes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    network = {f"layer.{index}.weight": torch.ones(2, 3) for index in range(500)}
    training = {
        "state_dict": network,
        "callbacks": [("a", ("b", (1, 2.0))), {"best": (3,)}],
        "sizes": {(1, 2): frozenset({(4, 5)})},
    }
    for zipped in (True, False):
        path = tmp_path / "net.ckpt"
        torch.save(training, path, _use_new_zipfile_serialization=zipped)
        assert read_state_dict(path).keys() == network.keys()
    counted = io.BytesIO(pickle.dumps({"a": [(index, (index,)) for index in range(10_000)]}, 4))
    check_pickle(counted, len(counted.getvalue()))
    monkeypatch.setattr(limits, "PICKLE_STEPS", 1000)
    counted.seek(0)
    with pytest.raises(pickle.UnpicklingError, match="more than 1000 steps"):
        check_pickle(counted, len(counted.getvalue()))


def test_elements_that_are_not_in_the_file_are_not_made(tmp_path: Path) -> None:
    path = tmp_path / "net.pth"
    torch.save({"w": torch.ones(1).expand(1 << 20, 1 << 12)}, path)
    with pytest.raises(InputError, match="w claims more elements than the file stores"):
        read_state_dict(path)
    torch.save({"w": torch.ones(3).expand(4, 3)}, path)
    assert read_state_dict(path)["w"].shape == (4, 3)
    with torch.sparse.check_sparse_tensor_invariants(True):
        torch.save({"w": torch.sparse_coo_tensor(torch.zeros(1, 0, dtype=torch.int64), torch.zeros(0), (1 << 50,))}, path)
    with pytest.raises(InputError, match=r"w is not a plain tensor|refused"):
        read_state_dict(path)


@pytest.mark.parametrize("wide", [False, True], ids=["zip", "zip64"])
def test_a_zip_with_an_endless_list_of_contents_is_refused(tmp_path: Path, wide: bool) -> None:
    path = saved(tmp_path / "net.pth", b"\x80\x02N.")
    check_zip(path)
    data, length = path.read_bytes(), limits.ZIP_CONTENTS + 1
    place = data.rindex(b"PK\x05\x06")
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 3, 3, 0xFFFFFFFF if wide else length, 0, 0)
    if wide:
        large = struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, 3, 3, length, 0)
        end = large + struct.pack("<4sLQL", b"PK\x06\x07", 0, place, 1) + end
    path.write_bytes(data[:place] + end)
    with pytest.raises(InputError, match="its list of contents is longer than"):
        read_state_dict(path)
    assert "its list of contents is longer than" in status(WeightFile(file=str(path))).reason


def test_two_entries_of_one_name_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "net.pth"
    with pytest.warns(UserWarning, match="Duplicate name"), zipfile.ZipFile(path, "w") as file:
        for _ in range(2):
            file.writestr("x/data.pkl", b"\x80\x02N.")
    with pytest.raises(InputError, match="two of its entries have one name"):
        read_state_dict(path)


@pytest.mark.parametrize(
    "header",
    [
        b"[" * 100_000,
        b'{"a":' * 100_000,
        json.dumps({"w": {"dtype": "F32", "shape": [1 << 40], "data_offsets": [0, 1 << 42]}}).encode(),
        b'{"w": {"dtype": "F32", "shape": [1], "data_offsets": [0, 1' + b"0" * 5000 + b"]}}",
        json.dumps({"w": {"dtype": "F32", "shape": [4], "data_offsets": [0, float("inf")]}}).encode(),
        json.dumps({"w": 5}).encode(),
    ],
    ids=["lists", "mappings", "shape", "digits", "infinite", "number"],
)
def test_the_header_of_a_safetensors_file_is_bounded(tmp_path: Path, header: bytes) -> None:
    path = tmp_path / "net.safetensors"
    path.write_bytes(struct.pack("<Q", len(header)) + header + bytes(16))
    with pytest.raises(InputError, match=r"net\.safetensors: (is|cannot be read)") as caught:
        read_state_dict(path)
    assert "\n" not in str(caught.value)


def test_a_safetensors_header_of_a_gigabyte_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "net.safetensors"
    with path.open("wb") as file:
        file.write(struct.pack("<Q", 1 << 30) + b"{")
        file.truncate((1 << 30) + 100)
    with pytest.raises(InputError, match="its header is longer than 16 MB"):
        read_state_dict(path)

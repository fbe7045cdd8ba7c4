"""Nothing in a checkpoint runs: attacks inside plausible checkpoints, each of which works where the file is trusted."""

from __future__ import annotations

import builtins
import functools
import importlib
import io
import operator
import os
import pathlib
import pickle
import shutil
import socket
import subprocess
import tarfile
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mgld_bench.errors import InputError
from mgld_bench.weights.reading import read_checkpoint, read_state_dict

STATE = {"conv.weight": torch.arange(12.0).reshape(3, 4), "conv.bias": torch.tensor([1.0, 2.0, 3.0])}


class Call:
    """Its pickle calls a function when it is loaded in the ordinary way."""

    def __init__(self, *call: object) -> None:
        self.call = call

    def __reduce__(self) -> tuple[object, ...]:
        return self.call[0], self.call[1:]

    def __call__(self) -> None:
        """A call may be the function of another call."""


class CallOnState(Call):
    """Hides the call in the state setter, the sixth part of a reduction."""

    def __reduce__(self) -> tuple[object, ...]:
        return str, (self.call[1],), 0o700, None, None, self.call[0]


def touch(victim: Path) -> str:
    return f"open({str(victim)!r}, 'w').close()"


ATTACKS: dict[str, Callable[[Path], object]] = {
    "os.system": lambda victim: Call(os.system, f"touch {victim}"),
    "os.mkdir": lambda victim: Call(os.mkdir, str(victim)),
    "open": lambda victim: Call(builtins.open, str(victim), "w"),
    "exec": lambda victim: Call(builtins.exec, touch(victim)),
    "eval": lambda victim: Call(builtins.eval, touch(victim)),
    "state-setter": lambda victim: CallOnState(os.mkdir, str(victim)),
    "pathlib": lambda victim: Call(getattr(pathlib.Path, "touch"), victim),  # noqa: B009 - pickled as this call
    "getattr": lambda victim: Call(Call(getattr, Call(importlib.import_module, "os"), "mkdir"), str(victim)),
    "partial": lambda victim: Call(functools.partial(os.mkdir, str(victim))),
    "methodcaller": lambda victim: Call(operator.methodcaller("touch"), victim),
    "subprocess": lambda victim: Call(subprocess.check_call, ["touch", str(victim)]),
    "copy": lambda victim: Call(shutil.copyfile, __file__, str(victim)),
    "torch-loader": lambda victim: Call(torch.storage._load_from_bytes, trusted({"x": Call(os.mkdir, str(victim))})),
    "map": lambda victim: Call(list, Call(map, os.mkdir, [str(victim)])),
}


def trusted(content: object) -> bytes:
    buffer = io.BytesIO()
    torch.save(content, buffer)
    return buffer.getvalue()


def load_trusting(path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.load(path, weights_only=False)


def same(found: dict[str, torch.Tensor]) -> bool:
    return found.keys() == STATE.keys() and all(torch.equal(found[name], STATE[name]) for name in STATE)


@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "older"])
@pytest.mark.parametrize("attack", ATTACKS)
def test_the_weights_are_read_and_the_attack_is_inert(tmp_path: Path, attack: str, zipped: bool) -> None:
    victim = tmp_path / "was-here"
    path = tmp_path / "hostile.ckpt"
    content = {"state_dict": STATE, "epoch": 3, "extra": {"deep": [ATTACKS[attack](victim)]}}
    torch.save(content, path, _use_new_zipfile_serialization=zipped)
    checkpoint = read_checkpoint(path)
    assert not victim.exists()
    assert same(checkpoint.tensors)
    assert checkpoint.foreign
    # The same file does harm where it is trusted: so the test can fail.
    load_trusting(path)
    assert victim.exists()


@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "older"])
@pytest.mark.parametrize("protocol", [2, 4, 5])
def test_an_attack_inside_the_state_dict_is_an_error_that_names_it(tmp_path: Path, zipped: bool, protocol: int) -> None:
    victim = tmp_path / "was-here"
    path = tmp_path / "hostile.pth"
    content = {"params": STATE | {"conv.extra": Call(os.mkdir, str(victim))}}
    torch.save(content, path, pickle_protocol=protocol, _use_new_zipfile_serialization=zipped)
    with pytest.raises(InputError, match=r"hostile\.pth: not a state dict: entry 'conv\.extra' is a posix\.mkdir, not a tensor"):
        read_state_dict(path)
    assert not victim.exists()


def test_an_attack_in_place_of_a_tensors_parts_is_an_error(tmp_path: Path) -> None:
    victim = tmp_path / "was-here"
    path = tmp_path / "hostile.pth"
    attack = Call(os.mkdir, str(victim))
    for arguments in ([attack, 0, (2,), (1,), False, None], [1, attack, attack, attack, False, None]):
        torch.save({"params": {"w": Call(torch._utils._rebuild_tensor_v2, *arguments)}}, path)
        with pytest.raises(InputError, match=r"entry 'w' is a Inert, not a tensor|refused"):
            read_state_dict(path)
    assert not victim.exists()


def test_nothing_reaches_the_network(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        path = tmp_path / "hostile.ckpt"
        torch.save({"state_dict": STATE, "extra": Call(socket.create_connection, server.getsockname())}, path)
        assert same(read_state_dict(path))
        with pytest.raises(TimeoutError):
            server.accept()
        load_trusting(path)
        server.accept()[0].close()


def test_a_bare_hostile_pickle_is_refused(tmp_path: Path) -> None:
    victim = tmp_path / "was-here"
    path = tmp_path / "hostile.ckpt"
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        path.write_bytes(pickle.dumps(Call(os.mkdir, str(victim)), protocol))
        with pytest.raises(InputError, match=r"hostile\.ckpt: refused"):
            read_state_dict(path)
        assert not victim.exists()
    pickle.loads(path.read_bytes())
    assert victim.exists()


def test_the_oldest_form_an_archive_of_pickles_is_refused(tmp_path: Path) -> None:
    victim = tmp_path / "was-here"
    path = tmp_path / "hostile.pth"
    attack = pickle.dumps(Call(os.mkdir, str(victim)))
    with tarfile.open(path, "w") as archive:
        for name in ("storages", "tensors", "pickle", "../outside"):
            entry = tarfile.TarInfo(name)
            entry.size = len(attack)
            archive.addfile(entry, io.BytesIO(attack))
    with pytest.raises(InputError, match=r"hostile\.pth: refused"):
        read_state_dict(path)
    assert not victim.exists()
    assert [entry.name for entry in tmp_path.iterdir()] == ["hostile.pth"]


def archive(path: Path, data: bytes, **entries: bytes) -> Path:
    """A zip checkpoint with this pickle, one storage of 16 bytes, and other entries."""
    with zipfile.ZipFile(path, "w") as file:
        for name, content in {"x/data.pkl": data, "x/data/0": bytes(16), "x/version": b"3\n", **entries}.items():
            file.writestr(name, content)
    return path


def state_dict_pickle(tensor: bytes, before: bytes = b"") -> bytes:
    """A pickle of {"state_dict": {"w": tensor}}; ``before`` is run first and its result thrown away."""
    thrown_away = before + b"0" if before else b""
    return b"\x80\x02" + thrown_away + b"}X\x0a\x00\x00\x00state_dict}X\x01\x00\x00\x00w" + tensor + b"ss."


def tensor_pickle(offset: int = 0, size: int = 4, stride: int = 1, elements: int = 4, key: bytes = b"0") -> bytes:
    """A float32 tensor of one dimension in the storage ``key``, as torch writes it except for numbers as text."""
    numbers = [f"I{value}\n".encode() for value in (offset, size, stride, elements)]
    name = b"X" + len(key).to_bytes(4, "little") + key
    storage = b"(X\x07\x00\x00\x00storagectorch\nFloatStorage\n" + name + b"X\x03\x00\x00\x00cpu" + numbers[3] + b"tQ"
    return b"ctorch._utils\n_rebuild_tensor_v2\n(" + storage + numbers[0] + numbers[1] + b"\x85" + numbers[2] + b"\x85\x89}tR"


FOREIGN = b"cnowhere\nThing\n"
"""Makes torch's own reader give up, so that ours is at work."""


def test_a_pickle_written_by_hand_is_read(tmp_path: Path) -> None:
    found = read_checkpoint(archive(tmp_path / "hand.pth", state_dict_pickle(tensor_pickle(), FOREIGN)))
    assert found.tensors["w"].tolist() == [0.0] * 4
    assert found.foreign == ("nowhere.Thing",)


@pytest.mark.parametrize(
    "tensor",
    [
        tensor_pickle(size=5),
        tensor_pickle(offset=1),
        tensor_pickle(offset=-1),
        tensor_pickle(stride=-1),
        tensor_pickle(stride=2),
        tensor_pickle(size=-4),
        tensor_pickle(elements=5, size=5),
        tensor_pickle(elements=-1),
        tensor_pickle(elements=1 << 40, size=1 << 40),
        tensor_pickle(key=b"1"),
        tensor_pickle(key=b"../../../etc/passwd"),
        tensor_pickle(key=b"../data.pkl", elements=100),
    ],
)
def test_a_tensor_reaches_only_its_own_storage(tmp_path: Path, tensor: bytes) -> None:
    with pytest.raises(InputError, match=r"hand\.pth: refused"):
        read_state_dict(archive(tmp_path / "hand.pth", state_dict_pickle(tensor, FOREIGN)))


@pytest.mark.parametrize(
    "change",
    [
        b"ctorch._utils\n_rebuild_tensor_v2\nN}X\x0c\x00\x00\x00__defaults__)s\x86b",
        b"ctorch._utils\n_rebuild_tensor_v2\n}X\x01\x00\x00\x00xNsb",
        b"ccollections\nOrderedDict\n}X\x05\x00\x00\x00itemsNsb",
        b"ccollections\nOrderedDict\nN}X\x05\x00\x00\x00itemsNs\x86b",
        b"ctorch\nFloatStorage\n}X\x05\x00\x00\x00dtypeNsb",
        b"cos\nsystem\n}X\x08\x00\x00\x00__call__Nsb",
        b"(X\x06\x00\x00\x00module" + FOREIGN + b"NNtQ",
        b"\x82\x01",
    ],
    ids=["function", "function-dict", "class-dict", "class", "dtype", "foreign-class", "whole-module", "extension"],
)
def test_what_reading_needs_cannot_be_changed(tmp_path: Path, change: bytes) -> None:
    """An attack on the reader itself: a state set on the functions and classes that tensors are made of."""
    path = archive(tmp_path / "hand.pth", state_dict_pickle(tensor_pickle(), FOREIGN + b"0" + change))
    with pytest.raises(InputError, match=r"hand\.pth: refused"):
        read_state_dict(path)
    whole = archive(tmp_path / "whole.pth", state_dict_pickle(tensor_pickle(), FOREIGN))
    assert read_state_dict(whole)["w"].tolist() == [0.0] * 4


def test_old_opcodes_are_inert_too(tmp_path: Path) -> None:
    victim = tmp_path / "was-here"
    instance = f"(S'touch {victim}'\nios\nsystem\n".encode()
    found = read_checkpoint(archive(tmp_path / "hand.pth", state_dict_pickle(tensor_pickle(), instance)))
    assert found.foreign == ("os.system",)
    assert not victim.exists()


def test_names_in_an_archive_lead_nowhere(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    outside = tmp_path / "outside"
    path = archive(
        tmp_path / "in" / "tricks.pth",
        state_dict_pickle(tensor_pickle(), FOREIGN),
        **{"../outside": b"x", str(outside): b"x", "x/../../outside": b"x"},
    )
    assert read_state_dict(path)["w"].tolist() == [0.0] * 4
    assert [entry.name for entry in tmp_path.iterdir()] == ["in"]
    two = archive(tmp_path / "in" / "two.pth", state_dict_pickle(tensor_pickle(), FOREIGN), **{"y/data.pkl": b"N."})
    with pytest.raises(InputError, match=r"no data\.pkl, or several"):
        read_state_dict(two)


class Thing:
    """A class that torch does not know."""


SEEDS = [
    (zipped, content)
    for zipped in (True, False)
    for content in ({"state_dict": STATE}, {"state_dict": STATE, "thing": Thing(), "half": torch.ones(3).half()})
]


def written(zipped: bool, content: object) -> bytes:
    buffer = io.BytesIO()
    torch.save(content, buffer, _use_new_zipfile_serialization=zipped)
    return buffer.getvalue()


@settings(max_examples=80, deadline=None)
@given(st.sampled_from(SEEDS), st.data())
def test_damage_is_an_input_error_or_harmless(
    tmp_path_factory: pytest.TempPathFactory, seed: tuple[bool, object], data: st.DataObject
) -> None:
    content = bytearray(written(*seed))
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(content) - 1))
        content[place : place + data.draw(st.integers(0, 8))] = data.draw(st.binary(max_size=4))
    path = tmp_path_factory.getbasetemp() / "damaged.ckpt"
    path.write_bytes(content)
    try:
        tensors = read_state_dict(path)
    except InputError as error:
        assert "\n" not in str(error)
    else:
        for tensor in tensors.values():
            tensor.clone()

"""The two formats of PyTorch's checkpoint files, read with the restricted unpickler.

The zip format (torch.save since 1.6): entries <name>/data.pkl and <name>/data/<key>, one per storage, never compressed; a
TorchScript archive also has <name>/constants.pkl. The older format: five consecutive pickles (a magic number, the version 1001,
facts of the system, the content, the list of storage keys), then per key, in the order of the list, the number of elements
(little-endian int64) and the elements.
"""

from __future__ import annotations

import os
import pickle
import struct
import warnings
import zipfile
from pathlib import Path
from typing import BinaryIO, Final, cast

import torch

from mgld_bench.weights.limits import check_pickle, check_zip
from mgld_bench.weights.unpickling import Inert, RestrictedUnpickler

_ZIP_START: Final = b"PK\x03\x04"
_LOCAL_HEADER: Final = struct.Struct("<26xHH")
"""A zip entry's local header, of which only the lengths of its name and its extra field are needed."""
_LENGTH: Final = struct.Struct("<q")
_OLDER_HEAD: Final = [0x1950A86A20F9469CFC6C, 1001]

Foreign = dict[str, type[Inert]]
"""The classes that stand in for what a pickle names and that is not loaded, by full name."""


def is_zip(path: Path) -> bool:
    """Whether the file has the zip format. Raises OSError where it cannot be read."""
    with path.open("rb") as file:
        return file.read(len(_ZIP_START)) == _ZIP_START


def check_limits(path: Path) -> None:
    """Raise UnpicklingError where reading the file would take far more than any checkpoint does; see `limits`.

    Damaged files raise various other errors, as in `read_restricted`.
    """
    if not is_zip(path):
        size = path.stat().st_size
        with path.open("rb") as file:
            # A magic number, the version, facts of the system, the content, the list of storages.
            for _ in range(5):
                if file.tell() < size:
                    check_pickle(file, size - file.tell())
        return
    with zipfile.ZipFile(path) as archive, path.open("rb") as file:
        names = archive.namelist()
        if len(set(names)) < len(names):
            raise zipfile.BadZipFile("two of its entries have one name")
        for entry in archive.infolist():
            if entry.filename.rpartition("/")[2] == "data.pkl":
                start, size = _place(file, entry)
                file.seek(start)
                check_pickle(file, size)


def why_no_checkpoint(path: Path) -> str | None:
    """Why an intact file of the zip format is not a checkpoint, or None. Raises BadZipFile where it is damaged."""
    check_zip(path)
    with zipfile.ZipFile(path) as archive:
        entries = archive.infolist()
    if any(entry.filename.rpartition("/")[2] == "constants.pkl" for entry in entries):
        return "it is a TorchScript archive, which is a program; save its state_dict() with torch.save instead"
    if any(entry.compress_type != zipfile.ZIP_STORED for entry in entries):
        return "it is compressed, which torch.save never does; repack it without compression"
    return None


def read_restricted(path: Path) -> tuple[object, tuple[str, ...]]:
    """The content of a checkpoint, and the full names of the classes and functions that it names and that were not loaded.

    Returns:
        The content, whose tensors are `StoredTensor`, and the names, sorted.

    Raises:
        UnpicklingError: The content asks for something that no checkpoint needs. Damaged files raise various other errors.
    """
    foreign: Foreign = {}
    with warnings.catch_warnings():
        # Texts with escapes that Python does not know.
        warnings.simplefilter("ignore")
        content = _read_zip(path, foreign) if is_zip(path) else _read_older(path, foreign)
    return content, tuple(sorted(foreign))


def _read_zip(path: Path, foreign: Foreign) -> object:
    with zipfile.ZipFile(path) as archive, path.open("rb") as file:
        places = {entry.filename: _place(file, entry) for entry in archive.infolist()}
        pickles = [name for name in places if name.count("/") == 1 and name.endswith("/data.pkl")]
        if len(pickles) != 1:
            raise pickle.UnpicklingError("it contains no data.pkl, or several")
        folder = pickles[0].removesuffix("data.pkl")
        whole = _mapped(path)

        def load_storage(dtype: torch.dtype, key: object, elements: int) -> torch.UntypedStorage:
            start, size = places[f"{folder}data/{key}"]
            if elements * dtype.itemsize > size:
                raise pickle.UnpicklingError(f"storage {key} is shorter than declared")
            storage: torch.UntypedStorage = whole[start : start + elements * dtype.itemsize]
            return storage

        file.seek(places[pickles[0]][0])
        return RestrictedUnpickler(file, load_storage, foreign).load()


def _place(file: BinaryIO, entry: zipfile.ZipInfo) -> tuple[int, int]:
    """Where in the archive the bytes of an entry begin, and how many there are."""
    file.seek(entry.header_offset)
    name, extra = _LOCAL_HEADER.unpack(file.read(_LOCAL_HEADER.size))
    start = entry.header_offset + _LOCAL_HEADER.size + name + extra
    if start + entry.file_size > os.fstat(file.fileno()).st_size:
        raise zipfile.BadZipFile("an entry extends beyond the end of the file")
    return start, entry.file_size


def _read_older(path: Path, foreign: Foreign) -> object:
    places: dict[object, tuple[int, int]] = {}
    whole = _mapped(path)

    def load_storage(dtype: torch.dtype, key: object, elements: int) -> torch.UntypedStorage:
        start, available = places[key]
        if elements > available:
            raise pickle.UnpicklingError(f"storage {key} is shorter than declared")
        # A copy: unlike in the zip format, the elements may begin at any byte.
        storage: torch.UntypedStorage = whole[start : start + elements * dtype.itemsize].clone()
        return storage

    with path.open("rb") as file:
        head = [RestrictedUnpickler(file, load_storage, foreign).load() for _ in range(3)]
        if head[:2] != _OLDER_HEAD:
            raise pickle.UnpicklingError("it does not start like a checkpoint")
        unpickler = RestrictedUnpickler(file, load_storage, foreign)
        content = unpickler.load()
        for key in RestrictedUnpickler(file, load_storage, foreign).load():
            (elements,) = _LENGTH.unpack(file.read(_LENGTH.size))
            size = elements * unpickler.element_types[key].itemsize
            places[key] = file.tell(), elements
            if not 0 <= size <= path.stat().st_size - file.tell():
                raise EOFError("it ends inside a storage")
            file.seek(size, os.SEEK_CUR)
    return content


def _mapped(path: Path) -> torch.UntypedStorage:
    """The file's bytes, read from disk as they are used; changes stay in memory."""
    return cast(torch.UntypedStorage, torch.UntypedStorage.from_file(str(path), False, path.stat().st_size))

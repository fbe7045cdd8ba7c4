"""Unpickles checkpoints without importing or calling anything that they name.

A pickle is a program: it names classes and functions of any module, calls them, and sets attributes of what they return. Here
the few names that tensors are built from stand for small objects of this module, and every other name stands for a class of its
own that accepts everything a pickle can do to an object (construct, call, set the state, append, assign) and does nothing. No
module is imported, and nothing of the running program is handed to the pickle: what it can reach was made for it alone, or
refuses to be changed.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import Any, BinaryIO, Final, NoReturn, TypeGuard

import torch

LoadStorage = Callable[[torch.dtype, object, int], torch.UntypedStorage]
"""Gives the storage of this type, key and number of elements; raises UnpicklingError or KeyError where the file lacks it."""


class Inert:
    """Base of the classes that stand for foreign ones: their objects accept everything and do nothing."""

    __slots__ = ()

    def __init__(self, *_arguments: object) -> None:
        """Nothing."""

    def __call__(self, *_arguments: object) -> Inert:
        """Itself: what a foreign function would have returned is just as foreign."""
        return self

    def __setstate__(self, _state: object) -> None:
        """Nothing."""

    def __setitem__(self, _key: object, _value: object) -> None:
        """Nothing."""

    def append(self, _item: object) -> None:
        """Nothing."""

    def extend(self, _items: object) -> None:
        """Nothing."""

    def add(self, _item: object) -> None:
        """Nothing."""


class _Fixed:
    """Base of what a pickle receives and must not change."""

    __slots__ = ()

    def __setstate__(self, _state: object) -> NoReturn:
        raise pickle.UnpicklingError("it tries to change an object that is not its own")


class _Storage(_Fixed):
    """Where elements of one type are in the file."""

    __slots__ = ("_key", "_load", "dtype", "elements")

    def __init__(self, dtype: torch.dtype, key: object, elements: int, load: LoadStorage) -> None:
        self.dtype = dtype
        self.elements = elements
        self._key = key
        self._load = load

    def load(self) -> torch.UntypedStorage:
        """The elements' bytes."""
        return self._load(self.dtype, self._key, self.elements)


class StoredTensor(_Fixed):
    """A tensor of the file that is not loaded yet. Its size, stride and offset count elements and lie within its storage."""

    __slots__ = ("_offset", "_size", "_storage", "_stride")

    def __init__(self, storage: _Storage, offset: int, size: tuple[int, ...], stride: tuple[int, ...]) -> None:
        self._storage = storage
        self._offset = offset
        self._size = size
        self._stride = stride

    def load(self) -> torch.Tensor:
        """The tensor. Raises UnpicklingError, KeyError or EOFError where the file lacks its storage."""
        empty = torch.empty(0, dtype=self._storage.dtype)
        return empty.set_(self._storage.load(), self._offset, self._size, self._stride)


class _StateDict(dict[Any, Any]):
    """Stands for collections.OrderedDict, whose attributes (version numbers of modules) are not needed."""

    __slots__ = ()

    def __setstate__(self, _state: object) -> None:
        """Nothing."""


class _Rebuild(_Fixed):
    """Stands for a function of torch that builds a tensor."""

    __slots__ = ("_make",)

    def __init__(self, make: Callable[..., object]) -> None:
        self._make = make

    def __call__(self, *arguments: object) -> object:
        return self._make(*arguments)


class RestrictedUnpickler(pickle.Unpickler):
    """Reads one pickle of a checkpoint; its tensors become `StoredTensor`."""

    def __init__(self, file: BinaryIO, load_storage: LoadStorage, foreign: dict[str, type[Inert]]) -> None:
        """``foreign`` collects the stand-in of every class and function that is named and not loaded, by full name."""
        super().__init__(file, encoding="utf-8")
        self._load_storage = load_storage
        self._foreign = foreign
        self.element_types: dict[object, torch.dtype] = {}
        """The type of each storage that was referred to, by its key."""

    def find_class(self, module: str, name: str) -> Any:  # noqa: ANN401 - as in the standard library
        """What stands for ``module``.``name``. Nothing is imported."""
        if module in _STORAGE_MODULES and name in _STORAGE_TYPES:
            return _STORAGE_TYPES[name]
        if (module, name) in _STAND_INS:
            return _STAND_INS[module, name]
        full = f"{module}.{name}"
        return self._foreign.setdefault(full, type(full, (Inert,), {"__slots__": ()}))

    def persistent_load(self, pid: object) -> Any:  # noqa: ANN401 - as in the standard library
        """The storage that a tensor lies in: ("storage", type, key, device, elements[, None])."""
        if not isinstance(pid, tuple) or len(pid) not in (5, 6) or pid[0] != "storage" or pid[5:] not in ((), (None,)):
            raise pickle.UnpicklingError("it refers to something that is not a storage")
        _, dtype, key, _, elements, *_ = pid
        if not isinstance(dtype, torch.dtype):
            return Inert()
        if not _is_count(elements):
            raise pickle.UnpicklingError("it refers to a storage without a length")
        self.element_types[key] = dtype
        return _Storage(dtype, key, elements, self._load_storage)


def _rebuild_tensor(storage: object, offset: object, size: object, stride: object, *_rest: object) -> object:
    """The tensor; Inert where the type of its storage is unknown."""
    if not isinstance(storage, _Storage):
        return Inert()
    if not _is_count(offset) or not _are_counts(size) or not _are_counts(stride) or len(size) != len(stride):
        raise pickle.UnpicklingError("a tensor lacks a proper size, stride or offset")
    last = offset + sum((length - 1) * step for length, step in zip(size, stride, strict=True))
    if 0 not in size and last >= storage.elements:
        raise pickle.UnpicklingError("a tensor extends beyond the end of its storage")
    return StoredTensor(storage, offset, size, stride)


def _rebuild_parameter(data: object, *_rest: object) -> object:
    """A parameter's tensor."""
    return data if isinstance(data, StoredTensor) else Inert()


def _is_count(value: object) -> TypeGuard[int]:
    return type(value) is int and value >= 0


def _are_counts(values: object) -> TypeGuard[tuple[int, ...]]:
    return isinstance(values, tuple) and all(_is_count(value) for value in values)


_STORAGE_MODULES: Final = ("torch", "torch.cuda")
_STORAGE_TYPES: Final = {
    "DoubleStorage": torch.float64,
    "FloatStorage": torch.float32,
    "HalfStorage": torch.float16,
    "BFloat16Storage": torch.bfloat16,
    "LongStorage": torch.int64,
    "IntStorage": torch.int32,
    "ShortStorage": torch.int16,
    "CharStorage": torch.int8,
    "ByteStorage": torch.uint8,
    "BoolStorage": torch.bool,
}
_STAND_INS: Final[dict[tuple[str, str], object]] = {
    ("collections", "OrderedDict"): _StateDict,
    ("torch._utils", "_rebuild_tensor"): _Rebuild(_rebuild_tensor),
    ("torch._utils", "_rebuild_tensor_v2"): _Rebuild(_rebuild_tensor),
    ("torch._utils", "_rebuild_parameter"): _Rebuild(_rebuild_parameter),
    ("torch._utils", "_rebuild_parameter_with_state"): _Rebuild(_rebuild_parameter),
}

"""What a weight file may make its reader do: bounds that no checkpoint of the field comes near, checked before anything is built.

A pickle of eleven bytes can ask for gigabytes (an entry far along in the list of remembered objects), one of two hundred for
years (a tuple that holds the same tuple twice, and so on for sixty levels, has 2^60 parts when it is compared), and the lists
of contents in zip and safetensors files become objects many times their size. So a pickle is walked through first, without
building anything, and lists of contents may only be so long.
"""

from __future__ import annotations

import pickle
import pickletools
import struct
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

if TYPE_CHECKING:
    import torch

PICKLE_STEPS: Final = 5_000_000
"""Operations of one pickle, and objects that it may remember: one with 5000 tensors and its training state has half a million."""
TUPLE_PARTS: Final = 1_000_000
"""Parts of a tuple, with those of the tuples in it, each time they appear."""
TUPLE_DEPTH: Final = 500
"""Tuples inside tuples: their keys are computed by recursion."""
ZIP_CONTENTS: Final = 1 << 25
"""Bytes of the list of contents at the end of a zip file: about 300,000 entries."""
SAFETENSORS_HEADER: Final = 1 << 24
"""Bytes of the JSON header of a safetensors file: about 100,000 tensors."""
REPEATED: Final = 1 << 28
"""Bytes that tensors may claim beyond what the file stores, by using the same elements again."""

_END: Final = b"PK\x05\x06"
_END_LENGTH: Final = 22
_COMMENT: Final = 1 << 16
_LOCATOR: Final = struct.Struct("<4sLQL")
_END_64: Final = struct.Struct("<4sQ2H2L4Q")

_Size = tuple[int, int]
"""(depth, parts) of a tuple; `_LEAF` for anything else."""
_LEAF: Final[_Size] = (0, 1)


def check_pickle(file: BinaryIO, size: int) -> None:
    """Walk through one pickle, from where ``file`` stands to the end of the pickle.

    Args:
        file: What is read; it stands behind the pickle afterwards.
        size: Bytes that are there to read.

    Raises:
        UnpicklingError: It is damaged, or would take more than the limits above.
    """
    walk = _Walk()
    try:
        with warnings.catch_warnings():
            # Texts with escapes that Python does not know.
            warnings.simplefilter("ignore")
            for operation, argument, _ in pickletools.genops(_Bounded(file, size)):  # type: ignore[arg-type]
                walk.take(operation, argument)
    except (ValueError, IndexError, KeyError) as error:
        reason = " ".join(str(error).split())[:80] or "its stack is empty"
        raise pickle.UnpicklingError(f"a pickle in it is damaged: {reason}") from None


class _Bounded:
    """A file that is asked for no more than it has: memory is set aside for what is asked."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        self._file = file
        self._left = size

    def read(self, count: int) -> bytes:
        found = self._file.read(max(0, min(count, self._left)))
        self._left -= len(found)
        return found

    def readline(self) -> bytes:
        found = self._file.readline(self._left)
        self._left -= len(found)
        return found


class _Walk:
    """The stack of a pickle's machine, with how large the tuples on it are."""

    def __init__(self) -> None:
        self._steps = 0
        self._stack: list[_Size | None] = []
        """None: a mark."""
        self._remembered: dict[int, _Size] = {}

    def take(self, operation: pickletools.OpcodeInfo, argument: object) -> None:
        """Follow one operation."""
        self._steps += 1
        if self._steps > PICKLE_STEPS:
            raise pickle.UnpicklingError(f"a pickle in it has more than {PICKLE_STEPS} steps, which no checkpoint needs")
        name = operation.name
        if name in _PUT:
            self._remember(len(self._remembered) if name == "MEMOIZE" else int(str(argument)))
        elif name in _GET:
            self._stack.append(self._remembered.get(int(str(argument)), _LEAF))
        elif name == "MARK":
            self._stack.append(None)
        elif name == "DUP":
            self._stack.append(self._stack[-1])
        elif name in _TUPLES:
            self._stack.append(_together(self._taken(_TUPLES[name])))
        elif name in ("TUPLE", "FROZENSET"):
            self._stack.append(_together(self._down_to_mark()))
        else:
            self._anything(operation)

    def _remember(self, index: int) -> None:
        if not 0 <= index <= PICKLE_STEPS:
            raise pickle.UnpicklingError(f"a pickle in it remembers an object as number {index}, which takes gigabytes")
        self._remembered[index] = self._stack[-1] or _LEAF

    def _anything(self, operation: pickletools.OpcodeInfo) -> None:
        taken = operation.stack_before
        if pickletools.markobject in taken:
            self._down_to_mark()
            taken = taken[: taken.index(pickletools.markobject)]
        self._taken(len(taken))
        self._stack += [_LEAF] * len(operation.stack_after)

    def _taken(self, count: int) -> list[_Size]:
        return [self._stack.pop() or _LEAF for _ in range(count)]

    def _down_to_mark(self) -> list[_Size]:
        found = []
        while (size := self._stack.pop()) is not None:
            found.append(size)
        return found


def _together(items: Sequence[_Size]) -> _Size:
    depth, parts = 1 + max((size[0] for size in items), default=0), 1 + sum(size[1] for size in items)
    if depth > TUPLE_DEPTH or parts > TUPLE_PARTS:
        raise pickle.UnpicklingError("a pickle in it nests tuples beyond all measure")
    return depth, parts


def check_zip(path: Path) -> None:
    """Raise UnpicklingError where the list of contents of a zip file is longer than any checkpoint's. Raises OSError too."""
    size = path.stat().st_size
    with path.open("rb") as file:
        start = max(0, size - _COMMENT - _END_LENGTH)
        file.seek(start)
        tail = file.read()
        place = tail.rfind(_END)
        if place < 0 or place + _END_LENGTH > len(tail):
            return
        contents = [int(struct.unpack_from("<L", tail, place + 12)[0])]
        if place >= _LOCATOR.size and tail[place - _LOCATOR.size :].startswith(b"PK\x06\x07"):
            _, _, offset, _ = _LOCATOR.unpack_from(tail, place - _LOCATOR.size)
            for end in (offset, start + place - _LOCATOR.size - _END_64.size):
                if 0 <= end <= size - _END_64.size:
                    file.seek(end)
                    contents.append(_END_64.unpack(file.read(_END_64.size))[8])
            contents = [length for length in contents if length != 0xFFFFFFFF]
    if any(length > ZIP_CONTENTS for length in contents):
        raise pickle.UnpicklingError(f"its list of contents is longer than {ZIP_CONTENTS >> 20} MB, which no checkpoint's is")


def check_tensor(name: str, tensor: torch.Tensor, repeated: int) -> int:
    """The bytes that tensors claim beyond what the file stores, with those of ``tensor``; ``repeated``: of those before it.

    Raises:
        UnpicklingError: They are too many, or it is not a plain tensor.
    """
    import torch

    if tensor.layout is not torch.strided or tensor.device.type != "cpu" or tensor.is_quantized:
        raise pickle.UnpicklingError(f"{name[:80]} is not a plain tensor")
    more = repeated + max(0, tensor.numel() * tensor.element_size() - tensor.untyped_storage().nbytes())
    if more > REPEATED:
        raise pickle.UnpicklingError(f"{name[:80]} claims more elements than the file stores")
    return more


_PUT: Final = frozenset({"PUT", "BINPUT", "LONG_BINPUT", "MEMOIZE"})
_GET: Final = frozenset({"GET", "BINGET", "LONG_BINGET"})
_TUPLES: Final = {"EMPTY_TUPLE": 0, "TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}

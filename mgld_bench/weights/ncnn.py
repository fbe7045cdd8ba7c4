"""Reads ncnn model files: the structure (.param, text) and the tensors (.bin).

Convolutions and PReLU layers are supported: no other layers have tensors in the models that the suite takes from packages. The
format: a .param starts with 7767517, then the numbers of layers and blobs, then one layer per line. A .bin holds, in file order,
per convolution a little-endian uint32 flag (0x01306B47: 16-bit float kernels, padded to 4 bytes; 0: 32-bit float kernels), the
kernel (out, in, row, column) and 32-bit float biases; per PReLU its 32-bit float slopes.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch

from mgld_bench.errors import InputError

_MAGIC: Final = "7767517"
_HALF_KERNEL: Final = 0x01306B47
_FLOAT_KERNEL: Final = 0
_ARRAY_KEYS_FROM: Final = -23300
"""Keys at or below this stand for an array: -23310 is key 10, written as count,value,value..."""
_WITHOUT_TENSORS: Final = frozenset({"Input", "Split", "Concat", "Eltwise", "BinaryOp", "Interp", "PixelShuffle"})


@dataclass(frozen=True)
class Layer:
    """One line of a .param file."""

    kind: str
    name: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    parameters: Mapping[int, tuple[float, ...]]
    """Values by ncnn's key number; a single value is a tuple of one."""

    def number(self, key: int, default: float = 0.0) -> float:
        """The first value of ``key``, or ``default`` where the line lacks it."""
        return self.parameters.get(key, (default,))[0]


@dataclass(frozen=True)
class Convolution:
    """The tensors of one convolution: kernel (out, in, size, size), then the biases, if any."""

    name: str
    out_channels: int
    in_channels: int
    kernel_size: int = 3
    bias: bool = True


@dataclass(frozen=True)
class Slopes:
    """The tensor of one PReLU layer: (count,)."""

    name: str
    count: int


Record = Convolution | Slopes


def read_structure(path: Path) -> tuple[Layer, ...]:
    """The layers of a .param file, in order.

    Raises:
        InputError: The file cannot be read or is not a complete ncnn structure.
    """
    try:
        lines = path.read_text(encoding="ascii").splitlines()
    except FileNotFoundError:
        raise InputError(f"{path}: no such file") from None
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read as an ncnn structure: {error}") from None
    if not lines or lines[0].strip() != _MAGIC:
        raise InputError(f"{path}: not an ncnn .param file (its first line is not {_MAGIC})")
    counts = lines[1].split() if len(lines) > 1 else []
    if len(counts) != 2 or not all(count.isdigit() for count in counts):
        raise InputError(f"{path}, line 2: expected the numbers of layers and blobs")
    layers = tuple(_layer(path, number, line) for number, line in enumerate(lines[2:], start=3) if line.strip())
    blobs = sum(len(layer.outputs) for layer in layers)
    if len(layers) != int(counts[0]) or blobs != int(counts[1]):
        raise InputError(
            f"{path}: has {len(layers)} layers and {blobs} blobs, but its header declares {counts[0]} and {counts[1]}"
        )
    _check_connections(path, layers)
    return layers


def tensor_records(path: Path, layers: Sequence[Layer]) -> tuple[Record, ...]:
    """What the .bin of these layers holds, in file order.

    Args:
        path: The .param file, for messages.

    Raises:
        InputError: A layer is not supported.
    """
    records: list[Record] = []
    for layer in layers:
        if layer.kind == "Convolution":
            records.append(_convolution(path, layer))
        elif layer.kind == "PReLU":
            records.append(Slopes(layer.name, int(layer.number(0))))
        elif layer.kind not in _WITHOUT_TENSORS:
            raise InputError(f"{path}: layer {layer.name} is of kind {layer.kind}, which is not supported")
    return tuple(records)


def read_tensors(path: Path, records: Sequence[Record]) -> list[torch.Tensor]:
    """The float32 tensors of a .bin in file order: kernel and biases per convolution, slopes per PReLU.

    Raises:
        InputError: The file does not hold exactly ``records``, or values that are not finite.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise InputError(f"{path}: no such file") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error}") from None
    reader = _BinaryReader(path, content)
    tensors: list[torch.Tensor] = []
    for record in records:
        if isinstance(record, Slopes):
            tensors.append(reader.values(record.name, "<f4", (record.count,)))
            continue
        shape = (record.out_channels, record.in_channels, record.kernel_size, record.kernel_size)
        tensors.append(reader.kernel(record.name, shape))
        if record.bias:
            tensors.append(reader.values(record.name, "<f4", (record.out_channels,)))
    if reader.remaining:
        raise InputError(f"{path}: {reader.remaining} bytes are left after the last layer: not the expected network")
    return tensors


class _BinaryReader:
    """Reads tensors one after another from a .bin's bytes."""

    def __init__(self, path: Path, content: bytes) -> None:
        self._path = path
        self._content = content
        self._position = 0

    @property
    def remaining(self) -> int:
        """Bytes not yet read."""
        return len(self._content) - self._position

    def kernel(self, layer: str, shape: tuple[int, ...]) -> torch.Tensor:
        """The kernel at the current position, which its flag precedes."""
        flag = int.from_bytes(self._take(layer, 4), "little")
        if flag == _FLOAT_KERNEL:
            return self.values(layer, "<f4", shape)
        if flag != _HALF_KERNEL:
            raise InputError(
                f"{self._path}: layer {layer} starts with flag 0x{flag:08X}, "
                f"supported are 0x{_HALF_KERNEL:08X} (16-bit floats) and 0 (32-bit floats)"
            )
        kernel = self.values(layer, "<f2", shape)
        self._take(layer, -self._position % 4)
        return kernel

    def values(self, layer: str, stored: str, shape: tuple[int, ...]) -> torch.Tensor:
        """The values at the current position, stored as the numpy type ``stored``, as float32."""
        stored_type = np.dtype(stored)
        values = np.frombuffer(self._take(layer, math.prod(shape) * stored_type.itemsize), stored_type).astype(np.float32)
        if not np.isfinite(values).all():
            raise InputError(f"{self._path}: layer {layer} has values that are not finite: not the expected network, or damaged")
        return torch.from_numpy(values.reshape(shape))

    def _take(self, layer: str, size: int) -> bytes:
        if size > self.remaining:
            raise InputError(f"{self._path}: ends inside layer {layer} ({size} bytes needed, {self.remaining} left)")
        start = self._position
        self._position += size
        return self._content[start : self._position]


def _layer(path: Path, number: int, line: str) -> Layer:
    words = line.split()
    try:
        input_count, output_count = int(words[2]), int(words[3])
        names = words[4 : 4 + input_count + output_count]
        if len(names) != input_count + output_count:
            raise ValueError("blob names are missing")
        pairs = (word.partition("=") for word in words[4 + len(names) :])
        parameters = dict(_parameter(int(key), value) for key, _, value in pairs)
    except (ValueError, IndexError):
        raise InputError(f"{path}, line {number}: not a layer of an ncnn structure: {line.strip()!r}") from None
    return Layer(words[0], words[1], tuple(names[:input_count]), tuple(names[input_count:]), parameters)


def _parameter(key: int, value: str) -> tuple[int, tuple[float, ...]]:
    if key > _ARRAY_KEYS_FROM:
        return key, (float(value),)
    count, *numbers = value.split(",")
    if len(numbers) != int(count):
        raise ValueError("the array does not have the length that it declares")
    return _ARRAY_KEYS_FROM - key, tuple(float(number) for number in numbers)


def _check_connections(path: Path, layers: Sequence[Layer]) -> None:
    known: set[str] = set()
    for layer in layers:
        for blob in layer.inputs:
            if blob not in known:
                raise InputError(f"{path}: layer {layer.name} takes {blob}, which no earlier layer outputs")
        known.update(layer.outputs)


def _convolution(path: Path, layer: Layer) -> Convolution:
    out_channels, size, values = int(layer.number(0)), int(layer.number(1)), int(layer.number(6))
    if layer.number(11, size) != size:
        raise InputError(f"{path}: layer {layer.name} has a kernel that is not square, which is not supported")
    per_input = out_channels * size * size
    if per_input <= 0 or values <= 0 or values % per_input:
        raise InputError(
            f"{path}: layer {layer.name}: {values} kernel values do not fit {out_channels} channels of {size} x {size}"
        )
    return Convolution(layer.name, out_channels, values // per_input, size, bias=layer.number(5) == 1)

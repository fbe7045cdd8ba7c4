"""Reads PyTorch checkpoints without running any code that they contain."""

from __future__ import annotations

import pickle
import struct
import warnings
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeGuard

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

from mgld_bench.errors import InputError
from mgld_bench.weights.containers import check_limits, is_zip, read_restricted, why_no_checkpoint
from mgld_bench.weights.limits import check_tensor
from mgld_bench.weights.unpickling import StoredTensor
from mgld_bench.weights.wrong_content import wrong_content

_WRAPPERS: Final = ("params_ema", "params", "state_dict", "model")
"""Keys under which checkpoints store the state dict; the first that exists is used, and entries beside it are ignored."""
_UNREADABLE: Final = (
    pickle.UnpicklingError,
    zipfile.BadZipFile,
    struct.error,
    EOFError,
    RuntimeError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    AssertionError,
    ArithmeticError,
    MemoryError,
)
"""What is raised for bytes that are not a checkpoint depends on where they stop making sense."""


@dataclass(frozen=True)
class Checkpoint:
    """The content of a checkpoint."""

    tensors: dict[str, torch.Tensor]
    """By name, on the CPU, without gradients. Those of a large file are read from disk as they are used."""
    foreign: tuple[str, ...]
    """Full names of the classes and functions that the file names and that were not loaded, sorted: none of their code ran."""


def read_state_dict(path: Path) -> dict[str, torch.Tensor]:
    """The tensors of a .pth, .pt, .ckpt or .safetensors file by name, on the CPU; see `read_checkpoint`."""
    return read_checkpoint(path).tensors


def read_checkpoint(path: Path) -> Checkpoint:
    """The tensors of a .pth, .pt, .ckpt or .safetensors file, without the wrapper around the state dict.

    Wrappers are the keys params_ema, params, state_dict, and model where it is a state dict; entries beside one are ignored. Only
    tensors and plain data are loaded. Anything else that a pickle names is replaced by an object without behaviour, and no code
    of the file runs.

    Raises:
        InputError: The file cannot be read, or its state dict contains something other than tensors.
    """
    if path.suffix == ".safetensors":
        return Checkpoint(_read_safetensors(path), ())
    content, foreign = _read_pickle(path)
    entries = _state_dict(content)
    if not entries:
        raise InputError(f"{path}: contains no state dict (tensors by name)")
    return Checkpoint(_tensors(path, entries), foreign)


def _read_safetensors(path: Path) -> dict[str, torch.Tensor]:
    try:
        problem = wrong_content(path)
        if problem is not None:
            raise InputError(f"{path}: {problem}")
        tensors = load_file(path)
    except FileNotFoundError:
        raise InputError(f"{path}: no such file") from None
    except (SafetensorError, OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read as safetensors: {_one_line(error)}") from None
    if not tensors:
        raise InputError(f"{path}: contains no state dict (tensors by name)")
    return tensors


def _read_pickle(path: Path) -> tuple[object, tuple[str, ...]]:
    """The content with its tensors, and the foreign names."""
    try:
        zipped = is_zip(path)
        reason = why_no_checkpoint(path) if zipped else None
        if reason is not None:
            raise InputError(f"{path}: refused, because {reason}")
        check_limits(path)
        try:
            with warnings.catch_warnings():
                # torch warns about pickle protocols that it may not know; the second reading knows them.
                warnings.simplefilter("ignore")
                return torch.load(path, map_location="cpu", weights_only=True, mmap=zipped), ()
        except _UNREADABLE:
            # It names more than torch accepts, or is damaged: the second reading finds out which.
            return read_restricted(path)
    except FileNotFoundError:
        raise InputError(f"{path}: no such file") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from None
    except _UNREADABLE as error:
        raise _unreadable(path, error) from None


def _state_dict(content: object) -> Mapping[object, object] | None:
    """The mapping with the tensors; None where there is none."""
    if not isinstance(content, Mapping):
        return None
    for wrapper in _WRAPPERS:
        wrapped = content.get(wrapper)
        # Many things are stored as "model"; only one that contains nothing but tensors is a state dict.
        if isinstance(wrapped, Mapping) and (wrapper != "model" or all(map(_is_tensor, wrapped.values()))):
            return wrapped
    return content


def _is_tensor(value: object) -> TypeGuard[torch.Tensor | StoredTensor]:
    return isinstance(value, (torch.Tensor, StoredTensor))


def _tensors(path: Path, entries: Mapping[object, object]) -> dict[str, torch.Tensor]:
    tensors = {}
    repeated = 0
    for name, value in entries.items():
        if not isinstance(name, str) or not _is_tensor(value):
            entry = repr(name[:80]) if isinstance(name, str) else f"of type {type(name).__name__}"
            raise InputError(f"{path}: not a state dict: entry {entry} is a {type(value).__name__}, not a tensor")
        try:
            tensors[name] = value.load() if isinstance(value, StoredTensor) else value.detach()
            repeated = check_tensor(name, tensors[name], repeated)
        except _UNREADABLE as error:
            raise _unreadable(path, error) from None
    return tensors


def _unreadable(path: Path, error: Exception) -> InputError:
    return InputError(f"{path}: refused, because it is damaged or contains more than tensors and plain data: {_one_line(error)}")


def _one_line(error: Exception) -> str:
    text = str(error) if str(error) else type(error).__name__
    return " ".join(text.split())[:300]

"""Reads PyTorch checkpoints without running anything that they contain."""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

from mgld_bench.errors import InputError

_WRAPPERS: Final = ("params_ema", "params", "state_dict")
"""Keys under which checkpoints keep the state dict; the first that is there wins."""


def read_state_dict(path: Path) -> dict[str, torch.Tensor]:
    """The tensors of a .pth, .pt, .ckpt or .safetensors file by name, on the CPU, without the wrapper (params_ema, params,
    state_dict).

    Only tensors and plain data are read: a pickle that asks for any other code raises InputError and none of it runs.
    """
    content = _read_safetensors(path) if path.suffix == ".safetensors" else _read_pickle(path)
    for wrapper in _WRAPPERS:
        if isinstance(content, Mapping) and isinstance(content.get(wrapper), Mapping):
            content = content[wrapper]
            break
    if not isinstance(content, Mapping) or not content:
        raise InputError(f"{path}: holds no state dict (tensors by name)")
    tensors: dict[str, torch.Tensor] = {}
    for name, value in content.items():
        if not isinstance(name, str) or not isinstance(value, torch.Tensor):
            raise InputError(f"{path}: entry {name!r} is a {type(value).__name__}, not a tensor: no state dict")
        tensors[name] = value
    return tensors


def _read_safetensors(path: Path) -> object:
    try:
        return load_file(path)
    except FileNotFoundError:
        raise InputError(f"{path}: no such file") from None
    except (SafetensorError, OSError) as error:
        raise InputError(f"{path}: cannot be read as safetensors: {_one_line(error)}") from None


def _read_pickle(path: Path) -> object:
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise InputError(f"{path}: no such file") from None
    except pickle.UnpicklingError as error:
        raise InputError(
            f"{path}: refused, since it is damaged or holds more than tensors and plain data: {_one_line(error)}"
        ) from None
    except (OSError, EOFError, RuntimeError, ValueError, KeyError, IndexError, TypeError, AttributeError) as error:
        # What the unpickler raises for bytes that are no checkpoint at all depends on where they go wrong.
        raise InputError(f"{path}: cannot be read as a PyTorch checkpoint: {_one_line(error)}") from None


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:300]

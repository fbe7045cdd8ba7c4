"""The official checkpoints of the RRDBNet x4 family: their names and shapes, and reading the same weights from ncnn files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch

from mgld_bench.errors import InputError, WrongCheckpointError
from mgld_bench.weights.ncnn import Convolution, read_structure, read_tensors, tensor_records
from mgld_bench.weights.reading import read_state_dict

GROWTH = 32
"""Channels that each convolution of a dense block adds; the same in every published checkpoint."""

Shapes = dict[str, tuple[int, ...]]
"""Shape by name of the tensor."""


@dataclass(frozen=True)
class NamingScheme:
    """How a family of checkpoints names its convolutions. ``{block}``, ``{dense}`` and ``{conv}`` count from 0, 1 and 1."""

    title: str
    dense: str
    body: str
    up1: str
    up2: str
    hr: str


REAL_ESRGAN = NamingScheme("Real-ESRGAN", "body.{block}.rdb{dense}.conv{conv}", "conv_body", "conv_up1", "conv_up2", "conv_hr")
BSRGAN = NamingScheme("BSRGAN", "RRDB_trunk.{block}.RDB{dense}.conv{conv}", "trunk_conv", "upconv1", "upconv2", "HRconv")


def parameter_shapes(scheme: NamingScheme, features: int = 64, blocks: int = 23) -> Shapes:
    """Name -> shape of every entry of the official state dict, in its order (the same in both naming schemes)."""
    shapes: Shapes = {}
    for convolution in _convolutions(scheme, features, blocks):
        size = convolution.kernel_size
        shapes[f"{convolution.name}.weight"] = (convolution.out_channels, convolution.in_channels, size, size)
        shapes[f"{convolution.name}.bias"] = (convolution.out_channels,)
    return shapes


def read_rrdbnet(network: Path, structure: Path | None = None) -> dict[str, torch.Tensor]:
    """The weights of an RRDBNet x4 under their official names, float32.

    Args:
        network: An ncnn .bin of the full-size network, or a checkpoint (.pth, .safetensors) of any size in either naming scheme.
        structure: The .param of a .bin; where it is given, its convolutions must be those of the network.

    Raises:
        InputError: A file cannot be read, or a name or shape differs.
    """
    if network.suffix == ".bin":
        return _read_ncnn(network, structure)
    state = read_state_dict(network)
    check_official(network, state)
    return state


def check_official(source: Path | str, state: Mapping[str, torch.Tensor]) -> NamingScheme:
    """The naming scheme of a state dict.

    Args:
        source: The file, for messages.

    Raises:
        InputError: Names and shapes are not exactly those of an RRDBNet x4.
    """
    scheme = BSRGAN if BSRGAN.body + ".weight" in state else REAL_ESRGAN
    first = state.get("conv_first.weight")
    if first is None or first.ndim != 4:
        raise WrongCheckpointError(source, "not an RRDBNet x4 checkpoint: conv_first.weight is missing")
    blocks = 0
    while scheme.dense.format(block=blocks, dense=1, conv=1) + ".weight" in state:
        blocks += 1
    expected = parameter_shapes(scheme, first.shape[0], blocks)
    for name, shape in expected.items():
        if name not in state:
            raise WrongCheckpointError(source, f"not an RRDBNet x4 checkpoint ({scheme.title} names): {name} is missing")
        if tuple(state[name].shape) != shape:
            raise WrongCheckpointError(source, f"{name} has shape {tuple(state[name].shape)}, an RRDBNet x4 has {shape}")
    surplus = sorted(state.keys() - expected.keys())
    if surplus:
        raise WrongCheckpointError(
            source, f"not an RRDBNet x4 checkpoint ({scheme.title} names): {surplus[0]} does not belong to it"
        )
    return scheme


def _read_ncnn(network: Path, structure: Path | None) -> dict[str, torch.Tensor]:
    convolutions = _convolutions(REAL_ESRGAN, features=64, blocks=23)
    if structure is not None:
        _check_structure(structure, convolutions)
    tensors = read_tensors(network, convolutions)
    return dict(zip(parameter_shapes(REAL_ESRGAN), tensors, strict=True))


def _check_structure(structure: Path, expected: tuple[Convolution, ...]) -> None:
    records = tensor_records(structure, read_structure(structure))
    if len(records) != len(expected):
        raise InputError(f"{structure}: {len(records)} layers with weights, an RRDBNet x4 has {len(expected)}")
    for record, convolution in zip(records, expected, strict=True):
        if not isinstance(record, Convolution) or _form(record) != _form(convolution):
            raise InputError(f"{structure}: layer {record.name} is not {convolution.name} of an RRDBNet x4")


def _form(convolution: Convolution) -> tuple[int, int, int, bool]:
    return convolution.out_channels, convolution.in_channels, convolution.kernel_size, convolution.bias


def _convolutions(scheme: NamingScheme, features: int, blocks: int) -> tuple[Convolution, ...]:
    found = [Convolution("conv_first", features, 3)]
    for block in range(blocks):
        for dense in (1, 2, 3):
            for conv in (1, 2, 3, 4, 5):
                name = scheme.dense.format(block=block, dense=dense, conv=conv)
                found.append(Convolution(name, GROWTH if conv < 5 else features, features + (conv - 1) * GROWTH))
    found += [Convolution(name, features, features) for name in (scheme.body, scheme.up1, scheme.up2, scheme.hr)]
    return (*found, Convolution("conv_last", 3, features))

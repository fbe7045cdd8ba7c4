"""The official checkpoints of the compact Real-ESRGAN network (SRVGG): names and shapes, and reading them from ncnn files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from mgld_bench.errors import InputError, WrongCheckpointError
from mgld_bench.weights.ncnn import Layer, read_structure, read_tensors, tensor_records
from mgld_bench.weights.reading import read_state_dict

SCALE = 4


@dataclass(frozen=True)
class SRVGGSize:
    """The size of an SRVGG x4."""

    features: int
    middle_convolutions: int


def parameter_shapes(size: SRVGGSize) -> dict[str, tuple[int, ...]]:
    """Name -> shape of every entry of the official state dict, in its order."""
    features = size.features
    shapes: dict[str, tuple[int, ...]] = {
        "body.0.weight": (features, 3, 3, 3),
        "body.0.bias": (features,),
        "body.1.weight": (features,),
    }
    for index in range(2, 2 + 2 * size.middle_convolutions, 2):
        shapes[f"body.{index}.weight"] = (features, features, 3, 3)
        shapes[f"body.{index}.bias"] = (features,)
        shapes[f"body.{index + 1}.weight"] = (features,)
    last = 2 + 2 * size.middle_convolutions
    shapes[f"body.{last}.weight"] = (3 * SCALE**2, features, 3, 3)
    shapes[f"body.{last}.bias"] = (3 * SCALE**2,)
    return shapes


def read_srvgg(network: Path, structure: Path | None = None) -> tuple[SRVGGSize, dict[str, torch.Tensor]]:
    """The size of an SRVGG x4, and its weights under their official names, float32.

    Args:
        network: A checkpoint (.pth, .safetensors), or an ncnn .bin.
        structure: The .param, which a .bin needs. It must be exactly this network: alternating convolutions and PReLU, pixel
            shuffle x4, plus the input enlarged by nearest neighbour.

    Raises:
        InputError: A file cannot be read, or a name, a shape or the structure differs.
    """
    if network.suffix != ".bin":
        state = read_state_dict(network)
        return _checked_size(network, state), state
    if structure is None:
        raise InputError(f"{network}: an ncnn .bin needs its .param; name it under weights, role structure")
    layers = read_structure(structure)
    _check_graph(structure, layers)
    tensors = read_tensors(network, tensor_records(structure, layers))
    size = SRVGGSize(features=tensors[0].shape[0], middle_convolutions=(len(tensors) - 5) // 3)
    names = parameter_shapes(size)
    if len(names) != len(tensors):
        raise InputError(f"{structure}: not an SRVGG x4, whose convolutions and PReLU alternate: it has {len(tensors)} tensors")
    state = dict(zip(names, tensors, strict=True))
    _checked_size(network, state)
    return size, state


def _checked_size(source: Path, state: Mapping[str, torch.Tensor]) -> SRVGGSize:
    """The size of ``state``. Raises InputError unless names and shapes are exactly those of an SRVGG x4."""
    first = state.get("body.0.weight")
    if first is None or first.ndim != 4:
        raise WrongCheckpointError(source, "not an SRVGG x4 checkpoint: body.0.weight is missing")
    size = SRVGGSize(features=first.shape[0], middle_convolutions=(len(state) - 5) // 3)
    expected = parameter_shapes(size)
    for name, shape in expected.items():
        if name not in state:
            raise WrongCheckpointError(source, f"not an SRVGG x4 checkpoint: {name} is missing")
        if tuple(state[name].shape) != shape:
            raise WrongCheckpointError(source, f"{name} has shape {tuple(state[name].shape)}, an SRVGG x4 has {shape}")
    surplus = sorted(state.keys() - expected.keys())
    if surplus:
        raise WrongCheckpointError(source, f"not an SRVGG x4 checkpoint: {surplus[0]} does not belong to it")
    return size


def _check_graph(structure: Path, layers: Sequence[Layer]) -> None:
    """Follow the graph from the input: it must be an SRVGG x4 and nothing else."""
    kinds = [layer.kind for layer in layers]
    middle = kinds[2:-3]
    expected_middle = ["Convolution" if index % 2 == 0 else "PReLU" for index in range(len(middle))]
    if kinds[:2] != ["Input", "Split"] or kinds[-3:] != ["PixelShuffle", "Interp", "BinaryOp"] or middle != expected_middle:
        raise InputError(
            f"{structure}: not an SRVGG x4: expected are alternating convolution and PReLU, pixel shuffle, enlarged input, sum"
        )
    if len(middle) < 3 or middle[-1] != "Convolution":
        raise InputError(f"{structure}: not an SRVGG x4: the last layer before the pixel shuffle must be a convolution")
    split, shuffle, enlarge, add = layers[1], *layers[-3:]
    _check_chain(structure, layers)
    for layer in layers[2:-3]:
        fused = layer.kind == "Convolution" and layer.number(9) != 0
        geometry = layer.kind == "PReLU" or (layer.number(1), layer.number(2, 1), layer.number(3, 1), layer.number(4)) == (
            3,
            1,
            1,
            1,
        )
        if fused or not geometry:
            raise InputError(f"{structure}: layer {layer.name} is not a plain 3x3 convolution with padding 1")
    if shuffle.number(0) != SCALE or shuffle.number(1) != 0:
        raise InputError(f"{structure}: layer {shuffle.name} does not shuffle x{SCALE}")
    if (
        enlarge.inputs[0] not in split.outputs
        or enlarge.number(0) != 1
        or (enlarge.number(1), enlarge.number(2)) != (SCALE, SCALE)
    ):
        raise InputError(f"{structure}: layer {enlarge.name} does not enlarge the input x{SCALE} by nearest neighbour")
    if add.number(0) != 0 or set(add.inputs) != {shuffle.outputs[0], enlarge.outputs[0]}:
        raise InputError(f"{structure}: layer {add.name} does not add the enlarged input to the shuffled features")


def _check_chain(structure: Path, layers: Sequence[Layer]) -> None:
    """Each layer of the body takes the output of the layer before it; the first takes the input."""
    previous = layers[1].outputs
    for layer in layers[2:-2]:
        if len(layer.inputs) != 1 or layer.inputs[0] not in previous:
            raise InputError(f"{structure}: layer {layer.name} does not take the output of the layer before it")
        previous = layer.outputs

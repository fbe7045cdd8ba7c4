"""RealBasicVSR written a second time, as plainly as possible: all frames and all flows at once, nothing but tensors by name."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn import functional

from mgld_bench.networks.spynet import SPyNet

State = Mapping[str, Tensor]


def realbasicvsr(state: State, frames: Tensor, threshold: float, passes: int = 3) -> Tensor:
    """(t, 3, h, w) -> (t, 3, 4h, 4w)."""
    for _ in range(passes):
        residue = convolution(state, "image_cleaning.1", trunk(state, "image_cleaning.0.main", frames))
        frames = frames + residue
        if residue.abs().mean() < threshold / 255:
            break
    return basicvsr({name.removeprefix("basicvsr."): tensor for name, tensor in state.items()}, frames)


def basicvsr(state: State, frames: Tensor) -> Tensor:
    """(t, 3, h, w) -> (t, 3, 4h, 4w)."""
    to_next, to_previous = flows(state, frames[:-1], frames[1:]), flows(state, frames[1:], frames[:-1])
    backward = propagate(state, "backward_resblocks.main", frames.flip(0), to_next.flip(0)).flip(0)
    forward = propagate(state, "forward_resblocks.main", frames, to_previous)
    features = activate(convolution(state, "fusion", torch.cat([backward, forward], 1)))
    for name in ("upsample1", "upsample2"):
        features = activate(functional.pixel_shuffle(convolution(state, f"{name}.upsample_conv", features), 2))
    added = convolution(state, "conv_last", activate(convolution(state, "conv_hr", features)))
    return added + functional.interpolate(frames, scale_factor=4, mode="bilinear", align_corners=False)


def flows(state: State, reference: Tensor, supporting: Tensor) -> Tensor:
    network = SPyNet().eval()
    prefix = "spynet."
    network.load_state_dict({name.removeprefix(prefix): tensor for name, tensor in state.items() if name.startswith(prefix)})
    pairs = zip(reference.split(1), supporting.split(1), strict=True)
    return torch.cat([reference.new_zeros(0, 2, *reference.shape[2:]), *(network(*pair) for pair in pairs)])


def propagate(state: State, name: str, frames: Tensor, flow: Tensor) -> Tensor:
    channels = state[f"{name}.0.weight"].shape[0]
    features = [frames.new_zeros(1, channels, *frames.shape[2:])]
    for index, frame in enumerate(frames.split(1)):
        before = shift(features[-1], flow[index - 1]) if index else features[-1]
        features.append(trunk(state, name, torch.cat([frame, before], 1)))
    return torch.cat(features[1:])


def shift(image: Tensor, flow: Tensor) -> Tensor:
    """Bilinear sampling, neighbour by neighbour; zeros outside."""
    height, width = flow.shape[1:]
    y, x = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    column, row = x + flow[0], y + flow[1]
    sampled = torch.zeros_like(image)
    for dy in (0, 1):
        for dx in (0, 1):
            i, j = row.floor().long() + dy, column.floor().long() + dx
            weight = (1 - (row - i).abs()) * (1 - (column - j).abs())
            there = (i >= 0) & (i < height) & (j >= 0) & (j < width)
            sampled += weight * there * image[:, :, i.clamp(0, height - 1), j.clamp(0, width - 1)]
    return sampled


def trunk(state: State, name: str, features: Tensor) -> Tensor:
    features = activate(convolution(state, f"{name}.0", features))
    block = 0
    while f"{name}.2.{block}.conv1.weight" in state:
        inner = functional.relu(convolution(state, f"{name}.2.{block}.conv1", features))
        features = features + convolution(state, f"{name}.2.{block}.conv2", inner)
        block += 1
    return features


def convolution(state: State, name: str, features: Tensor) -> Tensor:
    weight = state[f"{name}.weight"]
    return functional.conv2d(features, weight, state[f"{name}.bias"], padding=weight.shape[-1] // 2)


def activate(features: Tensor) -> Tensor:
    return torch.where(features > 0, features, 0.1 * features)

"""Runs the fixtures of the degradation's operators, walks and whole chain on mgld_bench.degradation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from pydantic import TypeAdapter

from mgld_bench.degradation.drawing import even_sizes, walk, walk_rounded
from mgld_bench.degradation.kernels import kernel_values
from mgld_bench.degradation.noise import add_gaussian, add_poisson, poisson_signal
from mgld_bench.degradation.operators import (
    compress_jpeg,
    filter_frame,
    from_levels,
    gaussian_kernel,
    resize_frame,
    sharpen,
    to_uint8,
    to_video_levels,
)
from mgld_bench.degradation.pipeline import apply_operation
from mgld_bench.degradation.plan import BlurKernel, FrameOperation
from tests.parity.fixture import Fixture

Outputs = dict[str, "np.ndarray[Any, Any]"]


def blur_kernels(fixture: Fixture) -> Outputs:
    return {item["output"]: kernel_values(_kernel(item)) for item in _items(fixture)}


def filters(fixture: Fixture) -> Outputs:
    frames = fixture.input("frames")
    return {
        item["output"]: np.stack([filter_frame(frame.astype(item["dtype"]), kernel_values(_kernel(item))) for frame in frames])
        for item in _items(fixture)
    }


def resizes(fixture: Fixture) -> Outputs:
    frames = fixture.input("frames")
    return {
        item["output"]: np.stack([resize_frame(frame.astype(item["dtype"]), item["mode"], *item["size"]) for frame in frames])
        for item in _items(fixture)
    }


def noises(fixture: Fixture) -> Outputs:
    outputs: Outputs = {}
    for item in _items(fixture):
        peak = item["range"]
        frames = fixture.input("frames").astype(np.float32) / np.float32(255 / peak)
        numbers = fixture.input(item["numbers"])
        if item["kind"] == "gaussian":
            noisy = [add_gaussian(*given, item["gray"], peak) for given in zip(frames, numbers, item["levels"], strict=True)]
        else:
            signals = [poisson_signal(frame, item["gray"], peak) for frame in frames]
            noisy = [
                add_poisson(frame, counts, *signal, level)
                for frame, counts, signal, level in zip(frames, numbers, signals, item["levels"], strict=True)
            ]
            outputs[item["rates_output"]] = np.stack([signal * unit for signal, unit in signals])
        outputs[item["output"]] = np.stack(noisy)
    return outputs


def jpegs(fixture: Fixture) -> Outputs:
    outputs = {}
    for item in _items(fixture):
        order = slice(None, None, -1 if item["reverse_channels"] else 1)
        outputs[item["output"]] = np.stack(
            [
                compress_jpeg(np.ascontiguousarray(frame[..., order]), item["quality"])[..., order]
                for frame in fixture.input("frames")
            ]
        )
    return outputs


def unsharp_mask(fixture: Fixture) -> Outputs:
    call = fixture.facts["call"]
    settings = (call["kernel_size"], call["sigma"], call["weight"], call["threshold"])
    return {
        call["output"]: np.stack([sharpen(frame, *settings) for frame in fixture.input("source")]),
        call["kernel_output"]: gaussian_kernel(call["kernel_size"], call["sigma"]),
    }


def blur_walks(fixture: Fixture) -> Outputs:
    outputs = {}
    for item in _items(fixture):
        increments = fixture.input(item["increments"])
        walks = {
            name: walk(item["start"][name], increments[:, column].tolist(), item["limits"][name])
            for column, name in enumerate(item["parameters"])
        }
        betas = fixture.input(item["beta_used"]).tolist() if item["beta_used"] else [None] * item["frames"]
        kernels = [
            BlurKernel(
                type=item["type"],
                size=item["size"],
                sigma_x=walks["sigma_x"][frame],
                sigma_y=walks["sigma_y"][frame],
                angle=walks["angle"][frame],
                beta=betas[frame],
                omega=walks["omega"][frame],
            )
            for frame in range(item["frames"])
        ]
        outputs[item["output"]] = np.stack([kernel_values(kernel) for kernel in kernels])
    return outputs


def resize_walks(fixture: Fixture) -> Outputs:
    def sizes(item: Mapping[str, Any]) -> list[tuple[int, int]]:
        height, width = item["input_size"]
        return even_sizes(height, width, walk(item["start"], fixture.input(item["increments"]).tolist(), item["limits"]))

    return {item["output"]: np.array(sizes(item)) for item in _items(fixture)}


def noise_walks(fixture: Fixture) -> Outputs:
    return {
        item["output"]: np.array(walk(item["start"], fixture.input(item["increments"]).tolist(), item["limits"]))
        for item in _items(fixture)
    }


def jpeg_walks(fixture: Fixture) -> Outputs:
    return {
        item["output"]: np.array(walk_rounded(item["start"], fixture.input(item["increments"]).tolist(), item["limits"]))
        for item in _items(fixture)
    }


class _StoredNumbers:
    """The random numbers of one operation and frame, as the fixture has them."""

    def __init__(self, numbers: np.ndarray[Any, Any] | None) -> None:
        self._numbers = numbers

    def standard_normal(self, size: tuple[int, ...]) -> np.ndarray[Any, Any]:
        assert self._numbers is not None and self._numbers.shape == size
        return self._numbers

    def poisson(self, lam: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        assert self._numbers is not None and self._numbers.shape == lam.shape
        return self._numbers


def chain(fixture: Fixture) -> Outputs:
    call = fixture.facts["call"]
    frames = list(fixture.input("frames"))
    outputs: Outputs = {}
    for step in call["operations"]:
        if step["applied"] and step["kind"] == "truncate":
            frames = [from_levels(to_video_levels(frame, 255), 255) for frame in frames]
        elif step["applied"]:
            numbers = [_StoredNumbers(fixture.input(each["numbers"]) if "numbers" in each else None) for each in step["frames"]]
            planned = _operation(step)
            frames = [apply_operation(planned, index, frame, 255, numbers[index]) for index, frame in enumerate(frames)]
        # Frames of different sizes cannot be stacked; a fixture that has them cuts its outputs to frame 0.
        outputs[step["output"]] = np.stack(frames if len({frame.shape for frame in frames}) == 1 else frames[:1])
    outputs[call["output"]] = np.stack([to_uint8(frame) for frame in frames])
    return outputs


def _operation(step: Mapping[str, Any]) -> FrameOperation:
    facts = {name: value for name, value in step.items() if name != "output"}
    facts["frames"] = [{name: value for name, value in each.items() if name != "numbers"} for each in step["frames"]]
    return TypeAdapter(FrameOperation).validate_python(facts)


def _items(fixture: Fixture) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = fixture.facts["call"]["items"]
    return items


def _kernel(facts: Mapping[str, Any]) -> BlurKernel:
    return BlurKernel(**{name: facts[name] for name in BlurKernel.model_fields})


RUNNERS: dict[tuple[str, str], Callable[[Fixture], Outputs]] = {
    ("degradation", "op.blur_kernel"): blur_kernels,
    ("degradation", "op.filter"): filters,
    ("degradation", "op.resize"): resizes,
    ("degradation", "op.noise"): noises,
    ("degradation", "op.jpeg"): jpegs,
    ("degradation", "op.usm"): unsharp_mask,
    ("degradation", "chain"): chain,
    ("degradation", "walk.blur"): blur_walks,
    ("degradation", "walk.resize"): resize_walks,
    ("degradation", "walk.noise"): noise_walks,
    ("degradation", "walk.jpeg"): jpeg_walks,
}

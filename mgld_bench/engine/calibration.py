"""How fast this machine is, by two short pieces of work: what shipped costs are scaled by."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import suppress

import cv2
import numpy as np
from pydantic import ValidationError

from mgld_bench.clips.atomic import write_json_atomic
from mgld_bench.errors import InputError
from mgld_bench.home import bench_home
from mgld_bench.methods.compute import Compute
from mgld_bench.plain_data import PlainData

SECONDS = 2.0
"""What each of the two may take; the fastest repeat counts, because other programs only slow it down."""


class Speed(PlainData):
    """What was timed on one device."""

    network: float
    """Floating-point operations per second of a convolution on the device."""
    plain: float
    """Seconds for Gaussian blurs of a 1280x720 frame on the CPU."""


class _Kept(PlainData):
    devices: dict[str, Speed]


def speed_of(compute: Compute) -> Speed:
    """The speed of a device: timed at first use, which takes a few seconds, then read from ``$MGLD_BENCH_HOME``."""
    file = bench_home() / "calibration.json"
    device = f"{compute.describe_device()}, {os.environ.get('OMP_NUM_THREADS', '')} threads of {os.cpu_count()} cores"
    try:
        kept = _Kept.model_validate_json(file.read_bytes()).devices
    except (OSError, ValidationError):
        kept = {}
    if device not in kept:
        kept = {**kept, device: Speed(network=_convolutions(compute), plain=_blurs())}
        # In a read-only folder it is timed again the next time.
        with suppress(InputError, OSError):
            write_json_atomic(file, _Kept(devices=kept).model_dump())
    return kept[device]


def _convolutions(compute: Compute) -> float:
    import torch

    device = torch.device(compute.device)
    frames = torch.zeros(1, 64, 180, 320, device=device)
    weight = torch.zeros(64, 64, 3, 3, device=device)
    operations = 2 * 9 * 64 * 64 * 180 * 320

    def work() -> None:
        with torch.no_grad():
            torch.nn.functional.conv2d(frames, weight, padding=1)
        if device.type == "cuda":
            torch.cuda.synchronize(device)

    return operations / _fastest(work)


def _blurs() -> float:
    frame = np.zeros((720, 1280, 3), np.float32)
    return _fastest(lambda: [cv2.GaussianBlur(frame, (11, 11), 1.5) for _ in range(3)])


def _fastest(work: Callable[[], object]) -> float:
    """The seconds of the fastest of several repeats, after one to warm up."""
    work()
    times: list[float] = []
    until = time.perf_counter() + SECONDS
    while len(times) < 3 or (time.perf_counter() < until and len(times) < 50):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return min(times)

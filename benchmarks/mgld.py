"""Speed of MGLD-VSR: ours against the authors' arrangement, in one run on one device.

    python benchmarks/mgld.py [--size 128x128] [--frames 10] [--steps 50] [--precision float16] [--device cuda]
    python benchmarks/mgld.py --compile                              # one more row: option compile of the card
    python benchmarks/mgld.py --reduced --device cpu --frames 5      # small networks: the same code, no figure worth keeping

Random but fixed weights, since speed does not depend on values. The authors' arrangement ("plain"): float32 weights under float16
autocast, one latent tile at a time, the text's keys and values computed anew in every call, the host waiting for every step, the
frames of a segment through the decoder together.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from mgld_bench.clips.clip import ArrayClip
from mgld_bench.engine.profiling import moving_texture
from mgld_bench.methods.compute import Compute, Precision
from mgld_bench.methods.mgld import MGLDVSR, MGLDOptions
from mgld_bench.methods.mgld_tiny import TINY
from mgld_bench.restoring.flops import count_flops
from mgld_bench.restoring.memory import PeakMemory

MATRIX = 8192
"""Side of the matrices whose product shows what the device can do at most."""


class PlainMGLD(MGLDVSR):
    """MGLD-VSR in the authors' arrangement."""

    def __init__(self, options: MGLDOptions, compute: Compute) -> None:
        super().__init__(options, None, compute)
        self._networks.denoise = self._denoise
        self._diffusion._tiles_at_once = lambda _pictures: 1
        self._diffusion._frames_at_once = len

    def restore_all(self, clip: ArrayClip) -> list[np.ndarray]:
        on_gpu = self.compute.device.startswith("cuda")
        with torch.autocast("cuda", torch.float16, enabled=on_gpu):
            return list(self.restore(clip))

    def _denoise(self, latents: Tensor, condition: Tensor, timestep: int) -> Tensor:
        timesteps = torch.full((1,), timestep, device=latents.device)
        structure = self._networks.structure(condition, timesteps)
        noise = self._networks.unet(latents, timesteps, self._networks.text, structure).float()
        float(noise[0, 0, 0, 0])
        return noise

    def _segments_at_once(self, geometry: object) -> int:
        return 1


@dataclass(frozen=True)
class Measured:
    """One way of restoring the clip."""

    frames: np.ndarray
    seconds: float
    """Per frame; the second of two runs."""
    resident: int
    gpu: int | None


def main() -> None:
    options = parsed()
    width, height = map(int, options.size.split("x"))
    clip = moving_texture(options.frames, height, width)
    settings = settings_of(options, options.steps)
    print(f"{options.frames} frames of {options.size}, {options.steps} steps, {options.device}, torch {torch.__version__}")
    ceiling = matrix_ceiling(options.device, options.precision)
    flops = flops_per_frame(options, clip)
    print(f"{flops / 1e12:.3f} TFLOP per frame")
    print(f"{ceiling / 1e12:.3f} TFLOP/s in a product of large matrices in {options.precision}")
    print(f"{'way':24} {'s/frame':>9} {'TFLOP/s':>9} {'of ceiling':>10} {'memory, MiB':>12}")
    exact = measure(lambda: MGLDVSR(settings, None, Compute(options.device)), lambda method: list(method.restore(clip)), options)
    show("float32", exact, flops, ceiling)
    plain = measure(lambda: PlainMGLD(settings, Compute(options.device)), lambda method: method.restore_all(clip), options)
    show("plain", plain, flops, ceiling)
    compute = Compute(options.device, options.precision)
    fast = measure(lambda: MGLDVSR(settings, None, compute), lambda method: list(method.restore(clip)), options)
    show(f"ours, {options.precision}", fast, flops, ceiling)
    if options.compile:
        compiled = settings.model_copy(update={"compile": True})
        fast = measure(lambda: MGLDVSR(compiled, None, compute), lambda method: list(method.restore(clip)), options)
        show("ours, compiled", fast, flops, ceiling)
    print(f"ours against plain: {plain.seconds / fast.seconds:.2f} times")
    print(f"PSNR to float32, dB: plain {psnr(plain.frames, exact.frames):.2f}, ours {psnr(fast.frames, exact.frames):.2f}")


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure MGLD-VSR.")
    parser.add_argument("--size", default="128x128", help="of the LR frames, width x height")
    parser.add_argument("--frames", type=int, default=10)
    parser.add_argument("--steps", type=int, default=50)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--precision", default="float16", choices=["float32", "float16", "bfloat16"])
    parser.add_argument("--compile", action="store_true", help="also with the networks through torch.compile")
    parser.add_argument("--reduced", action="store_true", help="small networks")
    options = parser.parse_args()
    if options.device == "cpu":
        options.precision = "float32"
    return options


def settings_of(options: argparse.Namespace, steps: int) -> MGLDOptions:
    if not options.reduced:
        return MGLDOptions(steps=steps)
    return MGLDOptions(steps=steps, networks=TINY, tile=16, tile_overlap=8, flow_network="spynet")


def matrix_ceiling(device: str, precision: Precision) -> float:
    """FLOP per second of the best of some matrix products."""
    side = MATRIX if device.startswith("cuda") else MATRIX // 8
    first, second = (torch.randn(side, side, device=device, dtype=getattr(torch, precision)) for _ in range(2))
    best = float("inf")
    for _ in range(10):
        wait(device)
        began = time.perf_counter()
        first @ second
        wait(device)
        best = min(best, time.perf_counter() - began)
    return 2 * side**3 / best


def flops_per_frame(options: argparse.Namespace, clip: ArrayClip) -> float:
    """Each step costs the same: counted with one and with two."""
    segment = ArrayClip("segment", np.stack([clip.frame(min(index, clip.frame_count - 1)) for index in range(5)]))
    counts = []
    for steps in (1, 2):
        method = MGLDVSR(settings_of(options, steps), None, Compute(options.device, options.precision))
        counts.append(count_flops(lambda method=method: list(method.restore(segment))))
    one, two = counts
    return (one + (options.steps - 1) * (two - one)) / 5


def measure(
    build: Callable[[], MGLDVSR], restore: Callable[[MGLDVSR], list[np.ndarray]], options: argparse.Namespace
) -> Measured:
    """A first run to choose kernels, a second one to measure; the networks are gone afterwards."""
    method = build()
    restore(method)
    with PeakMemory(method.compute) as memory:
        wait(options.device)
        began = time.perf_counter()
        frames = restore(method)
        wait(options.device)
        seconds = time.perf_counter() - began
        return Measured(np.stack(frames), seconds / len(frames), memory.resident, memory.gpu)


def show(way: str, found: Measured, flops: float, ceiling: float) -> None:
    speed = flops / found.seconds
    memory = (found.gpu if found.gpu is not None else found.resident) / 2**20
    print(f"{way:24} {found.seconds:9.3f} {speed / 1e12:9.3f} {speed / ceiling:10.1%} {memory:12.0f}", flush=True)


def psnr(first: np.ndarray, second: np.ndarray) -> float:
    error = np.mean((first.astype(float) - second) ** 2)
    return float("inf") if error == 0 else float(10 * np.log10(255**2 / error))


def wait(device: str) -> None:
    if device.startswith("cuda"):
        torch.cuda.synchronize(device)


if __name__ == "__main__":
    main()

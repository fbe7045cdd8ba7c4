"""Speed of MGLD-VSR: ours against the authors' arrangement, in one run on one device.

    python benchmarks/mgld.py [--size 128x128] [--frames 10] [--steps 50] [--precision float16] [--device cuda]
    python benchmarks/mgld.py --compile                              # one more row: option compile of the card
    python benchmarks/mgld.py --reduced --device cpu --frames 5      # small networks: the same code, no figure worth keeping

Random but fixed weights, since speed does not depend on values. The authors' arrangement ("plain"): float32 weights under float16
autocast, one latent tile at a time, the text's keys and values computed anew in every call, the host waiting after every step,
all frames of a segment through the decoder at once.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from mgld_bench.clips.clip import ArrayClip, Clip, Frame
from mgld_bench.engine.profiling import moving_texture
from mgld_bench.methods.compute import Compute, Precision
from mgld_bench.methods.mgld import MGLDVSR, MGLDOptions
from mgld_bench.methods.mgld_tiny import TINY
from mgld_bench.networks.layers.speedups import Speedups
from mgld_bench.restoring.peak_memory import PeakMemory
from mgld_bench.restoring.profiling import count_flops

MATRIX = 8192
"""Side of the matrices whose product shows the most that the device can do."""


class PlainMGLD(MGLDVSR):
    """MGLD-VSR in the authors' arrangement."""

    def __init__(self, options: MGLDOptions, compute: Compute) -> None:
        super().__init__(options, None, compute)
        self._networks.denoise = self._denoise  # type: ignore[method-assign]
        self._diffusion._tiles_at_once = lambda pictures: 1  # type: ignore[method-assign]
        self._diffusion._frames_at_once = len  # type: ignore[method-assign, assignment]

    def restore(self, clip: Clip, start: int = 0) -> Iterator[Frame]:
        kind = torch.device(self.compute.device).type
        # On a CPU only to see that it works: its float16 has no convolutions.
        with torch.autocast(kind, torch.float16 if kind == "cuda" else torch.bfloat16):
            yield from super().restore(clip, start)

    def _denoise(self, latents: Tensor, condition: Tensor, timestep: int) -> Tensor:
        timesteps = torch.full((1,), timestep, device=latents.device)
        structure = self._networks.structure(condition, timesteps)
        noise: Tensor = self._networks.unet(latents, timesteps, self._networks.text, structure).float()
        float(noise[0, 0, 0, 0])
        return noise

    def _segments_at_once(self, geometry: object) -> int:
        return 1


@dataclass(frozen=True)
class Measured:
    """One way of restoring the clip."""

    frames: npt.NDArray[np.uint8]
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
    unhurried = Compute(options.device, speedups=Speedups.none())
    exact = measure(lambda: MGLDVSR(settings, None, unhurried), clip)
    show("float32", exact, flops, ceiling)
    plain = measure(lambda: PlainMGLD(settings, unhurried), clip)
    show("plain", plain, flops, ceiling)
    compute = Compute(options.device, options.precision)
    fast = measure(lambda: MGLDVSR(settings, None, compute), clip)
    show(f"ours, {options.precision}", fast, flops, ceiling)
    if options.compile:
        compiled = settings.model_copy(update={"compile": True})
        fast = measure(lambda: MGLDVSR(compiled, None, compute), clip)
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
    """FLOP per second of the best of ten matrix products."""
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
    """Counted with one step and with two, as every step costs the same."""
    segment = ArrayClip("segment", np.stack([clip.frame(min(index, clip.frame_count - 1)) for index in range(5)]))

    def count(steps: int) -> int:
        method = MGLDVSR(settings_of(options, steps), None, Compute(options.device, options.precision))
        return count_flops(lambda: exhaust(method.restore(segment)))

    one, two = count(1), count(2)
    further_steps: int = options.steps - 1
    return (one + further_steps * (two - one)) / 5


def exhaust(frames: Iterator[Frame]) -> None:
    for _ in frames:
        pass


def measure(build: Callable[[], MGLDVSR], clip: Clip) -> Measured:
    """A first run to choose kernels, a second one to measure; the networks are freed afterwards."""
    method = build()
    device = method.compute.device
    with method.compute.float32_as_asked():
        exhaust(method.restore(clip))
        with PeakMemory(method.compute) as memory:
            wait(device)
            began = time.perf_counter()
            frames = list(method.restore(clip))
            wait(device)
            seconds = time.perf_counter() - began
            return Measured(np.stack(frames), seconds / len(frames), memory.resident, memory.gpu)


def show(way: str, found: Measured, flops: float, ceiling: float) -> None:
    speed = flops / found.seconds
    memory = (found.gpu if found.gpu is not None else found.resident) / 2**20
    print(f"{way:24} {found.seconds:9.3f} {speed / 1e12:9.3f} {speed / ceiling:10.1%} {memory:12.0f}", flush=True)


def psnr(first: npt.NDArray[np.uint8], second: npt.NDArray[np.uint8]) -> float:
    error = np.mean((first.astype(float) - second) ** 2)
    return float("inf") if error == 0 else float(10 * np.log10(255**2 / error))


def wait(device: str) -> None:
    if device.startswith("cuda"):
        torch.cuda.synchronize(device)


if __name__ == "__main__":
    main()

"""RVRT's deformable attention beside the obvious way, a grid_sample() per source and position: seconds, memory, difference.

    python benchmarks/rvrt_attention.py [--device cuda] [--size 128x128] [--channels 288] [--groups 12] [--heads 12]
        [--chunks 1,2,16,256] [--repeats 3] [--threads 1]

One step of one branch: two frames of --size, random features, offsets of a few pixels; the defaults are those of the published
network, whose --channels are projected to 288. Ours once per size of --chunks, the MiB that are sampled at a time. All are run in
turn, the best of the repeats counts. Memory is the most that was held beside the input: on a GPU as PyTorch counts it, on a CPU
the growth of the process.
"""

from __future__ import annotations

import argparse
import functools
import math
import multiprocessing
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import product

import psutil
import torch
from torch import Tensor
from torch.nn import functional

from mgld_bench.methods.compute import Compute
from mgld_bench.networks.rvrt.alignment import attend_to_points
from mgld_bench.restoring.peak_memory import PeakMemory

WINDOW = (3, 3)
SOURCES = 2


@dataclass(frozen=True)
class Measured:
    seconds: float
    output: Tensor


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--size", default="128x128", help="width x height in LR pixels")
    parser.add_argument("--channels", type=int, default=288)
    parser.add_argument("--groups", type=int, default=12)
    parser.add_argument("--heads", type=int, default=12)
    parser.add_argument("--chunks", default="1,2,16,256", help="MiB sampled at a time, separated by commas")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1, help="of a CPU")
    options = parser.parse_args()
    best = race(contestants(options), options.device, options.repeats)
    first = next(iter(best.values()))
    print(f"2 frames of {options.size}, {options.channels} channels, {options.groups} groups, {options.heads} heads, ", end="")
    print(f"{options.device}, {options.threads} threads, torch {torch.__version__}\n")
    print(f"{'':42} {'seconds':>8} {'ratio':>6} {'memory, MiB':>12} {'difference':>11}")
    for name, found in best.items():
        ratio, difference = first.seconds / found.seconds, float((found.output - first.output).abs().max())
        memory = in_new_process(options, name) / 2**20
        print(f"{name:42} {found.seconds:8.4f} {ratio:6.2f} {memory:12.0f} {difference:11.1e}")


def contestants(options: argparse.Namespace) -> dict[str, Callable[[], Tensor]]:
    torch.set_num_threads(options.threads)
    width, height = (int(side) for side in options.size.split("x"))
    query, keys_values, offsets = (
        part.to(options.device) for part in features_and_offsets(height, width, options.channels, options.groups)
    )
    runs: dict[str, Callable[[], Tensor]] = {
        "one grid_sample per source and position": lambda: naive_attention(query, keys_values, offsets, options.heads)
    }
    for chunk in options.chunks.split(","):
        run = functools.partial(attend_to_points, query, keys_values, offsets, options.heads, WINDOW, int(chunk) * 2**20)
        runs[f"ours, {chunk} MiB at a time"] = run
    return runs


def features_and_offsets(height: int, width: int, channels: int, groups: int) -> tuple[Tensor, Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    query = torch.randn(1, 2, height, width, channels, generator=generator)
    keys_values = torch.randn(1, 2, height, width, 2 * channels, generator=generator)
    offsets = 3 * torch.randn(1, 2, height, width, SOURCES, groups, math.prod(WINDOW), 2, generator=generator)
    return query, keys_values, offsets


def naive_attention(query: Tensor, keys_values: Tensor, offsets: Tensor, heads: int) -> Tensor:
    """attend_to_points() with loops over sources and positions."""
    batch, frames, height, width, channels = query.shape
    groups = offsets.shape[5]
    rows, columns = (torch.arange(side, device=query.device) for side in (height, width))
    pixels = torch.stack(torch.meshgrid(rows, columns, indexing="ij"), dim=-1)
    size = query.new_tensor([height, width])
    keys, values = [], []
    for source in range(SOURCES):
        pictures = keys_values if source == 0 else keys_values.flip(1)
        grouped = pictures.permute(0, 1, 4, 2, 3).reshape(batch * frames * groups, -1, height, width)
        for position, (row, column) in enumerate(product((-1, 0, 1), repeat=2)):
            moved = offsets[:, :, :, :, source, :, position] + (pixels + pixels.new_tensor([row, column]))[:, :, None]
            grid = ((2 * moved + 1) / size - 1).flip(-1).permute(0, 1, 4, 2, 3, 5).flatten(0, 2)
            sampled = functional.grid_sample(grouped, grid, align_corners=False).view(batch * frames, 2, heads, -1, height, width)
            keys.append(sampled[:, 0])
            values.append(sampled[:, 1])
    queries = query.permute(0, 1, 4, 2, 3).reshape(batch * frames, heads, -1, height, width) * (channels // heads) ** -0.5
    weights = torch.stack([(queries * key).sum(2) for key in keys], dim=1).softmax(dim=1)
    summed = (torch.stack(values, dim=1) * weights.unsqueeze(3)).sum(1)
    return summed.view(batch, frames, channels, height, width).permute(0, 1, 3, 4, 2)


@torch.inference_mode()
def race(runs: dict[str, Callable[[], Tensor]], device: str, repeats: int) -> dict[str, Measured]:
    best: dict[str, Measured] = {}
    for _ in range(repeats):
        for name, run in runs.items():
            synchronize(device)
            began = time.perf_counter()
            output = run()
            synchronize(device)
            seconds = time.perf_counter() - began
            if name not in best or seconds < best[name].seconds:
                best[name] = Measured(seconds, output.cpu())
    return best


def in_new_process(options: argparse.Namespace, name: str) -> int:
    """The memory that a run takes: memory that an earlier one has left to the process would hide it."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(memory_taken, (options, name))


@torch.inference_mode()
def memory_taken(options: argparse.Namespace, name: str) -> int:
    run, device = contestants(options)[name], options.device
    before = torch.cuda.memory_allocated(device) if device != "cpu" else psutil.Process().memory_info().rss
    with PeakMemory(Compute(device)) as memory:
        run()
        synchronize(device)
    return (memory.resident if memory.gpu is None else memory.gpu) - before


def synchronize(device: str) -> None:
    if device != "cpu":
        torch.cuda.synchronize(device)


if __name__ == "__main__":
    main()

"""Metrics with networks on a CPU and on a GPU: whether the scores agree, and seconds and memory per 720p frame on the GPU.

    python benchmarks/devices.py [--device cuda] [--frames 20]

A moving texture, and the same with noise; all networks have random but fixed weights. On the GPU also one frame at a time.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from fixed_weights import MAKERS, write_fixed_weights

from mgld_bench.clips.clip import ArrayClip
from mgld_bench.metrics.catalogue import load_metric
from mgld_bench.scoring.score_pass import score_clip

METRICS = (
    "lpips.alex",
    "lpips.vgg",
    "dists",
    "dover.fused",
    "we.gmflow.l1",
    "we.gmflow.l1.valid",
    "we.spynet.l1",
    "tlp.alex",
    "frame-difference.rgb",
)


@dataclass(frozen=True)
class Scored:
    """What a pass gave, and what it took."""

    values: dict[str, float]
    seconds: float
    gpu_bytes: int


def main() -> None:
    parser = argparse.ArgumentParser(description="Compare devices.")
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--frames", type=int, default=20)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        write_fixed_weights(Path(folder), *MAKERS)
        agreement(options.device, Path(folder))
        speed(options.device, options.frames, Path(folder))


def agreement(device: str, home: Path) -> None:
    reference, restored = moving_texture(8, 288, 512, noise=0), moving_texture(8, 288, 512, noise=8)
    cpu = score(METRICS, reference, restored, "cpu", home)
    whole = score(METRICS, reference, restored, device, home)
    single = score(METRICS, reference, restored, device, home, chunk=1)
    print(f"{'8 frames of 512x288':22} {'on the CPU':>12} {device + ', relative':>16} {'frame by frame':>16}")
    for name, value in cpu.values.items():
        print(
            f"{name:22} {value:12.6f} {apart(whole.values[name], value):16.1e}"
            f" {apart(single.values[name], whole.values[name]):16.1e}"
        )


def speed(device: str, frames: int, home: Path) -> None:
    reference, restored = moving_texture(frames, 720, 1280, noise=0), moving_texture(frames, 720, 1280, noise=8)
    print(f"\n{f'{frames} frames of 1280x720':22} {'s/frame':>12} {'GPU memory, MiB':>16}")
    for names in (*((name,) for name in METRICS), METRICS):
        # The first pass also chooses kernels.
        score(names, reference, restored, device, home)
        found = score(names, reference, restored, device, home)
        label = names[0] if len(names) == 1 else "all in one pass"
        print(f"{label:22} {found.seconds / frames:12.4f} {found.gpu_bytes / 2**20:16.0f}")


def moving_texture(frames: int, height: int, width: int, noise: float) -> ArrayClip:
    noisy = np.random.default_rng(0).integers(0, 256, (height + frames, width + 2 * frames, 3), dtype=np.uint8)
    smooth = cv2.GaussianBlur(noisy, (0, 0), 2)
    picture = cv2.normalize(smooth, np.empty_like(smooth), 0, 255, cv2.NORM_MINMAX)
    stream = np.random.default_rng(1)
    moved = [picture[index : index + height, 2 * index : 2 * index + width] for index in range(frames)]
    return ArrayClip(
        "texture", np.stack([(each + stream.normal(0, noise, each.shape)).clip(0, 255).astype(np.uint8) for each in moved])
    )


def score(
    names: tuple[str, ...], reference: ArrayClip, restored: ArrayClip, device: str, home: Path, chunk: int | None = None
) -> Scored:
    """One pass that finds no flow kept by an earlier one."""
    shutil.rmtree(home / "flow", ignore_errors=True)
    metrics = [load_metric(name, device) for name in names]
    if device != "cpu":
        torch.cuda.reset_peak_memory_stats(device)
    began = time.perf_counter()
    scores = score_clip(reference, {"m": restored}, {"m": metrics}, chunk=chunk, device=device)["m"]
    seconds = time.perf_counter() - began
    return Scored(
        {name: scores[name].value for name in names}, seconds, torch.cuda.max_memory_allocated(device) if device != "cpu" else 0
    )


def apart(first: float, second: float) -> float:
    return abs(first - second) / abs(second)


if __name__ == "__main__":
    main()

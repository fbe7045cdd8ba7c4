"""How long verbs take where nothing is to be computed, and whether that grows with the work that is done: made-up suites of
many tiny clips, really prepared, restored and scored; every verb in a process of its own, the best of several.

Example: python benchmarks/bookkeeping.py --results 1000
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import yaml

from mgld_bench.clips.writing import frame_name, write_frame

METRICS = ("psnr.rgb", "ssim.rgb", "psnr.y.crop4", "psnr.rgb.crop4", "ssim.y.crop4")
METHODS = ("bicubic", "first", "second", "third")
FRAMES = 2
SIDE = 64


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--results", default="1000", help="numbers of scores, separated by commas")
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    for results in map(int, options.results.split(",")):
        with tempfile.TemporaryDirectory() as folder:
            measure(Path(folder), results, options.repeats)


def measure(folder: Path, results: int, repeats: int) -> None:
    """A suite of about so many scores, done once, then each verb."""
    clips = max(1, results // (len(METHODS) * len(METRICS)))
    units = clips * (1 + len(METHODS) * (1 + len(METRICS)))
    write_suite(folder, [f"clip{index:05d}" for index in range(clips)])
    shared = ("--cards", str(folder / "cards"), "--workspace", str(folder / "workspace"))
    suite = ("many", *shared)
    command(folder, "datasets", "prepare", "many", "--source", str(folder / "source"), "--use-existing-lq", *shared)
    command(folder, "restore", "bicubic", str(folder / "source/LQ"), str(folder / "frames"), "--device", "cpu")
    print(f"\n{clips * len(METHODS) * len(METRICS)} scores, {units} units")
    print(f"| {'':28} | first, s | again, s, wall (CPU) |")
    verbs = {
        "run --dry-run, all to do": ("run", *suite, "--dry-run"),
        "run": ("run", *suite, "--quiet"),
        "run --dry-run": ("run", *suite, "--dry-run"),
        "report": ("report", *suite, "--videos", "none", "--quiet"),
        "report --format csv,md": ("report", *suite, "--format", "csv,md", "--output", str(folder / "elsewhere"), "--quiet"),
        "compare bicubic first": ("compare", "bicubic", "first", *shared),
        "list methods": ("list", "methods", "--cards", str(folder / "cards")),
    }
    for name, arguments in verbs.items():
        first, _ = command(folder, *arguments)
        again = min(command(folder, *arguments) for _ in range(repeats))
        print(f"| {name:28} | {first:8.1f} | {again[0]:8.2f} ({again[1]:.2f}) |", flush=True)


def command(folder: Path, *arguments: str) -> tuple[float, float]:
    """Seconds, and those on a core, of mgld-bench with these arguments."""
    before, began = os.times(), time.perf_counter()
    environment = {**os.environ, "MGLD_BENCH_HOME": str(folder / "home")}
    subprocess.run([sys.executable, "-m", "mgld_bench", *arguments], check=True, stdout=subprocess.DEVNULL, env=environment)
    seconds, after = time.perf_counter() - began, os.times()
    used = after.children_user + after.children_system - before.children_user - before.children_system
    return seconds, used


def write_suite(folder: Path, clips: list[str]) -> None:
    """The frames of the clips, and cards for a suite of them: Bicubic, and its frames as finished results three times."""
    generator = np.random.default_rng(0)
    for clip in clips:
        for index in range(FRAMES):
            frame = generator.integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8)
            write_frame(folder / "source/GT" / clip / frame_name(index), frame)
            write_frame(folder / "source/LQ" / clip / frame_name(index), np.ascontiguousarray(frame[::4, ::4]))
    layout = {"name": "common", "ground_truth": "GT/{clip}", "low_resolution": "LQ/{clip}"}
    cards = {
        "datasets/many.yaml": {
            "name": "many",
            "layouts": [layout],
            "clips": [{"name": clip, "frames": FRAMES} for clip in clips],
        },
        "reports/many.yaml": {
            "name": "many",
            "protocol": "mgld-2024",
            "methods": list(METHODS),
            "datasets": [{"name": "many", "metrics": list(METRICS)}],
        },
        **{
            f"baselines/{name}.yaml": {"name": name, "extends": "results", "options": {"folder": str(folder / "frames")}}
            for name in METHODS[1:]
        },
    }
    for name, card in cards.items():
        path = folder / "cards" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(yaml.safe_dump(card), encoding="utf-8")


if __name__ == "__main__":
    main()

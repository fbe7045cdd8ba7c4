"""Stand-ins for the data of README and CONTRIBUTING: the same commands, with datasets of a few small frames."""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path

import numpy as np

from mgld_bench.cards.loader import load_dataset
from mgld_bench.clips.writing import frame_name, write_frame
from tests.helpers.clip_samples import make_frames
from tests.helpers.project import ROOT

WIDTH, HEIGHT, FRAMES = 192, 96, 2
"""Two of the 96 x 96 blocks that NIQE needs."""


def small_checkout(folder: Path) -> Path:
    """A copy of the package and its cards in which REDS4 and UDM10 have few and small frames."""
    shutil.copytree(ROOT / "mgld_bench", folder / "mgld_bench", ignore=shutil.ignore_patterns("__pycache__"))
    for cards in ("datasets", "baselines", "reports"):
        shutil.copytree(ROOT / cards, folder / cards)
    for name in ("reds4", "udm10"):
        card = folder / f"datasets/{name}.yaml"
        card.write_text(shrunk(card.read_text(encoding="utf-8")), encoding="utf-8")
    with (folder / "reports/table1.yaml").open("a", encoding="utf-8") as report:
        # Plots take most of the time of a report this small.
        report.write("\nplots: [strip]\n")
    return folder


def shrunk(card: str) -> str:
    """The text of a card with the frames and sizes of the stand-ins."""
    card = re.sub(r"frames: \d+(?=[,}])", f"frames: {FRAMES}", card)
    card = re.sub(r"^size: \[\d+, \d+\]", f"size: [{WIDTH}, {HEIGHT}]", card, flags=re.MULTILINE)
    card = re.sub(r"^frames: \[0, 50, 99\]", f"frames: [0, {FRAMES - 1}]", card, flags=re.MULTILINE)
    return re.sub(r"^total_frames: .*\n", "", card, flags=re.MULTILINE)


def write_program(folder: Path, package: Path) -> Path:
    """A program mgld-bench that runs the package in ``package``; returns its folder."""
    folder.mkdir(parents=True)
    program = folder / "mgld-bench"
    program.write_text(f'#!/bin/sh\nPYTHONPATH="{package}" exec "{sys.executable}" -m mgld_bench "$@"\n')
    program.chmod(0o755)
    return folder


def write_dataset(folder: Path, dataset: str, truth: str, low: str = "") -> None:
    """Clips of a shipped dataset, at the patterns ``truth`` and ``low``."""
    write_clips(folder, [clip.name for clip in load_dataset(dataset).clips], truth, low)


def write_clips(folder: Path, names: list[str], truth: str, low: str = "") -> None:
    """Clips of these names, at the patterns ``truth`` and ``low``."""
    for seed, name in enumerate(names):
        for index, frame in enumerate(make_frames(FRAMES, HEIGHT, WIDTH, seed)):
            write_frame(folder / truth.format(clip=name) / frame_name(index), frame)
            if low:
                write_frame(folder / low.format(clip=name) / frame_name(index), np.ascontiguousarray(frame[::4, ::4]))

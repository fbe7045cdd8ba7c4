"""Restoring clips outside a suite: one method card, any clips."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

from mgld_bench.cards.loader import load_method
from mgld_bench.clips.clip import Clip
from mgld_bench.engine.keys import method_facts, restore_key
from mgld_bench.engine.lock import sole_writer
from mgld_bench.engine.progress import Progress, resumed_steps, stage
from mgld_bench.errors import InputError
from mgld_bench.methods.compute import Compute, Precision
from mgld_bench.restoring.loading import load_restorer
from mgld_bench.restoring.running import restore_clip


def compute_on(device: str, precision: str, max_memory: str) -> Compute:
    """Where to compute, from the texts of the options.

    Args:
        device: a torch device; "": cuda where there is one, else cpu.
        precision: float32, float16 or bfloat16.
        max_memory: a size such as 8G or 500M; "": half of the device's memory.

    Raises:
        InputError: for a device that is not there, an unknown precision, or a size that is none.
    """
    if precision not in get_args(Precision):
        raise InputError(f"--precision {precision}: use one of {', '.join(get_args(Precision))}")
    compute = Compute(device or _best_device(), precision, _bytes(max_memory))  # type: ignore[arg-type]  # checked just above
    compute.check()
    return compute


def _best_device() -> str:
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


def restore_clips(
    method: str, clips: Sequence[Clip], output: Path, compute: Compute, cards: Sequence[Path], progress: Progress
) -> list[Path]:
    """Restore each clip into ``output``/<clip name>/%08d.png, with a side file beside; returns these folders.

    Finished clips of the same method, weights, options and input are left as they are; a partial one is gone on with.
    """
    card = load_method(method, cards)
    restorer = load_restorer(card, compute)
    with stage(progress, "restore", sum(clip.frame_count for clip in clips)), sole_writer(output):
        for clip in clips:
            progress.unit(f"{card.name} {clip.name}")
            source = clip.digest()
            key = restore_key(source, "", clip.name, card, compute.precision)
            restore_clip(restorer, clip, output, key, {**method_facts(card), "input": source}, resumed_steps(progress))
    return [output / clip.name for clip in clips]


def _bytes(text: str) -> int | None:
    if not text:
        return None
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([kMGT]?)i?B?", text)
    if match is None:
        raise InputError(f"--max-memory {text}: write a size such as 8G or 500M")
    return int(float(match[1]) * 1000 ** " kMGT".index(match[2] or " "))

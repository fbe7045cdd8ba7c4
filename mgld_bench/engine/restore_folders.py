"""Restoring clips outside a suite: one method card, any clips."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from mgld_bench.cards.loader import load_method
from mgld_bench.clips.clip import Clip
from mgld_bench.engine.keys import method_facts, restore_key
from mgld_bench.engine.progress import Progress, resumed_steps, stage
from mgld_bench.engine.safe_writes import sole_writer
from mgld_bench.methods.compute import Compute
from mgld_bench.restoring.loading import load_restorer
from mgld_bench.restoring.running import restore_clip


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

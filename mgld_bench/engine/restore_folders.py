"""Restoring clips that belong to no suite: any clips, with the method of one card."""

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
    """Restore each clip into output/<clip name>/%08d.png, with a side file that records how.

    A clip that is there already, from the same input by the same method, weights and options, is kept; a partial one is resumed.

    Args:
        method: name of a method card, or a card file.
        clips: LR clips.
        output: folder for the restored clips.
        compute: where and how to compute.
        cards: further folders with cards.
        progress: where to report progress.

    Returns:
        The folder of each restored clip.

    Raises:
        InputError: the method cannot run here, a clip cannot be read, or another run is using ``output``.
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

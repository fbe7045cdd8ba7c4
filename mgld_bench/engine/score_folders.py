"""Scoring folders or videos that no card knows of: the everyday use."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from mgld_bench.clips.clip import Clip
from mgld_bench.clips.reading import find_clips
from mgld_bench.engine.progress import Progress, stage, steps
from mgld_bench.errors import InputError
from mgld_bench.metrics.catalogue import load_metric
from mgld_bench.metrics.metric import ClipScore
from mgld_bench.scoring.score_pass import score_clip

METHOD = "restored"
"""What the scoring pass calls the one method whose clips are scored."""


def score_folders(
    restored: Path,
    ground_truth: Path | None,
    metrics: Sequence[str],
    frames: tuple[int, ...] | None,
    device: str,
    progress: Progress,
) -> dict[str, list[ClipScore]]:
    """Scores of every restored clip by its name, in natural order; ``metrics`` are full variant names.

    ``restored`` and ``ground_truth`` are a clip each (paired whatever their names) or folders of clips (paired by name).
    Raises InputError where a clip has no partner, or where frame counts, sizes or positions disagree.
    """
    pairs = pair_by_name(find_clips(restored), None if ground_truth is None else find_clips(ground_truth))
    loaded = [load_metric(name, device) for name in metrics]
    scores: dict[str, list[ClipScore]] = {}
    with stage(progress, "score", sum(clip.frame_count for clip, _ in pairs)):
        for clip, reference in pairs:
            progress.unit(clip.name)
            if clip.facts.lossy:
                progress.say(f"note: {clip.path} is stored with lossy compression, which is scored with it")
            result = score_clip(
                reference,
                {METHOD: clip},
                {METHOD: loaded},
                "all" if frames is None else frames,
                progress=steps(progress),
                device=device,
                say=progress.say,
            )
            scores[clip.name] = [result[METHOD][name] for name in metrics]
    return scores


def pair_by_name(restored: Sequence[Clip], ground_truth: Sequence[Clip] | None) -> list[tuple[Clip, Clip | None]]:
    """Each restored clip with its ground truth: by name, but for one clip against one, whose names may differ."""
    if ground_truth is None:
        return [(clip, None) for clip in restored]
    if len(restored) == len(ground_truth) == 1:
        return [(restored[0], ground_truth[0])]
    references = {clip.name: clip for clip in ground_truth}
    names = {clip.name for clip in restored}
    lonely = [clip.name for clip in restored if clip.name not in references]
    if lonely:
        raise InputError(f"no ground truth for restored clip(s) {', '.join(lonely)}: --gt has {', '.join(references)}")
    unrestored = [name for name in references if name not in names]
    if unrestored:
        raise InputError(
            f"no restored clip for ground truth {', '.join(unrestored)}: {len(names)} of {len(references)} clips are there; "
            "restore the rest, or move the ground truth of those that are not to be scored out of --gt"
        )
    return [(clip, references[clip.name]) for clip in restored]

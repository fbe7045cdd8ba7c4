"""Scoring folders or videos that no card knows, the everyday use: which metrics, which clips together, and their scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mgld_bench.cards.schemas import ProtocolCard
from mgld_bench.clips.clip import Clip
from mgld_bench.clips.reading import find_clips
from mgld_bench.engine.progress import Progress, stage, steps
from mgld_bench.errors import InputError
from mgld_bench.metrics.catalogue import describe, load_metric, reason_unavailable
from mgld_bench.metrics.metric import ClipScore
from mgld_bench.scoring.score_pass import score_clip

EVERY: Final = "all"
"""In place of names: every metric of the protocol."""
REFERENCE_METRICS = ("psnr", "ssim", "vmaf", "niqe", "brisque")
"""Scored where there is ground truth and no metric is named (short names of the protocol)."""
NO_REFERENCE_METRICS = ("niqe", "brisque")
"""The same without ground truth."""
_METHOD: Final = "restored"
"""What the scoring pass calls the one method whose clips are scored."""


@dataclass(frozen=True)
class MetricChoice:
    """The metrics that were asked for, by full variant name, in order."""

    asked: tuple[str, ...]
    left_out: Mapping[str, str]
    """Those that cannot run here, with the reason in one line."""

    @property
    def runnable(self) -> tuple[str, ...]:
        """Those that can run."""
        return tuple(name for name in self.asked if name not in self.left_out)


def choose_metrics(names: Sequence[str], protocol: ProtocolCard, has_reference: bool) -> MetricChoice:
    """Resolve the names of metrics, and find out which of them cannot run here.

    Args:
        names: short names of the protocol, full variants, or "all" for every metric of the protocol; where there is none, those
            that need no weights.
        protocol: the card that resolves short names.
        has_reference: whether there is ground truth; where there is none, "all" leaves out the metrics that need it.

    Raises:
        InputError: a name does not exist, or needs a missing ground truth.
    """
    asked = names or (REFERENCE_METRICS if has_reference else NO_REFERENCE_METRICS)
    full: list[str] = []
    for name in asked:
        full += _every(protocol, has_reference) if name == EVERY else [protocol.resolve(name)]
    for name in full:
        if describe(name).needs_reference and not has_reference:
            raise InputError(f"metric {name} needs ground truth: name its folder with --gt, or choose no-reference metrics")
    chosen = tuple(dict.fromkeys(full))
    reasons = {name: reason_unavailable(name) for name in chosen}
    return MetricChoice(chosen, {name: reason for name, reason in reasons.items() if reason is not None})


def require_runnable(choice: MetricChoice) -> None:
    """Raise InputError that lists every metric that cannot run here, with its reason."""
    if choice.left_out:
        listed = "; ".join(f"metric {name}: {reason}" for name, reason in choice.left_out.items())
        raise InputError(f"cannot score: {listed}. Fix this, or skip them with --skip-unavailable")


def score_folders(
    restored: Path,
    ground_truth: Path | None,
    metrics: Sequence[str],
    frames: tuple[int, ...] | None,
    device: str,
    progress: Progress,
    colour: str = "",
) -> dict[str, list[ClipScore]]:
    """Score every restored clip.

    Args:
        restored: a clip, or a folder of clips.
        ground_truth: likewise. A clip and a clip belong together whatever their names; folders of clips are paired by name.
        metrics: full variant names.
        frames: the frame numbers (from 0) whose scores make up the clip's; None: all.
        device: cpu, cuda or cuda:1.
        progress: where to report progress.
        colour: what the samples of untagged video are; see `open_clip`.

    Returns:
        The scores of each clip in the order of ``metrics``, by its name, in natural order.

    Raises:
        InputError: a clip has no partner, or frame counts, sizes or positions disagree.
    """
    pairs = pair_by_name(
        find_clips(restored, colour=colour), None if ground_truth is None else find_clips(ground_truth, colour=colour)
    )
    loaded = [load_metric(name, device) for name in metrics]
    scores: dict[str, list[ClipScore]] = {}
    with stage(progress, "score", sum(clip.frame_count for clip, _ in pairs)):
        for clip, reference in pairs:
            progress.unit(clip.name)
            for place in (clip, reference):
                if place is not None and place.facts.lossy:
                    progress.log(f"note: {place.path} is stored with lossy compression, whose artefacts count in the scores")
            result = score_clip(
                reference,
                {_METHOD: clip},
                {_METHOD: loaded},
                "all" if frames is None else frames,
                progress=steps(progress),
                device=device,
                log=progress.log,
            )
            scores[clip.name] = [result[_METHOD][name] for name in metrics]
    return scores


def pair_by_name(restored: Sequence[Clip], ground_truth: Sequence[Clip] | None) -> list[tuple[Clip, Clip | None]]:
    """Each restored clip with its ground truth, by name; one clip and one clip belong together whatever their names.

    Raises:
        InputError: a clip has no partner.
    """
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
            "restore the rest, or move the ground truth that is not to be scored out of --gt"
        )
    return [(clip, references[clip.name]) for clip in restored]


def _every(protocol: ProtocolCard, has_reference: bool) -> list[str]:
    return [name for name in protocol.metrics.values() if has_reference or not describe(name).needs_reference]

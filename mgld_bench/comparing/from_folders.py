"""Methods' states out of folders of frames or videos: scored as `mgld-bench score` does, with the scores that it keeps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mgld_bench.cards.schemas import ProtocolCard
from mgld_bench.comparing.frames import FolderFrames, Frames
from mgld_bench.comparing.from_scores import DATASET
from mgld_bench.comparing.state import RestoredClip, Scored, State
from mgld_bench.engine.keys import metric_sha256
from mgld_bench.engine.origins import scoring_origin
from mgld_bench.engine.progress import Progress
from mgld_bench.errors import IncompleteError
from mgld_bench.metrics.catalogue import describe

if TYPE_CHECKING:
    from mgld_bench.engine.score_folders import FolderScores


@dataclass(frozen=True)
class FolderScoring:
    """How folders are scored."""

    ground_truth: Path | None
    metrics: tuple[str, ...]
    """Short or full names; none: the default ones."""
    protocol: ProtocolCard
    device: str
    command: tuple[str, ...]
    """Recorded with new scores."""
    progress: Progress


def score_states(folders: Mapping[str, Path], scoring: FolderScoring) -> list[State]:
    """Score these folders in one pass; what was scored before takes no time.

    Args:
        folders: by the name of the method.
        scoring: how.

    Raises:
        InputError: a folder, the ground truth or a metric cannot be used.
        IncompleteError: something could not be scored; all the rest is kept.
    """
    # Here, because most comparisons are of scores that are there.
    from mgld_bench.engine.clip_choice import choose_clips
    from mgld_bench.engine.kept_scores import KeptScores
    from mgld_bench.engine.machine import compute_on, provenance
    from mgld_bench.engine.metric_choice import choose_metrics, require_runnable
    from mgld_bench.engine.score_folders import ScoreRequest, new_scores, score_folders

    choice = choose_metrics(scoring.metrics, scoring.protocol, has_reference=scoring.ground_truth is not None)
    require_runnable(choice)
    compute = compute_on(scoring.device, "float32", "")
    protocol = scoring.protocol
    request = ScoreRequest(choice.runnable, protocol.frames, device=compute.device, short_side=protocol.short_side)
    with KeptScores("", scoring.command, compute, scoring.progress.log) as kept:
        chosen = choose_clips(folders, scoring.ground_truth, cache=kept.cache)
        scores = new_scores(chosen, request)
        score_folders(chosen, request, kept, scoring.progress, scores)
    if scores.failures and not scores.scores:
        scores.raise_failures()
    if scores.failures:
        raise IncompleteError(f"incomplete: not compared: {'; '.join(scores.failures)}")
    origin = scoring_origin(provenance(scoring.command, compute)).parts
    return [
        _state(scores, method, FolderFrames(chosen.clips, method), str(folders[method]), scoring.protocol, origin)
        for method in scores.methods
    ]


def _state(
    scores: FolderScores, method: str, frames: Frames, shown: str, protocol: ProtocolCard, origin: Mapping[str, str]
) -> State:
    choice = protocol.frames if protocol.frames == "all" else ", ".join(map(str, protocol.frames))
    table: dict[tuple[str, str], dict[str, Scored]] = {}
    for metric in scores.metrics:
        facts = describe(metric)
        files = metric_sha256(facts)
        for clip in scores.names:
            if (method, clip, metric) in scores.scores:
                score = scores.scores[method, clip, metric]
                scored = Scored(score.value, score.per_frame, choice, facts.revision, files)
                table.setdefault((DATASET, metric), {})[clip] = scored
    clips = {(DATASET, clip): RestoredClip(pair=scores.references.get(clip, "")) for clip in scores.names}
    return State(method, shown, protocol.name, table, clips, (origin,), frames=frames)


def distinct_names(folders: Sequence[Path]) -> list[str]:
    """A name for each folder, as short as it can be while no two are alike.

    >>> distinct_names([Path("a/mine"), Path("b/mine"), Path("x")])
    ['a/mine', 'b/mine', 'x']
    """
    names = [path.resolve().name or str(path) for path in folders]
    return [name if names.count(name) == 1 else str(path) for name, path in zip(names, folders, strict=True)]

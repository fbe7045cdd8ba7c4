"""What two states can be compared on: the same clips, pairs, frames, protocol and metrics; everything else is refused by name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mgld_bench.comparing.state import Scored, State
from mgld_bench.errors import InputError, first_of


class NothingInCommonError(InputError):
    """Two states have no clip with scores by the same metric."""


@dataclass(frozen=True)
class Ground:
    """The clips on which two states are compared by one metric on one dataset."""

    dataset: str
    metric: str
    clips: tuple[str, ...]
    """Those that both have."""
    only_reference: tuple[str, ...]
    """Clips without a score of the candidate; likewise ``only_candidate``."""
    only_candidate: tuple[str, ...]

    @property
    def complete(self) -> bool:
        """Whether both have every clip."""
        return not (self.only_reference or self.only_candidate)


@dataclass(frozen=True)
class CommonGround:
    """Everything on which two states are compared."""

    lines: tuple[Ground, ...]
    unmatched: tuple[str, ...]
    """Datasets and metrics that only one of them has, one line each."""
    unchecked: tuple[str, ...]
    """What could not be checked because it was not recorded, one line each."""


def common_ground(reference: State, candidate: State, datasets: Sequence[str] = (), metrics: Sequence[str] = ()) -> CommonGround:
    """The common ground of two states.

    Args:
        reference: one of them.
        candidate: the other.
        datasets: only these; none: all that both have.
        metrics: full variants, likewise.

    Raises:
        InputError: they share nothing, or what they share was not done alike: a different protocol, different pairs, frames,
            revisions or files of a metric.
    """
    both = f"{reference.name} and {candidate.name}"
    if reference.protocol and candidate.protocol and reference.protocol != candidate.protocol:
        raise InputError(
            f"{both} were scored under different protocols, {reference.protocol} and {candidate.protocol}: score one of them "
            "again"
        )
    shared = [
        place
        for place in reference.scores
        if place in candidate.scores and (not datasets or place[0] in datasets) and (not metrics or place[1] in metrics)
    ]
    lines = tuple(_ground(reference, candidate, dataset, metric) for dataset, metric in shared)
    lines = tuple(line for line in lines if line.clips)
    if not lines:
        raise NothingInCommonError(f"{both} have nothing in common to compare: {_what(reference)}; {_what(candidate)}")
    unknown = _check_pairs(reference, candidate, lines)
    for line in lines:
        unknown += _check_scores(reference, candidate, line)
    return CommonGround(lines, tuple(_unmatched(reference, candidate, datasets, metrics)), tuple(dict.fromkeys(unknown)))


def _ground(reference: State, candidate: State, dataset: str, metric: str) -> Ground:
    ours, theirs = reference.scores[dataset, metric], candidate.scores[dataset, metric]
    return Ground(
        dataset,
        metric,
        tuple(clip for clip in ours if clip in theirs),
        tuple(clip for clip in ours if clip not in theirs),
        tuple(clip for clip in theirs if clip not in ours),
    )


def _check_pairs(reference: State, candidate: State, lines: Sequence[Ground]) -> list[str]:
    """Refuse different pairs; returns what cannot be checked."""
    different: dict[str, list[str]] = {}
    unknown: dict[str, None] = {}
    for dataset, clip in dict.fromkeys((line.dataset, clip) for line in lines for clip in line.clips):
        ours, theirs = (state.clips.get((dataset, clip)) for state in (reference, candidate))
        if not (ours and theirs and ours.pair and theirs.pair):
            unknown[dataset] = None
        elif ours.pair != theirs.pair:
            different.setdefault(dataset, []).append(clip)
    if different:
        places = "; ".join(f"{dataset or 'ground truth'}: {first_of(clips)}" for dataset, clips in different.items())
        raise InputError(
            f"{reference.name} and {candidate.name} were not given the same pairs ({places}): numbers of different pairs cannot "
            "be compared; restore and score both on one set of pairs"
        )
    return [f"whether both had the same pairs{_of(dataset)} is not recorded" for dataset in unknown]


def _check_scores(reference: State, candidate: State, line: Ground) -> list[str]:
    """Refuse scores that were not taken alike; returns what cannot be checked."""
    pairs = [
        (clip, reference.scores[line.dataset, line.metric][clip], candidate.scores[line.dataset, line.metric][clip])
        for clip in line.clips
    ]
    where = f"{line.metric}{_of(line.dataset)}"
    for clip, ours, theirs in pairs:
        for what, one, other in _facts(ours, theirs):
            if one not in (None, "") and other not in (None, "") and one != other:
                raise InputError(
                    f"{where}, clip {clip}: different {what} of {reference.name} and {candidate.name}: {_short(one)} and "
                    f"{_short(other)}; score both again with one version and protocol"
                )
    recorded = all(ours.revision is not None and theirs.revision is not None for _, ours, theirs in pairs)
    return [] if recorded else [f"the revision of {line.metric} is not recorded on both sides"]


def _facts(ours: Scored, theirs: Scored) -> list[tuple[str, object, object]]:
    return [
        ("revisions of the metric", ours.revision, theirs.revision),
        ("files of the metric", ours.files, theirs.files),
        ("frames chosen by the protocol", ours.choice, theirs.choice),
        ("frames scored", ours.frames, theirs.frames),
    ]


def _unmatched(reference: State, candidate: State, datasets: Sequence[str], metrics: Sequence[str]) -> list[str]:
    lines = []
    for state, other in ((reference, candidate), (candidate, reference)):
        alone: dict[str, list[str]] = {}
        for dataset, metric in state.scores:
            chosen = (not datasets or dataset in datasets) and (not metrics or metric in metrics)
            if (dataset, metric) not in other.scores and chosen:
                alone.setdefault(dataset, []).append(metric)
        for dataset, names in alone.items():
            lines.append(f"only {state.name} has {', '.join(names)}{_of(dataset)}")
    return lines


def _of(dataset: str) -> str:
    return f" of {dataset}" if dataset else ""


def _what(state: State) -> str:
    by_dataset: dict[str, list[str]] = {}
    for dataset, metric in state.scores:
        by_dataset.setdefault(dataset or "clips", []).append(metric)
    listed = ", ".join(f"{dataset} ({', '.join(metrics)})" for dataset, metrics in by_dataset.items())
    return f"{state.name} has {listed or 'no scores'}"


def _short(value: object) -> str:
    if isinstance(value, tuple):
        return f"{len(value)} frames ({first_of(value)})"
    text = str(value)
    return text if len(text) <= 80 else f"{text[:77]}…"

"""Which metric would have foretold the votes? The metrics of a workspace's store against the votes, clip by clip.

On each clip, the pairs of methods that were voted on are taken: does the method with the better score have more votes? Clips are
the units, as everywhere in the suite: tau is computed on each, and its mean has an interval over clips.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from mgld_bench.clips.digest import text_digest
from mgld_bench.engine.origins import RESTORED_KEY
from mgld_bench.engine.plan import restored_folder
from mgld_bench.engine.store import Store
from mgld_bench.errors import InputError, first_of
from mgld_bench.metrics.catalogue import describe
from mgld_bench.restoring.record import read_record, record_path
from mgld_bench.statistics.intervals import Interval, mean_interval
from mgld_bench.statistics.told_by import pairwise_tau
from mgld_bench.study.results.collected import Collected
from mgld_bench.study.votes import Vote

CLEAR: Final = 0.75
"""A pair is clear on a clip where one method has at least this share of the votes, ties as halves …"""
FEWEST_VOTES: Final = 3
"""… of at least so many."""
ClipKey = tuple[str, str]
Scores = Mapping[tuple[str, str, str], float]
"""By dataset, clip and method."""


@dataclass(frozen=True)
class MetricAgreement:
    """How one metric goes with the votes on one question."""

    metric: str
    protocol: str
    """"" where all scores are of one."""
    direction: Literal["higher", "lower"]
    question: str
    clips: int
    """With votes, and with scores of two methods or more that were voted on."""
    clear: int
    """Clear pairs with both scores, over all clips."""
    agreed: int
    """Of these, how often the method with more votes has the better score; equal scores are no agreement."""
    tau: float | None
    """The mean over clips; None where no clip has pairs that differ in both."""
    tau_clips: int
    """The clips behind it."""
    interval: Interval | None
    """Of tau, over clips; None for fewer than three."""


def tell_metrics(
    collected: Collected, left_out: frozenset[str], store: Store, workspace: Path | None
) -> tuple[tuple[MetricAgreement, ...], tuple[str, ...]]:
    """Every metric of the store that has scores of what was voted on, for each question; and notes.

    Args:
        collected: the votes.
        left_out: participants whose votes do not count.
        store: where the scores are.
        workspace: with the restored clips, by whose side files the frames that were judged are known; None: there is none.
    """
    tables, notes = _scores(collected, store, workspace)
    protocols = {protocol for _, protocol in tables}
    found = []
    for question in collected.questions:
        by_clip = _preferences(collected.counted(question, left_out))
        for (metric, protocol), scores in tables.items():
            try:
                direction = describe(metric).direction
            except InputError as error:
                notes.append(f"{metric}: left out, since which direction is better is not known: {error}")
                continue
            shown = protocol if len(protocols) > 1 else ""
            one = _agreement(metric, shown, direction, question, by_clip, scores)
            if one is not None:
                found.append(one)
    found.sort(key=lambda each: (list(collected.questions).index(each.question), -(-2.0 if each.tau is None else each.tau)))
    return tuple(found), tuple(dict.fromkeys(notes))


def _preferences(votes: Sequence[Vote]) -> dict[ClipKey, dict[tuple[str, str], list[float]]]:
    """By clip and pair of methods (by name), the votes: 1 for the first, 0 for the second, half for a tie."""
    found: dict[ClipKey, dict[tuple[str, str], list[float]]] = {}
    for vote in votes:
        first, second = sorted((vote.trial.left, vote.trial.right))
        value = {first: 1.0, second: 0.0, None: 0.5}[vote.chosen]
        found.setdefault((vote.trial.dataset, vote.trial.clip), {}).setdefault((first, second), []).append(value)
    return found


def _agreement(
    metric: str,
    protocol: str,
    direction: Literal["higher", "lower"],
    question: str,
    by_clip: Mapping[ClipKey, Mapping[tuple[str, str], Sequence[float]]],
    scores: Scores,
) -> MetricAgreement | None:
    clips = clear = agreed = 0
    taus = []
    for clip, pairs in by_clip.items():
        rows = []
        for (first, second), values in pairs.items():
            one, other = scores.get((*clip, first)), scores.get((*clip, second))
            if one is None or other is None:
                continue
            # Two that are infinite are equal: both are identical to the ground truth.
            gain = 0.0 if one == other else (one - other) * (1 if direction == "higher" else -1)
            preference = math.fsum(values) / len(values)
            rows.append((preference - 0.5, gain))
            if len(values) >= FEWEST_VOTES and max(preference, 1 - preference) >= CLEAR:
                clear += 1
                agreed += (preference - 0.5) * gain > 0
        clips += bool(rows)
        tau = pairwise_tau([row[0] for row in rows], [row[1] for row in rows]) if rows else None
        taus += [] if tau is None else [tau]
    if not clips:
        return None
    interval = mean_interval(taus)
    return MetricAgreement(
        metric,
        protocol,
        direction,
        question,
        clips,
        clear,
        agreed,
        math.fsum(taus) / len(taus) if taus else None,
        len(taus),
        None if interval is None else interval.within(-1, 1),
    )


def _scores(
    collected: Collected, store: Store, workspace: Path | None
) -> tuple[dict[tuple[str, str], dict[tuple[str, str, str], float]], list[str]]:
    """By metric and protocol, the latest scores of the frames that were judged; and what is left out, in words."""
    voted = {
        (vote.trial.dataset, vote.trial.clip, method)
        for vote in collected.votes
        if vote.trial.kind == "pair"
        for method in (vote.trial.left, vote.trial.right)
    }
    units = [unit for unit, _ in store.recorded("score") if (unit.dataset, unit.clip, unit.method) in voted]
    keys, others = _judged_keys(collected, workspace, {(unit.dataset, unit.clip, unit.method) for unit in units})
    values = store.clip_values(unit.key for unit in units)
    found: dict[tuple[str, str], dict[tuple[str, str, str], float]] = {}
    for unit in units:
        place = unit.dataset, unit.clip, unit.method
        judged = keys.get(place)
        made = str(unit.facts.get(RESTORED_KEY, ""))
        if place in others or (judged and made and made != judged) or unit.key not in values:
            continue
        value = values[unit.key][1]
        if not math.isnan(value):
            # The earliest stand first: of several scores of the same frames, the last one stays.
            found.setdefault((unit.metric, unit.protocol), {})[place] = value
    notes = []
    if others:
        names = [f"{method} on {clip}" for _, clip, method in sorted(others)]
        notes.append(
            f"not the frames that were judged, so that their scores are left out: {first_of(names)} "
            "(restored anew since the study was made)"
        )
    return found, notes


def _judged_keys(
    collected: Collected, workspace: Path | None, places: set[tuple[str, str, str]]
) -> tuple[dict[tuple[str, str, str], str], set[tuple[str, str, str]]]:
    """The keys of the restored clips that were judged, as far as they are known; and clips that have different frames now."""
    keys: dict[tuple[str, str, str], str] = {}
    others = set()
    for dataset, clip, method in places if workspace is not None else ():
        judged = (collected.digests or {}).get((dataset, clip, method))
        record = read_record(record_path(restored_folder(workspace, dataset, method), clip)) if workspace and judged else None
        if record is None:
            continue
        if text_digest(record.sha256) == judged:
            keys[dataset, clip, method] = record.key
        else:
            others.add((dataset, clip, method))
    return keys, others

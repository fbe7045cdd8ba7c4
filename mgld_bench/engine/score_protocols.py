"""The same frames under several protocols, and what makes their scores differ."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from mgld_bench.cards.schemas import ProtocolCard
from mgld_bench.engine.clip_choice import ClipChoice
from mgld_bench.engine.kept_scores import KeptScores
from mgld_bench.engine.metric_choice import EVERY, MetricChoice, choose_metrics, default_metrics
from mgld_bench.engine.progress import Progress
from mgld_bench.engine.score_folders import FolderScores, ScoreRequest, new_scores, score_folders
from mgld_bench.errors import InputError, did_you_mean, first_of
from mgld_bench.metrics.catalogue import describe
from mgld_bench.metrics.knobs import different_knobs
from mgld_bench.scoring.score_pass import FrameChoice


@dataclass(frozen=True)
class Under:
    """What is scored under one protocol."""

    protocol: ProtocolCard
    metrics: Mapping[str, str]
    """By the name that was asked for, the full variant; absent where the protocol has no such metric."""
    choice: MetricChoice

    @property
    def frames(self) -> tuple[FrameChoice, int | None]:
        """The frames that count, and the short side to which they are resized."""
        return self.protocol.frames, self.protocol.short_side


@dataclass
class SideBySide:
    """The scores under each protocol, as far as they are there."""

    under: tuple[Under, ...]
    scores: dict[str, FolderScores] = field(default_factory=dict)
    """By protocol name."""

    def only(self, one: Under) -> FolderScores:
        """The scores of one protocol, without the metrics that others score on the same frames."""
        whole = self.scores[one.protocol.name]
        own = {key: score for key, score in whole.scores.items() if key[2] in one.choice.runnable}
        return FolderScores(whole.methods, whole.names, one.choice.runnable, own, whole.references, whole.failures)

    @property
    def left_out(self) -> dict[str, str]:
        """The metrics that cannot run here, with the reason."""
        return {name: reason for one in self.under for name, reason in one.choice.left_out.items()}

    @property
    def failures(self) -> list[str]:
        """What has no score, and why, one line each."""
        return list(dict.fromkeys(line for scores in self.scores.values() for line in scores.failures))

    @property
    def asked(self) -> tuple[str, ...]:
        """The names of metrics that were asked for, in order."""
        return tuple(dict.fromkeys(name for one in self.under for name in one.metrics))


@dataclass(frozen=True)
class Line:
    """One metric of one method, under every protocol."""

    metric: str
    """As it was asked for."""
    method: str
    variants: tuple[str, ...]
    """The full variant under each protocol; "" where the protocol has no such metric."""
    means: tuple[float | None, ...]
    """Over the clips that have a score under each protocol that has scores; None where there is none."""
    clips: int
    """How many clips these are."""
    because: Mapping[str, tuple[str, ...]]
    """The knobs in which the protocols differ, each with its settings, of those protocols that have the metric."""

    @property
    def spread(self) -> float | None:
        """The last protocol's mean minus the first one's, of those that have a finite one; None where fewer than two have."""
        known = [mean for mean in self.means if mean is not None and math.isfinite(mean)]
        return known[-1] - known[0] if len(known) > 1 else None


def choose_under(names: Sequence[str], protocols: Sequence[ProtocolCard], has_reference: bool) -> tuple[Under, ...]:
    """Which variants each protocol makes of the names.

    A short name that only some protocols have is scored under these; a full name is scored under each.

    Args:
        names: short names of a protocol, full variants, or "all" for every metric of each; where there is none, those that
            need no weights.
        protocols: at least two, with different names.
        has_reference: whether there is ground truth.

    Raises:
        InputError: no protocol has such a name, and no metric; or it needs a missing ground truth.
    """
    repeated = [card.name for card in protocols if sum(one.name == card.name for one in protocols) > 1]
    if len(protocols) < 2 or repeated:
        raise InputError(
            f"{repeated[0]} is named twice" if repeated else "one protocol is not side by side: name it with --protocol"
        )
    shorts = {short.lower() for card in protocols for short in card.metrics}
    found = []
    for card in protocols:
        own = {short.lower() for short in card.metrics}
        wanted: list[str] = []
        for name in names or default_metrics(has_reference):
            if name.lower() == EVERY:
                wanted += [short for short, full in card.metrics.items() if has_reference or not describe(full).needs_reference]
            elif name.lower() in own or name.lower() not in shorts:
                wanted.append(name)
        if not names:
            wanted = [name for name in wanted if name in own]
        full = {_spelled(name, card): _described(card, name, sorted(shorts)) for name in wanted}
        found.append(Under(card, full, choose_metrics(tuple(full), card, has_reference) if full else MetricChoice((), {})))
    return tuple(found)


def score_under(chosen: ClipChoice, request: ScoreRequest, kept: KeptScores, progress: Progress, into: SideBySide) -> None:
    """Score the clips under each protocol; frames are decoded once for all protocols that count the same ones.

    Args:
        chosen: the clips.
        request: shift and device; metrics and frames are those of the protocols.
        kept: where scores are kept.
        progress: where to report progress.
        into: is filled, so that what is done is there even where an interrupt ends the work.
    """
    groups: dict[tuple[FrameChoice, int | None], list[Under]] = {}
    for one in into.under:
        groups.setdefault(one.frames, []).append(one)
    for (frames, short_side), together in groups.items():
        metrics = tuple(dict.fromkeys(metric for one in together for metric in one.choice.runnable))
        of_group = ScoreRequest(metrics, frames, request.shift, request.device, short_side)
        scores = new_scores(chosen, of_group)
        into.scores |= {one.protocol.name: scores for one in together}
        if metrics:
            score_folders(chosen, of_group, kept, progress, scores)


def lines_of(result: SideBySide) -> list[Line]:
    """The table: a line per metric and method. Means are over the clips that every protocol with that metric has a score of."""
    return [
        _line(result, name, method)
        for name in result.asked
        for method in next(iter(result.scores.values())).methods
        if result.scores
    ]


def _line(result: SideBySide, name: str, method: str) -> Line:
    variants = tuple(one.metrics.get(name, "") for one in result.under)
    having = [(one, variant) for one, variant in zip(result.under, variants, strict=True) if variant]
    values = {one.protocol.name: _values(result, one, method, variant) for one, variant in having}
    there = {protocol: of_one for protocol, of_one in values.items() if of_one}
    common = [clip for clip in _names(result) if there and all(clip in of_one for of_one in there.values())]
    means = tuple(
        math.fsum(there[one.protocol.name][clip] for clip in common) / len(common)
        if common and one.protocol.name in there
        else None
        for one in result.under
    )
    because = different_knobs([variant for _, variant in having])
    frames = tuple(in_words(one.protocol.frames) for one, _ in having)
    sizes = tuple(f"short side {side}" if (side := one.protocol.short_side) else "as it is" for one, _ in having)
    because |= {knob: settings for knob, settings in (("frames", frames), ("size", sizes)) if len(set(settings)) > 1}
    return Line(name, method, variants, means, len(common), because)


def in_words(frames: FrameChoice) -> str:
    """Which frames count: all, or 0, 50, 99."""
    return "all" if frames == "all" else first_of([str(frame) for frame in frames], 6)


def _values(result: SideBySide, one: Under, method: str, metric: str) -> dict[str, float]:
    scores = result.scores[one.protocol.name].scores
    return {clip: scores[method, clip, metric].value for clip in _names(result) if (method, clip, metric) in scores}


def _names(result: SideBySide) -> tuple[str, ...]:
    return next(iter(result.scores.values())).names


def _spelled(name: str, card: ProtocolCard) -> str:
    """The short name as the card spells it; anything else as it is."""
    return next((short for short in card.metrics if short.lower() == name.lower()), name)


def _described(card: ProtocolCard, name: str, shorts: Sequence[str]) -> str:
    try:
        return describe(card.resolve(name)).name
    except InputError:
        hint = did_you_mean(name, shorts, f"their short names are: {', '.join(shorts)}")
        raise InputError(f"metric {name}: none of the protocols has it, and there is no such metric; {hint}") from None

"""From the statistics of differences to a verdict in one word, and the sentence that explains it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from mgld_bench.statistics.equivalence import equivalence_p
from mgld_bench.statistics.intervals import CONFIDENCE, Interval
from mgld_bench.statistics.power import clips_needed, detectable_effect
from mgld_bench.statistics.sign_flips import fewest_clips, smallest_p

Word = Literal["better", "worse", "equivalent", "cannot tell"]
LEVEL: Final = round(1 - CONFIDENCE, 9)
PRECISION: Final = 1e-5
"""Relative: what docs/precision.md promises of every metric for different chunks and threads."""

DEFAULT_MARGINS: Final[Mapping[str, float]] = {"psnr": 0.1, "ssim": 0.005, "lpips": 0.005, "dists": 0.005, "vmaf": 1.0}
"""Differences below these are called equivalent, by the family of the metric; others have no margin unless one is given."""


@dataclass(frozen=True)
class Evidence:
    """What the clips show of one metric on one dataset, in the metric's own direction."""

    differences: tuple[float, ...]
    """Candidate minus reference."""
    mean: float
    interval: Interval | None
    """95 %, not corrected for the number of tests."""
    p: float
    """Corrected (Holm)."""
    deviation: float | None
    tests: int
    """The size of the family in which p was corrected."""
    higher_is_better: bool
    margin: float | None
    digits: int
    within_precision: bool = False
    """Whether no clip's scores differ by more than `PRECISION` promises of the metric."""


@dataclass(frozen=True)
class Verdict:
    """What can be said of a difference."""

    word: Word
    because: str
    """One sentence without a full stop."""
    detectable: float | None
    """The smallest difference that these clips find in 4 of 5 cases; None where they can show none, or it is not known."""
    clips_needed: int | None
    """How many clips a difference of the size that was found would need; None where it is not known, or over 100,000."""
    equivalence_p: float | None
    """None where no margin is stated, or there are too few clips."""


def judge(evidence: Evidence) -> Verdict:
    """The verdict.

    Better and worse need both: p of the sign-flip test at most 0.05 after Holm, and a 95 % interval without 0 (where differences
    are infinite there is none: then the sign test alone, if most clips agree with the sign of the mean). Equivalent needs a
    margin, and the two one-sided tests; or scores that are identical, or differ only within the metric's promised precision.
    Everything else is "cannot tell", with what these clips could have shown.
    """
    count = len(evidence.differences)
    level = LEVEL / max(1, evidence.tests)
    same = equivalence_p(evidence.differences, evidence.margin) if evidence.margin else None
    spread = evidence.deviation or None
    effect = detectable_effect(count, level)
    detectable = None if effect is None or spread is None else effect * spread
    needed = clips_needed(evidence.mean / spread, level) if spread and math.isfinite(evidence.mean) else None

    def verdict(word: Word, because: str) -> Verdict:
        return Verdict(word, because, detectable, needed, same)

    if not any(evidence.differences):
        return verdict("equivalent", f"the scores of {_clips(count)} are identical")
    if evidence.within_precision:
        because = f"no score of {_clips(count)} differs beyond the metric's precision of {PRECISION:g} of its value"
        return verdict("equivalent", because)
    interval = evidence.interval
    excludes_zero = (
        not math.isfinite(evidence.mean) if interval is None else not interval.low <= 0 <= interval.high
    ) and not math.isnan(evidence.mean)
    within = same is not None and same <= LEVEL
    if math.isinf(evidence.mean) and not _most_agree(evidence):
        return verdict("cannot tell", "an infinite difference on few clips, and differences of the opposite sign on most")
    if evidence.p <= LEVEL and excludes_zero:
        good = (evidence.mean > 0) == evidence.higher_is_better
        small = f", though within the margin of {_number(evidence.margin or 0, evidence.digits)}" if within else ""
        return verdict("better" if good else "worse", f"p {_p(evidence.p)} over {_clips(count)}{small}")
    if within:
        return verdict("equivalent", f"within ±{_number(evidence.margin or 0, evidence.digits)}, p {_p(same or 0.0)}")
    return verdict("cannot tell", _why_not(evidence, level, detectable, needed))


def _most_agree(evidence: Evidence) -> bool:
    """Whether most clips that differ do so in the direction of the mean: the sign test is of clips."""
    same = sum(value * evidence.mean > 0 for value in evidence.differences)
    return 2 * same > sum(value != 0 for value in evidence.differences)


def _why_not(evidence: Evidence, level: float, detectable: float | None, needed: int | None) -> str:
    count = len(evidence.differences)
    if math.isnan(evidence.mean):
        return "infinite differences of both signs have no mean"
    if count < fewest_clips(level):
        least, need = _p(smallest_p(count)), fewest_clips(level)
        family = "" if evidence.tests == 1 else f" for {evidence.tests} tests together"
        return f"{_clips(count)} cannot decide: no p is below {least}; it takes {need} clips or more{family}"
    if detectable is None:
        return f"p {_p(evidence.p)} over {_clips(count)}"
    text = f"these {count} clips could show {_number(detectable, evidence.digits)} or more"
    if needed is not None and needed > count:
        return f"{text}; the difference found would need {needed} clips"
    return f"{text}; p {_p(evidence.p)}"


def _clips(count: int) -> str:
    return "1 clip" if count == 1 else f"{count} clips"


def _p(value: float) -> str:
    return "< 0.0001" if value < 1e-4 else f"{value:.3g}"


def _number(value: float, digits: int) -> str:
    """With the metric's digits, and more where these would show 0."""
    return f"{value:.{digits}f}" if round(value, digits) else f"{value:.2g}"

"""The quality alarm: is a checkpoint worse than its reference, beyond what clips and noise explain?

Scores of one checkpoint are the same every night, so that what varies is what training changes from clip to clip. The clip is the
unit; frames are never resampled. The rule, per dataset and metric, is in quality_of().
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from mgld_bench.metrics.metric import MetricFacts
from mgld_bench.nightly.noise import Noise
from mgld_bench.statistics.intervals import FEWEST_CLIPS
from mgld_bench.statistics.several_tests import holm
from mgld_bench.statistics.student import t_below

TOLERATED: Final[Mapping[str, float]] = {"psnr": 0.05, "ssim": 0.0025, "lpips": 0.0025, "dists": 0.0025, "vmaf": 0.5}
"""Mean losses up to these are no reason for an alarm, by the family of the metric; others have none, and only warn."""
LEVEL: Final = 0.005
"""Of the one-sided t test, after Holm over datasets and metrics: twenty nights have to pass without a false alarm."""
MOST_CLIPS: Final = 2 / 3
"""The share of clips that have to be worse."""
PLAIN: Final = 2.0
"""Where every clip loses more than this many times what is tolerated, no test is needed: for suites of few clips."""


@dataclass(frozen=True)
class Series:
    """A metric on a dataset: by clip, how much a checkpoint gained on its reference; below 0: it is worse."""

    dataset: str
    metric: MetricFacts
    gains: Mapping[str, float]
    noise: Noise | None = None
    """How much nights differ; None where it is not known. See `night_noise`."""


@dataclass(frozen=True)
class Quality:
    """What the clips show of one metric on one dataset."""

    series: Series
    against: str
    """The reference, in words."""
    loss: float
    """Mean over clips, above 0 where the checkpoint is worse; may be infinite."""
    worse: int
    """Clips that lost."""
    p: float | None
    """One-sided, after Holm; None for too few clips and for infinite losses."""
    alarm: bool
    warning: bool
    """As an alarm, but by a metric for which nothing says how much may be lost, or within what nights differ by."""

    @property
    def text(self) -> str:
        """In one line."""
        metric, clips = self.series.metric, len(self.series.gains)
        size = f"{abs(self.loss):.{metric.digits + 1}f}"
        if not float(size):
            size = f"{abs(self.loss):.1g}"
        change = "the same" if self.loss == 0 else f"{size} {'worse' if self.loss > 0 else 'better'}"
        p = "" if self.p is None else f", p {self.p:.2g}"
        known = self.series.noise
        noise = f", nights differ by {known.deviation:.{metric.digits + 1}f}" if known else ""
        seen = f"worse on {self.worse} of {clips} clips{p}{noise}"
        return f"{self.series.dataset} {metric.name}: {change} than {self.against} ({seen})"


def quality_of(found: Sequence[Series], against: str) -> tuple[Quality, ...]:
    """Judge every metric on every dataset.

    An alarm needs a mean loss above what is tolerated, and either a one-sided t test over clips at LEVEL (after Holm over all
    of ``found``) or a loss that the noise of the nights rules out, with MOST_CLIPS of the clips worse, or every clip worse by
    more than PLAIN times what is tolerated. A loss that this noise explains is a warning instead.

    Args:
        found: one per dataset and metric, with at least one clip each.
        against: the reference, in words.
    """
    ps = [_p(tuple(series.gains.values())) for series in found]
    known = [p for p in ps if p is not None]
    corrected = iter(holm(known))
    return tuple(_judged(series, None if p is None else next(corrected), against) for series, p in zip(found, ps, strict=True))


def tolerated(metric: str) -> float | None:
    """The mean loss that is tolerated of a metric, by its full name; None where nothing says."""
    return TOLERATED.get(metric.split(".", maxsplit=1)[0])


def _judged(series: Series, p: float | None, against: str) -> Quality:
    losses = [-gain for gain in series.gains.values()]
    mean = math.fsum(losses) / len(losses) if all(map(math.isfinite, losses)) else max(losses, key=abs)
    worse = sum(loss > 0 for loss in losses)
    limit = tolerated(series.metric.name)
    shown = p is not None and p <= LEVEL and worse >= MOST_CLIPS * len(losses)
    if limit is None:
        return Quality(series, against, mean, worse, p, alarm=False, warning=shown and mean > 0)
    noise = series.noise
    certain = noise is not None and noise.rules_out(mean) and worse >= MOST_CLIPS * len(losses)
    seen = mean > limit and (shown or certain or all(loss > PLAIN * limit for loss in losses))
    noisy = noise is not None and noise.excuses(mean, limit)
    return Quality(series, against, mean, worse, p, alarm=seen and not noisy, warning=seen and noisy)


def _p(gains: Sequence[float]) -> float | None:
    """Of "the mean gain is not below 0"."""
    if len(gains) < FEWEST_CLIPS or not all(map(math.isfinite, gains)):
        return None
    mean = math.fsum(gains) / len(gains)
    error = float(np.std(np.asarray(gains), ddof=1)) / math.sqrt(len(gains))
    if error == 0:
        return 0.0 if mean < 0 else 1.0
    return t_below(mean / error, len(gains) - 1)

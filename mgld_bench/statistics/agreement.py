"""Whether people agree: Krippendorff's alpha for names (nominal), where not everybody has answered everything."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np

from mgld_bench.statistics.choices import Choices


@dataclass(frozen=True)
class Agreement:
    """How alike the answers to the same things are."""

    alpha: float | None
    """1: always the same answer; 0: no more alike than by chance; below: less. None: all answers are one, so that there is no
    chance to compare with."""
    same: float
    """Of two people who answered about the same thing, how often the same."""
    units: int
    """Things that two or more have answered about; the others say nothing."""
    answers: int
    """About these."""


def nominal_agreement(units: Sequence[Sequence[Hashable]]) -> Agreement | None:
    """Krippendorff's alpha (2004, section 11.3) of the answers about each thing; None where nothing was answered twice.

    >>> nominal_agreement([["a", "a"], ["b", "b"], ["a", "b"]]).alpha  # 1 - 5 * 2 / (2 * 3 * 3)
    0.4444444444444444

    Args:
        units: by thing, all answers to it; who gave which has no effect.
    """
    paired = [unit for unit in units if len(unit) > 1]
    if not paired:
        return None
    names = {name: place for place, name in enumerate(dict.fromkeys(name for unit in paired for name in unit))}
    together = np.zeros((len(names), len(names)))
    same = met = 0.0
    for unit in paired:
        counts = np.bincount([names[name] for name in unit], minlength=len(names)).astype(np.float64)
        pairs = np.outer(counts, counts) - np.diag(counts)
        together += pairs / (len(unit) - 1)
        same += float(np.trace(pairs))
        met += float(pairs.sum())
    total = together.sum(axis=0)
    everything = float(total.sum())
    differing = everything - float(np.trace(together))
    by_chance = everything**2 - float((total**2).sum())
    alpha = 1 - (everything - 1) * differing / by_chance if by_chance > 0 else None
    return Agreement(alpha, same / met, len(paired), round(everything))


def vote_agreement(choices: Choices) -> Agreement | None:
    """The agreement of votes; a thing is a pair of methods on a clip, the answer which one was preferred, or a tie.

    Which method of a pair is called the first is arbitrary, and would decide how alike answers are by chance: so each thing
    counts twice, once in either order. A participant who voted several times on a thing counts as several.
    """
    found: dict[tuple[int, int, int], list[int]] = {}
    for clip, first, second, outcome in zip(choices.clips, choices.first, choices.second, choices.outcome, strict=True):
        turned = first > second
        key = int(clip), int(min(first, second)), int(max(first, second))
        found.setdefault(key, []).append(int(-outcome if turned else outcome))
    twice = nominal_agreement([*found.values(), *([-answer for answer in unit] for unit in found.values())])
    if twice is None:
        return None
    return Agreement(twice.alpha, twice.same, twice.units // 2, twice.answers // 2)

"""How often metrics agree with people, in an open study of upscaled video: data/agreement.yaml.

A number of one study, beside a metric's name: it says how far a ranking by that metric can be trusted on such clips, not what a
score means. Metrics that the study did not score have none.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from importlib import resources

import yaml

from mgld_bench.plain_data import PlainData


class Study(PlainData):
    """Where the numbers come from."""

    name: str
    paper: str
    url: str
    commit: str
    clear_pairs: int
    """Pairs of clips upscaled from the same input whose mean opinion scores differ by more than ``margin``."""
    margin: float
    sources: int
    clips: int
    methods: tuple[str, ...]

    @property
    def caveats(self) -> str:
        """What a reader of a share must know."""
        return (
            f"pairs of clips upscaled from the same input, whose mean opinion scores differ by more than {self.margin:g}: "
            f"{self.clear_pairs} pairs of {self.clips} clips, {self.sources} sources and {len(self.methods)} methods; "
            "uncertain by about 8 points, and more on other material; 50 % is chance"
        )


class Agreement(PlainData):
    """One metric's."""

    agreed: int
    """Clear pairs that it orders as people do."""
    srocc: float
    """Rank correlation with the mean opinion scores of the clips of one source, mean over sources."""
    scored: str = ""
    """What the study computed, where that is not certain to be this variant."""

    @property
    def percent(self) -> int:
        """The share of the clear pairs."""
        return round(100 * self.agreed / study().clear_pairs)

    @property
    def sentence(self) -> str:
        """The number with its source, without a full stop."""
        found = f"orders {self.percent} % of {study().clear_pairs} clear pairs as people do ({study().name})"
        return f"{found}; the study scored {self.scored}" if self.scored else found


class _File(PlainData):
    study: Study
    metrics: Mapping[str, Agreement]


def study() -> Study:
    """The study."""
    return _read().study


def agreements() -> Mapping[str, Agreement]:
    """All metrics that have a number, by full name."""
    return _read().metrics


def agreement_of(metric: str) -> Agreement | None:
    """That of the metric with this full name; None where the study did not score it."""
    return _read().metrics.get(metric)


@lru_cache(maxsize=1)
def _read() -> _File:
    text = (resources.files("mgld_bench.metrics") / "data" / "agreement.yaml").read_text(encoding="utf-8")
    return _File.model_validate(yaml.load(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader)))

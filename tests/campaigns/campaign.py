"""How long a campaign goes on, what is drawn in it, and the figures that it leaves."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mgld_bench.clips.atomic import write_json_atomic


@dataclass(frozen=True)
class Campaign:
    """One test's share of a campaign.

    Attributes:
        name: the test's name; its draws are its own, whatever runs beside it.
        seed: the same seed draws the same kills, errors and inputs again.
        budget: the share of the full number of trials; None is the small sample that runs in the suite.
        figures: where the figures of a campaign with a budget are kept, for docs/reliability.md.
    """

    name: str
    seed: int
    budget: float | None
    figures: Path

    @property
    def draw(self) -> random.Random:
        """A generator at its start, seeded by the campaign's seed and the test's name."""
        return random.Random(f"{self.seed} {self.name}")

    def trials(self, sample: int, full: int) -> int:
        """How many trials to make: ``sample`` in the suite, else the budget's share of ``full`` (at least one)."""
        return sample if self.budget is None else max(1, round(full * self.budget))

    def keep(self, found: Sequence[str] = (), **figures: int | float | str) -> None:
        """Writes what was counted and found so far, for whoever looks before it is over; nothing in the suite's small sample.

        Args:
            found: what was wrong, a text each.
            figures: by their names.
        """
        if self.budget is not None:
            drawn = {"campaign": self.name, "seed": self.seed, "budget": self.budget}
            write_json_atomic(self.figures / f"{self.name}.json", {**drawn, **figures, "found": list(found)})

"""A part of the clips of a dataset, as a user asks for it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mgld_bench.errors import InputError, did_you_mean, first_of


@dataclass(frozen=True)
class Subset:
    """Which clips to work on; all of them by default."""

    names: tuple[str, ...] = ()
    """Only these; all where none is given."""
    limit: int | None = None
    """Only the first so many, in the dataset's order."""

    def of(self, clips: Sequence[str]) -> list[str]:
        """Those of ``clips`` that are asked for; names that are not among them are passed over."""
        return [clip for clip in clips if not self.names or clip in self.names][: self.limit]

    def check(self, there: Iterable[str]) -> None:
        """Raise InputError where a clip that is asked for is not ``there``."""
        known = list(dict.fromkeys(there))
        for name in self.names:
            if name not in known:
                raise InputError(f"clip {name} does not exist: {did_you_mean(name, known, f'there are {first_of(known)}')}")

    def described(self, chosen: int, total: int) -> str:
        """``1 of 4 clips, as asked``; "" where all are meant."""
        return "" if chosen >= total else f"{chosen} of {total} clips, as asked"


EVERY_CLIP = Subset()

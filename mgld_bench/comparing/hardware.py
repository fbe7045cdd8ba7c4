"""Where costs were measured: only those of the same hardware can be compared."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final


@dataclass(frozen=True)
class Hardware:
    """A machine, its device, and how much of it was used."""

    device: str
    """cpu, 2 cores; cuda NVIDIA H200: without the number of the GPU."""
    machine: str
    """System and processor; "" where it was not recorded."""
    threads: int | None = None
    """Of work on a CPU; None on a GPU, and where it was not recorded: then it may have been any number."""

    @property
    def text(self) -> str:
        """For people."""
        cores = re.search(r"(\d+) cores", self.device)
        limited = self.threads is not None and not (cores and int(cores[1]) == self.threads)
        used = [f"{self.threads} thread{'' if self.threads == 1 else 's'}"] if limited else []
        return ", ".join(part for part in (self.device, *used, self.machine) if part) or "hardware that was not recorded"

    def like(self, other: Hardware) -> bool:
        """Whether costs of both can be compared, as far as it is known."""
        threads = {self.threads, other.threads} - {None}
        return (self.device, self.machine) == (other.device, other.machine) and len(threads) < 2


NOT_RECORDED: Final = Hardware("", "")


def hardware_of(facts: Mapping[str, Any], origin: Mapping[str, str]) -> Hardware:
    """Where something was measured.

    Args:
        facts: of its unit, with ``device`` (in full) and ``threads``, where they are recorded.
        origin: its ``machine``, and its ``device`` in short.
    """
    device = re.sub(r"^(\w+):\d+", r"\1", str(facts.get("device", "")))
    short = origin.get("device", "")
    if short and device.split(",")[0] != short:
        device = short
    return Hardware(device, origin.get("machine", ""), None if device.startswith("cuda") else facts.get("threads"))


def distinct_hardware(found: Iterable[Hardware]) -> tuple[Hardware, ...]:
    """Each kind once; more than one of them cannot be compared."""
    kinds: list[Hardware] = []
    # Those that are known best first, so that one without its threads is not a kind of its own.
    for hardware in sorted(dict.fromkeys(found), key=lambda one: one.threads is None):
        if not any(hardware.like(kind) for kind in kinds):
            kinds.append(hardware)
    return tuple(kinds)

"""Everything recorded of where a night runs, and what of it differs between two nights: code, versions, machine, driver."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from mgld_bench.engine.machine import provenance
from mgld_bench.methods.compute import Compute

_DRIVER: Final = Path("/proc/driver/nvidia/version")
_NAMES: Final = {
    "code": "code",
    "encoder": "ffmpeg",
    "hardware": "machine",
    "device": "device",
    "driver": "driver",
    "threads": "threads",
    "precision": "precision",
    "opencv": "opencv",
    "versions": "versions",
}


def environment(compute: Compute) -> dict[str, Any]:
    """What is recorded of this machine and its software; JSON can hold it."""
    facts = {name: value for name, value in provenance((), compute).items() if name != "command"}
    return {**facts, "code": _code(), "driver": _driver()}


def changes(earlier: Mapping[str, Any], later: Mapping[str, Any]) -> tuple[str, ...]:
    """What differs, one line each: "versions: torch 2.6.0 → 2.7.0"."""
    ours, theirs = _flat(earlier), _flat(later)
    return tuple(
        f"{' '.join(name)}: {ours.get(name, 'not recorded')} → {theirs.get(name, 'not recorded')}"
        for name in dict.fromkeys((*ours, *theirs))
        if ours.get(name) != theirs.get(name)
    )


def _flat(facts: Mapping[str, Any]) -> dict[tuple[str, ...], str]:
    found: dict[tuple[str, ...], str] = {}
    for name, value in facts.items():
        shown = _NAMES.get(name, name)
        parts = value.items() if isinstance(value, Mapping) else [("", value)]
        for part, text in parts:
            found[tuple(each for each in (shown, part) if each)] = str(text)
    return found


@lru_cache(maxsize=1)
def _code() -> str:
    """A digest of the suite's own source: two checkouts of one version differ in it."""
    folder = Path(__file__).parents[1]
    whole = hashlib.sha256()
    for path in sorted(folder.rglob("*.py")):
        whole.update(str(path.relative_to(folder)).encode() + b"\0" + path.read_bytes() + b"\0")
    return whole.hexdigest()[:12]


def _driver() -> str:
    """The version of NVIDIA's kernel driver; "none" where there is none."""
    try:
        return _DRIVER.read_text().splitlines()[0].removeprefix("NVRM version: ").strip()
    except (OSError, IndexError):
        return "none"

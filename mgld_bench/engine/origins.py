"""Where numbers come from: the machine, the device and the versions with which scores and restored clips were made.

Numbers made in different places may differ in their last digits, or by more. A score keeps its own origin: that of its run, not
that of the run after which somebody looks at it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from mgld_bench.restoring.record import RestoreRecord

RESTORED: Final = "restored"
"""Among the facts of a score's unit: restored_facts() of the clip that it scores."""
RESTORED_KEY: Final = "restored_key"
"""Likewise: the key of that clip. Scores of version 0.1 have none."""
FRAMES: Final = "frames"
"""Likewise: the frames that the protocol chose, "all" or a list. Scores of version 0.1 have none."""
SHORT_SIDE: Final = "short_side"
"""Likewise: the short side to which frames were resized first; absent where they were not."""
MADE_OF: Final = "made_of"
"""Among the facts of a restored clip's unit: what its key is a digest of. Those of version 0.1 have none; side files do."""
_SCORING_LIBRARIES: Final = ("torch", "torchvision", "pyiqa", "numpy", "scipy", "opencv")
_RESTORING_LIBRARIES: Final = ("torch", "numpy", "spandrel", "opencv")
_OPENCV_OF_0_1_0: Final = "opencv-python-headless"
"""What version 0.1.0 recorded in place of the OpenCV that computes."""


@dataclass(frozen=True)
class Origin:
    """Where and with what something was made: what can change a number. Equal for all that was made alike."""

    machine: str
    """System and processor; "" where it was not recorded."""
    device: str
    """Without the number of the GPU: cpu, cuda NVIDIA H200."""
    precision: str
    """Of the method's networks; "" for scores, which are computed in float32 or more."""
    versions: tuple[tuple[str, str], ...]
    """Of the libraries that decide numbers, ffmpeg by its sha256."""

    @property
    def parts(self) -> dict[str, str]:
        """All of it by name, in the order in which it is printed."""
        named = {"device": self.device, "machine": self.machine, "precision": self.precision, **dict(self.versions)}
        return {name: value for name, value in named.items() if value}

    @property
    def text(self) -> str:
        """All of it in one line."""
        return describe_parts(self.parts)


@dataclass(frozen=True)
class Made:
    """Where and when one score and its restored clip were made."""

    run: int
    """The number of the run that scored."""
    scored: Origin
    scored_at: str
    """UTC, ISO 8601."""
    restored: Origin
    restored_at: str
    """"" where it was not recorded."""
    score_unit: str = ""
    """The key of the score's unit; "" where it belongs to none, likewise the next two."""
    restored_unit: str = ""
    pair_unit: str = ""


def describe_parts(parts: Mapping[str, str]) -> str:
    """Parts of an origin in one line: "cpu, Linux x86_64 AMD EPYC, torch 2.14.1, ffmpeg 0d709a0bed1a"."""
    plain = ("device", "machine", "precision")
    return ", ".join(
        value if name in plain else f"{name} {value[:12] if name == 'ffmpeg' else value}" for name, value in parts.items()
    )


def scoring_origin(provenance: Mapping[str, Any]) -> Origin:
    """The origin of scores, from the provenance of the run that made them."""
    versions = _versions(provenance.get("versions", {}), _SCORING_LIBRARIES)
    ffmpeg = provenance.get("encoder", {}).get("sha256", "")
    return Origin(
        _machine(provenance.get("hardware", {})),
        _device(provenance.get("device", "")),
        "",
        (*versions, *((("ffmpeg", ffmpeg),) if ffmpeg else ())),
    )


def restored_facts(record: RestoreRecord) -> dict[str, Any]:
    """What a score keeps of the origin of the restored clip that it scores, which may have been made before its run."""
    return {
        "machine": record.machine,
        "device": record.device,
        "precision": record.precision,
        "versions": dict(record.versions),
        "finished_at": record.finished_at,
    }


def restored_origin(facts: Mapping[str, Any]) -> Origin:
    """The origin of a restored clip, from restored_facts() or from the provenance of its run."""
    return Origin(
        facts.get("machine") or _machine(facts.get("hardware", {})),
        _device(facts.get("device", "")),
        facts.get("precision", ""),
        _versions(facts.get("versions", {}), _RESTORING_LIBRARIES),
    )


def _machine(hardware: Mapping[str, Any]) -> str:
    return " ".join(str(hardware[name]) for name in ("system", "processor") if hardware.get(name))


def _device(text: str) -> str:
    """A description of a device, without what differs between two of a kind: "cpu, 2 cores" and "cuda:1 NVIDIA H200"."""
    return re.sub(r"^(\w+):\d+", r"\1", text).split(",")[0]


def _versions(recorded: Mapping[str, str], libraries: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    known = {"opencv": recorded.get(_OPENCV_OF_0_1_0, ""), **recorded}
    return tuple((name, known[name]) for name in libraries if known.get(name))

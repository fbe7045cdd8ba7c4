"""How much disk the videos of a report take, before anything is encoded; and less of them where that is too much."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mgld_bench.clips.reading import select_frames
from mgld_bench.errors import InputError
from mgld_bench.report.videos.encodings import encode
from mgld_bench.report.videos.kept import missing
from mgld_bench.report.videos.wanted import CHOICES, VideoChoice, WantedVideo

_PROBED_FRAMES: Final = 12
_SPARE: Final = 1_000_000_000
"""Bytes of the disk that stay free."""


@dataclass(frozen=True)
class Budget:
    """What is encoded, and what it takes."""

    choice: VideoChoice
    size: int
    """Bytes of all videos, also of those that are there; those to come are estimated."""
    new: int
    """Bytes of those to come."""
    line: str
    """For the user, where it is less than what was asked for; else ""."""


def choose(by_choice: Callable[[VideoChoice], Sequence[WantedVideo]], asked: VideoChoice, limit: int, kept: Path) -> Budget:
    """The largest choice, no larger than the one asked for, whose videos take no more than ``limit`` and fit on the disk.

    Args:
        by_choice: What each choice wants.
        asked: What the user wants.
        limit: Bytes.
        kept: Where videos are kept.
    """
    needed: list[str] = []
    probes: dict[tuple[str, bool], float] = {}
    free = shutil.disk_usage(next(folder for folder in (kept, *kept.parents) if folder.exists())).free - _SPARE
    for choice in reversed(CHOICES[: CHOICES.index(asked) + 1]):
        there, new = estimate(by_choice(choice), kept, probes)
        if there + new <= limit and (not new or new <= free):
            return Budget(choice, there + new, new, _shortage(needed, limit, free, kept, choice) if needed else "")
        needed.append(f"{choice} would take {readable(there + new)}")
    raise AssertionError("no video takes no room")


def estimate(videos: Sequence[WantedVideo], kept: Path, probes: dict[tuple[str, bool], float]) -> tuple[int, int]:
    """Bytes of the videos that are there, and about how many the others will take.

    A few frames of the first video of each kind, LR apart, are encoded to measure their bytes per pixel.

    Args:
        videos: Those that are wanted.
        kept: Where videos are kept.
        probes: What was measured already, by kind and whether it is LR; more is added.
    """
    absent = {video.file.key for video in videos if missing([video.file], kept)}
    there = sum(video.file.place(kept).stat().st_size for video in videos if video.file.key not in absent)
    new = {video.file.key: video for video in videos if video.file.key in absent}
    for video in new.values():
        kind = _kind(video)
        if kind not in probes:
            probes[kind] = _bytes_per_pixel(video)
    return there, round(sum(probes[_kind(video)] * video.pixels for video in new.values()))


def readable(size: float) -> str:
    """A number of bytes for people.

    >>> readable(3.4e9)
    '3.4 GB'
    """
    for unit in ("B", "kB", "MB"):
        if size < 1000:
            return f"{size:.0f} {unit}"
        size /= 1000
    return f"{size:.1f} GB"


def parse_size(text: str) -> int:
    """Bytes of text such as 500MB or 10GB. Raises InputError for anything else.

    >>> parse_size("1.5GB")
    1500000000
    """
    found = re.fullmatch(r"\s*([0-9]{1,6}(?:\.[0-9]{1,3})?)\s*([MGT])B\s*", text, re.IGNORECASE)
    if found is None:
        raise InputError(f"--videos-limit {text}: write a size such as 500MB or 10GB")
    return round(float(found[1]) * {"M": 10**6, "G": 10**9, "T": 10**12}[found[2].upper()])


def _kind(video: WantedVideo) -> tuple[str, bool]:
    return video.encoding.kind + ("" if video.region is None else " part"), video.side == "LR"


def _bytes_per_pixel(video: WantedVideo) -> float:
    count = min(_PROBED_FRAMES, video.clip.frame_count)
    part = select_frames(video.clip, (video.clip.frame_count - count) // 2, count)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"probe{video.encoding.suffix}"
        encode(part, video.rate, video.encoding, path, lambda: None)
        return path.stat().st_size / (count * part.width * part.height)


def _shortage(needed: Sequence[str], limit: int, free: int, kept: Path, choice: VideoChoice) -> str:
    """One line on why there is only ``choice``."""
    room = f"the limit is {readable(limit)} (--videos-limit)"
    if free < limit:
        room += f" and the disk of {kept} has {readable(max(free, 0))} to spare"
    return f"videos: {', '.join(needed)}; {room}: {choice} instead"

"""Which videos a report wants: of every side of every clip, by what was chosen."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache, partial
from pathlib import Path
from typing import Final, Literal

from mgld_bench.cards.schemas import Crop
from mgld_bench.clips.clip import Clip
from mgld_bench.clips.digest import text_digest
from mgld_bench.clips.frame_rate import frames_per_second
from mgld_bench.clips.reading import select_frames
from mgld_bench.report.collect.data import PictureSource
from mgld_bench.report.videos.encodings import EXACT, PREVIEW, Encoding, encode
from mgld_bench.report.videos.kept import KeptFile
from mgld_bench.report.videos.region import in_side, is_small

VideoChoice = Literal["none", "previews", "crops", "full"]
CHOICES: Final[tuple[VideoChoice, ...]] = ("none", "previews", "crops", "full")
"""Each takes more room than those before it."""
DEFAULT_CHOICE: Final[VideoChoice] = "crops"
"""Whole frames in motion, and every pixel as it was scored where methods differ: what people decide by, at a tenth of the size
of whole frames without loss."""
DEFAULT_LIMIT: Final = 10_000_000_000
"""Bytes."""
KEPT_VIDEOS: Final = "videos"
"""The folder of a workspace in which videos and pictures are kept from report to report."""


@dataclass(frozen=True)
class VideoWish:
    """What a report is to have."""

    kept: Path
    """The folder in which videos are kept from report to report."""
    choice: VideoChoice = DEFAULT_CHOICE
    limit: int = DEFAULT_LIMIT
    """Bytes that the videos of one report may take."""

    @property
    def in_words(self) -> str:
        """What is wanted."""
        return f"{self.choice}, at most {self.limit} bytes"


@dataclass(frozen=True)
class Side:
    """One side of a clip: LR, a method, or GT."""

    key: str
    """``LR``, the method's name, or ``GT``."""
    clip: Clip
    content: str
    """Digest of its frames."""


@dataclass(frozen=True)
class WantedVideo:
    """One video that the page is to have."""

    side: str
    encoding: Encoding
    region: Crop | None
    """What it shows, in pixels of the full clip; None: everything."""
    clip: Clip
    """What is encoded: the side, or a part of it."""
    content: str
    rate: Fraction
    """Frames per second."""
    file: KeptFile

    @property
    def pixels(self) -> int:
        """Of all frames."""
        return self.clip.frame_count * self.clip.width * self.clip.height


def sides_of(source: PictureSource) -> tuple[Side, ...]:
    """LR, the methods in the card's order, GT."""
    clips = {"LR": source.low_resolution, **source.restored, "GT": source.ground_truth}
    return tuple(Side(key, clip, source.digests.get(key) or _digest(clip)) for key, clip in clips.items() if clip is not None)


def wanted_videos(source: PictureSource, choice: VideoChoice, region: Crop) -> Iterator[WantedVideo]:
    """The videos of one clip, the exact one of each side first.

    Args:
        source: The clip.
        choice: none: no video; previews: whole frames as preview; crops: also the ``region`` exactly (small clips: whole);
            full: whole frames both exactly and as preview, for browsers that cannot play the exact ones.
        region: Of the full clip.
    """
    if choice == "none":
        return
    full = source.full
    rate = frames_per_second(full)
    whole = choice == "full" or is_small(full.width, full.height)
    for side in sides_of(source):
        cut = None if whole else in_side(region, side.clip, full.width, full.height)
        if choice != "previews" and (whole or cut is not None):
            yield _video(side, EXACT, None if whole else region, cut, rate)
        yield _video(side, PREVIEW, None, None, rate)


@lru_cache(maxsize=1024)
def _digest(clip: Clip) -> str:
    """Of clips without a record: read once, though several parts of the page ask for it."""
    return clip.digest()


def _video(side: Side, encoding: Encoding, region: Crop | None, cut: Crop | None, rate: Fraction) -> WantedVideo:
    clip = side.clip if cut is None else select_frames(side.clip, 0, side.clip.frame_count, cut)
    what = {
        "content": side.content,
        "frames": [clip.frame_count, clip.height, clip.width],
        "crop": None if cut is None else cut.model_dump(),
        "rate": str(rate),
        "encoding": encoding.identity,
    }
    make: Callable[[Path, Callable[[], None]], None] = partial(_make, clip, rate, encoding)
    return WantedVideo(
        side.key, encoding, region, clip, side.content, rate, KeptFile(text_digest(what), encoding.suffix, clip.frame_count, make)
    )


def _make(clip: Clip, rate: Fraction, encoding: Encoding, path: Path, frame_done: Callable[[], None]) -> None:
    encode(clip, rate, encoding, path, frame_done)

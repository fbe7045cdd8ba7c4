"""The videos of a study: of each clip one per method, LR and, for traps, Bicubic and ground truth; all files of a clip alike."""

from __future__ import annotations

import math
import os
import secrets
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np

from mgld_bench.cards.schemas import Crop
from mgld_bench.clips.atomic import replacing
from mgld_bench.clips.clip import Clip
from mgld_bench.clips.digest import text_digest
from mgld_bench.clips.reading import open_clip, select_frames
from mgld_bench.engine.progress import Progress, stage
from mgld_bench.errors import InputError
from mgld_bench.report.videos.budget import estimate, readable
from mgld_bench.report.videos.encodings import Encoding, encode
from mgld_bench.report.videos.kept import KeptFile, make_missing
from mgld_bench.report.videos.wanted import KEPT_VIDEOS, WantedVideo
from mgld_bench.study.card import StudyCard
from mgld_bench.study.folder import StudyClip, StudyFolder
from mgld_bench.study.making.encodings import CLOSE, EXACT, SPARE, write_padded
from mgld_bench.study.making.enlarged import EnlargedClip, Enlarging
from mgld_bench.study.making.schedule import TRAP
from mgld_bench.study.making.sources import StudySource
from mgld_bench.study.votes import GROUND_TRUTH

DEFAULT_RATE: Final = 24.0
LOW_RESOLUTION: Final = "LR"
_EXACT_PIXELS: Final = 640 * 480
"""Frames of up to so many pixels are exact by default: two of them play in RGB at full rate without a fast machine."""
_SPARE_DISK: Final = 1_000_000_000
_SAME_MOMENT: Final = 0
"""When every file was changed last, as far as a server might state it."""


@dataclass(frozen=True)
class ClipVideos:
    """What is encoded of one clip."""

    source: StudySource
    size: tuple[int, int]
    """Width and height of what is shown."""
    sides: Mapping[str, WantedVideo]
    """By method, GROUND_TRUTH, or LOW_RESOLUTION."""


@dataclass(frozen=True)
class VideoPlan:
    """The videos of a study, before they are made."""

    clips: tuple[ClipVideos, ...]
    exact: bool
    rate: float
    kept: Path
    """Where encoded videos are kept, so that an interrupted `study new` resumes."""
    new_bytes: int
    """About what is still to be encoded will take."""
    total_bytes: int
    """About all that the study's folder will take, padding left aside."""

    @property
    def lines(self) -> tuple[str, ...]:
        """For the user, before it starts."""
        count = sum(len(clip.sides) for clip in self.clips)
        how = "exact (VP9 in RGB, lossless)" if self.exact else "close copies (H.264 of high quality, chroma at half resolution)"
        shown = ", ".join(dict.fromkeys(f"{width}x{height}" for width, height in (clip.size for clip in self.clips)))
        return (
            f"videos: {count}, {how}, {shown} at {self.rate:g} frames per second: about {readable(self.total_bytes)} in the "
            f"study's folder, of which {readable(self.new_bytes)} are still to be encoded",
        )

    def require_room(self, folder: Path) -> None:
        """Raise InputError where the disk is too full. Twice the size: encoded videos are kept, and padded copies made."""
        there = next(place for place in (folder, *folder.parents) if place.exists())
        free = shutil.disk_usage(there).free - _SPARE_DISK
        needed = self.new_bytes + self.total_bytes
        if needed > free:
            raise InputError(
                f"{folder}: the videos need about {readable(needed)}, and the disk has {readable(max(0, free))} to spare: use "
                "fewer clips, a crop, or video: close"
            )


def plan_videos(card: StudyCard, sources: Sequence[StudySource], traps: Sequence[StudySource], workspace: Path) -> VideoPlan:
    """What has to be encoded, and about how large it gets.

    Args:
        card: The study's.
        sources: The clips of the study.
        traps: The clips of its traps; those of the study may be among them.
        workspace: Where encoded videos are kept.

    Raises:
        InputError: The crop is larger than a clip, or a frame cannot be read.
    """
    every = {source.key: source for source in (*traps, *sources)}
    ordered = [every[key] for key in dict.fromkeys([*(one.key for one in sources), *(one.key for one in traps)])]
    parts = {source.key: shown_part(card, source) for source in ordered}
    largest = max(part.width * part.height for part in parts.values())
    exact = card.video == "exact" or (card.video == "auto" and largest <= _EXACT_PIXELS)
    _require_even(card, parts, exact)
    rate = card.rate or DEFAULT_RATE
    trapped = {source.key for source in traps}
    clips = tuple(
        _clip_videos(source, parts[source.key], source.key in trapped, EXACT if exact else CLOSE, rate, card.enlarged)
        for source in ordered
    )
    kept = workspace / KEPT_VIDEOS
    videos = [video for clip in clips for video in clip.sides.values()]
    there, new = estimate(videos, kept, {})
    return VideoPlan(clips, exact, rate, kept, new, there + new)


def write_videos(plan: VideoPlan, folder: StudyFolder, progress: Progress) -> tuple[tuple[StudyClip, ...], tuple[str, ...]]:
    """Encode what is missing, and put padded copies under random names into the study's folder.

    Returns:
        The clips of the study, and lines about what was made.

    Raises:
        InputError: A frame cannot be read, an encoder fails, or a file cannot be written.
    """
    files = [video.file for clip in plan.clips for video in clip.sides.values()]
    make_missing(files, plan.kept, progress, "videos")
    shutil.rmtree(folder.videos, ignore_errors=True)
    with stage(progress, "pad", len(plan.clips), "clips"):
        clips = []
        for clip in plan.clips:
            clips.append(_write_clip(clip, plan.kept, folder.videos))
            progress.advance(1)
    size = sum(path.stat().st_size for path in folder.videos.iterdir())
    lines = [f"the study's videos take {readable(size)}"]
    if not plan.exact:
        lines.append(f"close copies: the worst frame has a PSNR of {_worst(plan, progress):.1f} dB to the restored one")
    return tuple(clips), tuple(lines)


def shown_part(card: StudyCard, source: StudySource) -> Crop:
    """What is shown of the restored frames: the middle, as large as the card has it, or everything.

    Raises:
        InputError: The crop of the card is larger than the clip.
    """
    width, height = source.size
    wide, tall = card.crop or (width, height)
    if wide > width or tall > height:
        raise InputError(
            f"study {card.name}: crop: {wide}x{tall} is larger than {source.dataset} {source.clip}, {width}x{height}"
        )
    return Crop(top=(height - tall) // 2, left=(width - wide) // 2, height=tall, width=wide)


def _require_even(card: StudyCard, parts: Mapping[tuple[str, str], Crop], exact: bool) -> None:
    """Raise InputError where frames with an odd side would be encoded with chroma at half resolution, which would pad them."""
    for (dataset, clip), part in parts.items():
        if not exact and (part.width % 2 or part.height % 2):
            raise InputError(
                f"study {card.name}: {dataset} {clip} is {part.width}x{part.height}, and close copies have even sides: set a "
                "crop, or video: exact"
            )


def _clip_videos(source: StudySource, part: Crop, is_trap: bool, encoding: Encoding, rate: float, how: Enlarging) -> ClipVideos:
    width, height = source.size
    sides: dict[str, tuple[Clip, str]] = {method: (clip, source.digests[method]) for method, clip in source.restored.items()}
    low = source.low_resolution
    if is_trap and source.ground_truth is not None:
        sides.setdefault(TRAP, (EnlargedClip(low, height, width, "bicubic"), _enlarged_digest(source, "bicubic")))
        sides[GROUND_TRUTH] = (source.ground_truth, source.digests["GT"] or source.ground_truth.digest())
    sides[LOW_RESOLUTION] = (EnlargedClip(low, height, width, how), _enlarged_digest(source, how))
    videos = {name: _video(name, clip, content, part, encoding, rate) for name, (clip, content) in sides.items()}
    return ClipVideos(source, (part.width, part.height), videos)


def _enlarged_digest(source: StudySource, how: Enlarging) -> str:
    width, height = source.size
    content = source.digests["LR"] or source.low_resolution.digest()
    return text_digest({"enlarged": content, "to": [height, width], "how": how, "revision": 1})


def _video(side: str, clip: Clip, content: str, part: Crop, encoding: Encoding, rate: float) -> WantedVideo:
    whole = (part.width, part.height) == (clip.width, clip.height)
    shown = clip if whole else select_frames(clip, 0, clip.frame_count, part)
    fraction = Fraction(rate).limit_denominator(1001)
    what = {
        "content": content,
        "frames": [shown.frame_count, shown.height, shown.width],
        "crop": None if whole else part.model_dump(),
        "rate": str(fraction),
        "encoding": encoding.identity,
    }
    file = KeptFile(text_digest(what), encoding.suffix, shown.frame_count, partial(encode, shown, fraction, encoding))
    return WantedVideo(side, encoding, None if whole else part, shown, content, fraction, file)


def _write_clip(clip: ClipVideos, kept: Path, folder: Path) -> StudyClip:
    """Padded copies of all sides: the same number of bytes, the same time, names by chance."""
    places = {side: video.file.place(kept) for side, video in clip.sides.items()}
    size = max(place.stat().st_size for place in places.values()) + SPARE
    names = {side: f"{secrets.token_hex(16)}{place.suffix}" for side, place in places.items()}
    folder.mkdir(parents=True, exist_ok=True)
    for side, place in places.items():
        with replacing(folder / names[side]) as temporary:
            with temporary.open("wb") as target:
                write_padded(place, target, size)
            os.utime(temporary, (_SAME_MOMENT, _SAME_MOMENT))
    source = clip.source
    return StudyClip(
        dataset=source.dataset,
        clip=source.clip,
        frames=source.low_resolution.frame_count,
        size=clip.size,
        low_resolution_size=clip.size,
        videos={side: name for side, name in names.items() if side != LOW_RESOLUTION},
        low_resolution=names[LOW_RESOLUTION],
        digests={side: video.content for side, video in clip.sides.items()},
    )


def _worst(plan: VideoPlan, progress: Progress) -> float:
    """The lowest PSNR in dB of any frame of any video to the frame that it shows."""
    worst = math.inf
    with stage(progress, "compare", sum(len(clip.sides) for clip in plan.clips), "videos"):
        for clip in plan.clips:
            width, height = clip.size
            for video in clip.sides.values():
                shown = open_clip(video.file.place(plan.kept))
                for frame, original in zip(shown.frames(), video.clip.frames(), strict=True):
                    difference = frame[:height, :width].astype(np.float64) - original
                    error = float(np.mean(difference**2))
                    worst = min(worst, 10 * math.log10(255**2 / error) if error else math.inf)
                progress.advance(1)
    return worst

"""The side file of a built pair: everything needed to rebuild it and to find out what drifted."""

from __future__ import annotations

import json
import platform
import re
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any

import cv2
import ffmpeg
import numpy as np
import scipy
from pydantic import Discriminator, Tag, ValidationError

from mgld_bench.cards.schemas import DegradationCard
from mgld_bench.clips.clip import Clip
from mgld_bench.clips.ffmpeg import ffmpeg_identity, running_ffmpeg
from mgld_bench.degradation.plan import Codec, DegradationPlan, DrawnPlan, Size
from mgld_bench.errors import InputError
from mgld_bench.plain_data import PlainData


class FramesRecord(PlainData):
    """The frames of one side of the pair, as they are in its folder."""

    frames: int
    height: int
    width: int
    lossy: bool
    """True where the source was stored with lossy compression."""
    conversion: dict[str, str]
    """How the source's samples became RGB."""
    source_names: tuple[str, ...]
    """The name of each frame in the source."""
    sha256: tuple[str, ...]
    """Of each frame's (h, w, 3) uint8 RGB bytes."""


class StreamRecord(PlainData):
    """One video compression, and its bitstream beside the side file."""

    op: str
    file: str
    codec: Codec
    bit_rate: int
    """Nominal bits per frame."""
    bits_per_frame: float
    """Measured: packets without the container."""
    size: Size
    sha256: str


class StrengthRecord(PlainData):
    """How hard the degradation hit the clip."""

    psnr_bicubic: float | None
    """Mean over frames of the RGB PSNR in dB of the LR frame enlarged by resize_bicubic; None where one is identical."""
    change_between_frames: float | None
    """Mean of |LR_t - LR_t-1| in levels; None for one frame."""


def _kind_of_plan(plan: object) -> str:
    """Which of the two plans it is, as it is in a side file or as an object."""
    return "drawn" if isinstance(plan, DrawnPlan) or (isinstance(plan, dict) and "drawn" in plan) else "operations"


class PairRecord(PlainData):
    """The content of <clip>.json. Building again gives the same bytes; on another machine only ``made_on`` differs."""

    key: str
    protocol: str
    dataset: str
    clip: str
    degradation: DegradationCard
    plan: Annotated[
        Annotated[DegradationPlan, Tag("operations")] | Annotated[DrawnPlan, Tag("drawn")], Discriminator(_kind_of_plan)
    ]
    channels: str
    """Their order inside the degradation: that of the frames of ``after``."""
    GT: FramesRecord
    LQ: FramesRecord
    after: dict[str, str]
    """For each operation that was applied the sha256 of the bytes (uint8 or float32, C order) of all frames after it; {}
    where the plan names no operations."""
    streams: tuple[StreamRecord, ...]
    statistics: StrengthRecord
    encoder_canary: tuple[str, ...]
    """What was wrong with the encoders, where the pair was built in spite of it."""
    facts: dict[str, Any]
    """What the caller knows about the source."""
    made_with: dict[str, str]
    made_on: dict[str, str]


def read_record(folder: Path, clip: str) -> PairRecord:
    """The record of a built pair. Raises InputError where it is missing or damaged."""
    path = folder / f"{clip}.json"
    try:
        return PairRecord.model_validate(json.loads(path.read_bytes()))
    except FileNotFoundError:
        raise InputError(f"{path}: missing: the pair of clip {clip} is not built") from None
    except ValidationError as error:
        first = error.errors()[0]
        # pydantic puts in which of the two plans it is.
        steps = [part for place, part in enumerate(first["loc"]) if (place, first["loc"][0]) != (1, "plan")]
        field = ".".join(str(part) for part in steps)
        raise InputError(f"{path}: {field}: {first['msg']}") from None
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"{path}: cannot be read: {error}") from None


def record_frames(source: Clip, height: int, width: int, digests: Sequence[str]) -> FramesRecord:
    """The record of frames that were written.

    Args:
        source: The clip that they come from.
        height: Rows of the written frames.
        width: Columns of the written frames.
        digests: sha256 of each.
    """
    return FramesRecord(
        frames=len(digests),
        height=height,
        width=width,
        lossy=source.facts.lossy,
        conversion=dict(source.facts.conversion),
        source_names=source.facts.frame_names,
        sha256=tuple(digests),
    )


@lru_cache(maxsize=1)
def made_with() -> dict[str, str]:
    """The versions of everything that can change the frames. The encoders are those of ffmpeg_sha256."""
    identity = ffmpeg_identity()
    return {
        "numpy": np.__version__,
        "scipy": scipy.__version__,
        "opencv": cv2.__version__,
        "libjpeg": _libjpeg(),
        "ffmpeg": identity.version,
        "ffmpeg_sha256": identity.sha256,
        "x264": _x264_build(),
    }


def made_on() -> dict[str, str]:
    """This machine, for the reader. Without the time, so that the same machine builds the same side file again."""
    return {
        "system": platform.platform(),
        "machine": platform.machine(),
        "cpu": _cpu(),
        "cpu_features": cv2.getCPUFeaturesLine(),
        "python": platform.python_version(),
    }


def _x264_build() -> str:
    """The x264 inside ffmpeg, e.g. "core 165 r3222", as it writes its version into a stream."""
    black = ffmpeg.input("color=black:size=16x16:rate=1", format="lavfi")
    with running_ffmpeg(ffmpeg.output(black, "pipe:", format="h264", vcodec="libx264", vframes=1)) as running:
        stream = running.stdout.read()
        running.finish()
    found = re.search(rb"x264 - (core \d+(?: r\w+)?)", stream)
    return found.group(1).decode() if found else "unknown"


def _libjpeg() -> str:
    found = re.search(r"^\s*JPEG:\s*(.+?)\s*$", cv2.getBuildInformation(), re.MULTILINE)
    return found.group(1) if found else "unknown"


def _cpu() -> str:
    table = Path("/proc/cpuinfo")
    found = re.search(r"^model name\s*:\s*(.+)$", table.read_text(), re.MULTILINE) if table.is_file() else None
    return found.group(1) if found else platform.processor()

"""The side file of a built pair: everything needed to rebuild it and to say what drifted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from mgld_bench.cards.schemas import DegradationCard
from mgld_bench.degradation.plan import Plan, Size
from mgld_bench.degradation.video import Codec
from mgld_bench.errors import InputError


class RecordPart(BaseModel):
    """Base of every part: frozen, and closed to unknown fields."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Frames(RecordPart):
    """The frames of one side of the pair, as they lie in its folder."""

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


class Stream(RecordPart):
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


class Statistics(RecordPart):
    """How hard the clip was hit."""

    psnr_bicubic: float | None
    """Mean over frames of the RGB PSNR in dB of the LR frame enlarged by resize_bicubic; None where one is identical."""
    change_between_frames: float | None
    """Mean of |LR_t - LR_t-1| in levels; None for one frame."""


class PairRecord(RecordPart):
    """What <clip>.json holds. Building again gives the same bytes; another machine differs in ``made_on``."""

    key: str
    protocol: str
    dataset: str
    clip: str
    degradation: DegradationCard
    plan: Plan
    channels: str
    """Their order inside the degradation: that of the frames of ``after``."""
    GT: Frames
    LQ: Frames
    after: dict[str, str]
    """For each operation that was applied the sha256 of the bytes (uint8 or float32, C order) of all frames after it."""
    streams: tuple[Stream, ...]
    statistics: Statistics
    encoder_canary: tuple[str, ...]
    """What was wrong with the encoders, where the pair was built all the same."""
    facts: dict[str, Any]
    """What the caller knows of the source."""
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
        field = ".".join(str(part) for part in first["loc"])
        raise InputError(f"{path}: {field}: {first['msg']}") from None
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read: {error}") from None

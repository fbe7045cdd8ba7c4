"""Rebuilds the LR frames of pairs from what is stored with them.

That is the bitstream of the last video compression, without encoder, noise and ground truth; or, where the degradation compresses
no video, the ground truth and the plan.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mgld_bench.cards.schemas import DegradationCard
from mgld_bench.clips.atomic import PARTIAL, hidden_name
from mgld_bench.clips.clip import Frame
from mgld_bench.clips.digest import file_sha256, frames_sha256
from mgld_bench.clips.reading import open_clip
from mgld_bench.clips.writing import frame_name, write_frame
from mgld_bench.degradation.interface import AnyPipeline
from mgld_bench.degradation.loading import is_own, load_pipeline
from mgld_bench.errors import CheckError, InputError
from mgld_bench.pairs.record import PairRecord, read_record
from mgld_bench.pairs.stored import frame_problems, require_side


@dataclass(frozen=True)
class PairRebuild:
    """The outcome for one pair."""

    rebuilt: bool
    """Whether the LR frames were written again: False where they were intact, or could not be rebuilt."""
    problems: tuple[str, ...]
    """What is still wrong with the pair's frames, one line each; empty where the pair is whole."""


def made_from(folder: Path, record: PairRecord) -> Path:
    """What the LR frames of a pair are made from again: its last bitstream, or its ground truth."""
    return folder / record.streams[-1].file if record.streams else folder / "GT" / record.clip


def frames_once_more(folder: Path, record: PairRecord, pipeline: AnyPipeline) -> Iterator[Frame]:
    """The LR frames of a pair, (h / scale, w / scale, 3) uint8 RGB each, from `made_from`.

    Raises InputError where that is missing or damaged.
    """
    source = made_from(folder, record)
    if record.streams and not source.is_file():
        raise InputError(f"{source}: missing")
    return pipeline.once_more(record.plan, lambda: open_clip(folder / "GT" / record.clip), source if record.streams else None)


def trusted_pipeline(folder: Path, record: PairRecord, card: DegradationCard | None) -> AnyPipeline:
    """What carried out the degradation of a pair.

    A side file is data, and no code runs because it names some: that of a package has to be named by a card as well.

    Args:
        folder: The folder of the dataset's pairs.
        record: The pair's.
        card: The degradation's card, as it is known here; None: there is none.

    Raises:
        InputError: There is no such card, or its code cannot be loaded.
    """
    if is_own(record.degradation) or (card is not None and card.pipeline == record.degradation.pipeline):
        return load_pipeline(record.degradation)
    named = record.degradation.pipeline
    raise InputError(
        f"{folder / f'{record.clip}.json'}: made by {named}, which is not of this suite: only the card of the degradation "
        f"{record.degradation.name} can have it run; name its folder with --cards"
    )


def rebuild_pair(folder: Path, clip: str, card: DegradationCard | None = None) -> PairRebuild:
    """Bring the LR frames of a pair back to what its side file records, where they are missing or damaged.

    Ground truth is checked too, but cannot be rebuilt: there is no bitstream of it.

    Args:
        folder: The folder of the dataset's pairs.
        clip: The clip's name.
        card: The degradation's card, which only one that is not of the suite needs; see `trusted_pipeline`.

    Raises:
        InputError: The side file is missing or damaged, the degradation's code cannot be loaded, or the frames cannot be written.
    """
    side = require_side(folder, clip)
    problems = frame_problems(folder, clip, side, "GT")
    damage = frame_problems(folder, clip, side, "LQ")
    if not damage:
        return PairRebuild(False, tuple(problems))
    if side.get("degradation") is None:
        came_with = f"{folder / 'LQ' / clip}: came with the dataset: there is no bitstream to rebuild it from"
        return PairRebuild(False, (*problems, *damage, came_with))
    record = read_record(folder, clip)
    try:
        _write_once_more(folder, record, trusted_pipeline(folder, record, card))
    except CheckError as error:
        return PairRebuild(False, (*problems, *damage, str(error)))
    return PairRebuild(True, tuple(problems))


def _write_once_more(folder: Path, record: PairRecord, pipeline: AnyPipeline) -> None:
    """Write folder/LQ/<clip>/%08d.png. Raises CheckError, and replaces nothing, where a frame is not that of the side file."""
    target = folder / "LQ" / record.clip
    partial = target.with_name(hidden_name(record.clip, PARTIAL))
    shutil.rmtree(partial, ignore_errors=True)
    try:
        for index, frame in enumerate(_checked(folder, record, pipeline)):
            write_frame(partial / frame_name(index), frame)
        if target.is_dir():
            shutil.rmtree(target)
        partial.rename(target)
    except OSError as error:
        raise InputError(f"{target}: cannot be written: {error.strerror}") from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _checked(folder: Path, record: PairRecord, pipeline: AnyPipeline) -> Iterator[Frame]:
    """The frames, made again, as long as they are those of the side file; then CheckError."""
    try:
        for index, frame in enumerate(frames_once_more(folder, record, pipeline)):
            if frames_sha256([frame])[0] != record.LQ.sha256[index]:
                place = made_from(folder, record)
                raise CheckError(f"{place}: frame {index} rebuilt from it differs from the side file: {_why(place, record)}")
            yield frame
    except InputError as error:
        raise CheckError(f"LR frames cannot be rebuilt: {error}") from error


def _why(place: Path, record: PairRecord) -> str:
    """Why frames that are made again differ."""
    if not record.streams:
        return "the ground truth is damaged, or the degradation's code or NumPy differ from those of the pair"
    damaged = file_sha256(place) != record.streams[-1].sha256
    return "it is not the bitstream of the side file" if damaged else "decoder or OpenCV differ from those of the pair"

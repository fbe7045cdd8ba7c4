"""Finds out exactly what drifted in a pair: its frames, its parameters, or the encoder."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any, Literal

import numpy as np

from mgld_bench.cards.schemas import DegradationCard
from mgld_bench.clips.clip import ClipSize, Frame
from mgld_bench.clips.digest import file_sha256, frames_sha256
from mgld_bench.clips.reading import open_clip
from mgld_bench.degradation.interface import AnyPipeline
from mgld_bench.degradation.plan import DegradationPlan
from mgld_bench.degradation.video import decode_video
from mgld_bench.errors import InputError
from mgld_bench.metrics.fidelity.psnr import mean_squared_error, psnr
from mgld_bench.pairs.measures import OperationDigests
from mgld_bench.pairs.rebuild import frames_once_more, made_from, trusted_pipeline
from mgld_bench.pairs.record import PairRecord, made_with, read_record
from mgld_bench.pairs.stored import frame_problems, numbered, require_side

VerifyMode = Literal["hashes", "from-stream", "full"]

_ENCODER = ("ffmpeg", "ffmpeg_sha256", "x264")
_LIBRARIES = ("numpy", "scipy", "opencv", "libjpeg")
_NAMED = 5


@dataclass(frozen=True)
class PairVerification:
    """The findings of a verification, one line each; empty where all is well."""

    frames: tuple[str, ...] = ()
    """Frames or bitstreams on disk that are not those of the side file, or that cannot be rebuilt."""
    parameters: tuple[str, ...] = ()
    """Fields of the plan that are drawn differently from the same seed."""
    encoder: tuple[str, ...] = ()
    """Encoders, and libraries, that are not those with which the pair was built."""

    @property
    def problems(self) -> tuple[str, ...]:
        """All findings."""
        return (*self.frames, *self.parameters, *self.encoder)


def verify_pair(folder: Path, clip: str, mode: VerifyMode = "hashes", card: DegradationCard | None = None) -> PairVerification:
    """Compare a pair with its side file.

    Args:
        folder: The folder of the dataset's pairs.
        clip: The clip's name.
        mode: ``hashes``: compare frames and bitstreams on disk, and draw the plan again. ``from-stream``: also rebuild the LR
            frames from the stored bitstream, or from the ground truth where there is none. ``full``: also rebuild everything from
            the ground truth, encoders included, and name the first operation whose result differs. A pair that was taken over has
            frames only, whatever the mode.
        card: The degradation's card, which only one that is not of the suite needs; see `trusted_pipeline`.

    Raises:
        InputError: The side file is missing or damaged, or the degradation's code cannot be loaded.
    """
    side = require_side(folder, clip)
    frames = [*frame_problems(folder, clip, side, "GT"), *frame_problems(folder, clip, side, "LQ")]
    if side.get("degradation") is None:
        return PairVerification(frames=tuple(frames))
    record = read_record(folder, clip)
    pipeline = trusted_pipeline(folder, record, card)
    encoder = _version_problems(record, _ENCODER) if pipeline.encodes else []
    rebuilt = [] if mode == "hashes" else _rebuild_problems(folder, record, pipeline)
    if mode == "full":
        encoder += pipeline.problems_here()
        rebuilt += _replay_problems(folder, record, record.plan, pipeline) if isinstance(record.plan, DegradationPlan) else []
    # A different library is no drift as long as it gives the same frames.
    encoder += _version_problems(record, _LIBRARIES) if rebuilt else []
    stored = (*frames, *_stream_problems(folder, record))
    return PairVerification((*stored, *rebuilt), tuple(_parameter_problems(record, pipeline)), tuple(encoder))


def _stream_problems(folder: Path, record: PairRecord) -> list[str]:
    problems = []
    for stream in record.streams:
        path = folder / stream.file
        if not path.is_file():
            problems.append(f"{path}: missing")
        elif file_sha256(path) != stream.sha256:
            problems.append(f"{path}: not the bitstream of the side file")
    return problems


def _rebuild_problems(folder: Path, record: PairRecord, pipeline: AnyPipeline) -> list[str]:
    """LR frames rebuilt from what is stored against the side file, and against those on disk for how far they are off."""
    source = made_from(folder, record).relative_to(folder)
    differing, largest, squared = [], 0, 0.0
    try:
        stored: Iterator[Any] = open_clip(folder / "LQ" / record.clip).frames()
        for index, (rebuilt, frame) in enumerate(zip_longest(frames_once_more(folder, record, pipeline), stored)):
            if rebuilt is None or frame is None or frames_sha256([rebuilt])[0] == record.LQ.sha256[index]:
                continue
            differing.append(index)
            largest = max(largest, _largest_difference(rebuilt, frame))
            squared += mean_squared_error(rebuilt, frame)
    except InputError as error:
        return [f"from {source}: {error}"]
    if not differing:
        return []
    return [f"from {source}: {numbered(differing)} rebuilt differently: {_off_by(largest, squared / len(differing))}"]


def _replay_problems(folder: Path, record: PairRecord, plan: DegradationPlan, pipeline: AnyPipeline) -> list[str]:
    """The first operation after which the clip, built again from its ground truth, differs from the recorded one.

    How far it is off is known only where pixels were stored: after each video compression, and at the end. The line gives it for
    the first such place from that operation on.
    """
    digests = OperationDigests()
    with tempfile.TemporaryDirectory() as work:
        streams = {stream.op: Path(work) / stream.file for stream in record.streams}
        try:
            ground_truth = open_clip(folder / "GT" / record.clip)
            low_resolution = list(pipeline.carry_out(ground_truth.frames(), plan, streams, digests))
        except InputError as error:
            return [f"full rebuild: {error}"]
        rebuilt = digests.result()
        applied = [operation.op for operation in plan.operations if operation.applied]
        first = next((op for op in applied if rebuilt[op] != record.after[op]), None)
        if first is None:
            return []
        line = f"full rebuild: {first} is the first operation whose result differs"
        try:
            return [f"{line}; {_extent(folder, record, plan, streams, low_resolution, first)}"]
        except InputError as error:
            return [f"{line}; by how much is unknown: {error}"]


def _extent(
    folder: Path,
    record: PairRecord,
    plan: DegradationPlan,
    streams: dict[str, Path],
    low_resolution: Sequence[Frame],
    first: str,
) -> str:
    """Largest difference and PSNR at the first stored place from the operation ``first`` on."""
    order = [operation.op for operation in plan.operations]
    for video, stream in zip(plan.videos, record.streams, strict=True):
        if order.index(video.op) >= order.index(first):
            again = decode_video(streams[video.op], *video.size, plan.frame_count)
            stored = decode_video(folder / stream.file, *video.size, plan.frame_count)
            return f"after {video.op} the frames {_compared(again, stored, plan.frame_count)}"
    stored = open_clip(folder / "LQ" / record.clip).frames()
    return f"the LR frames {_compared(low_resolution, stored, plan.frame_count)}"


def _compared(rebuilt: Iterable[Frame], stored: Iterable[Frame], count: int) -> str:
    largest, squared = 0, 0.0
    for again, before in zip(rebuilt, stored, strict=True):
        largest = max(largest, _largest_difference(again, before))
        squared += mean_squared_error(again, before)
    return "are the same again" if largest == 0 else f"are {_off_by(largest, squared / count)}"


def _largest_difference(first: Frame, second: Frame) -> int:
    return int(np.abs(np.subtract(first, second, dtype=np.int16)).max())


def _off_by(largest: int, squared_error: float) -> str:
    return f"off by up to {largest} level{'s' if largest > 1 else ''}, PSNR {psnr(squared_error):.2f} dB"


def _parameter_problems(record: PairRecord, pipeline: AnyPipeline) -> list[str]:
    plan = record.plan
    redrawn = pipeline.plan(record.dataset, ClipSize(record.clip, plan.frame_count, *plan.source_size))
    fields = list(_differences("plan", plan.model_dump(mode="json"), redrawn.model_dump(mode="json")))
    more = [f"plan: {len(fields) - _NAMED} more fields are drawn differently"] if len(fields) > _NAMED else []
    return fields[:_NAMED] + more


def _differences(field: str, recorded: object, redrawn: object) -> Iterator[str]:
    if isinstance(recorded, dict) and isinstance(redrawn, dict) and recorded.keys() == redrawn.keys():
        for name, value in recorded.items():
            yield from _differences(f"{field}.{name}", value, redrawn[name])
    elif isinstance(recorded, list) and isinstance(redrawn, list) and len(recorded) == len(redrawn):
        for index, pair in enumerate(zip(recorded, redrawn, strict=True)):
            yield from _differences(f"{field}.{index}", *pair)
    elif recorded != redrawn:
        yield f"{field}: {recorded} in the side file, {redrawn} drawn from its seed"


def _version_problems(record: PairRecord, names: Sequence[str]) -> list[str]:
    here, then = made_with(), record.made_with
    return [f"{name}: built with {then.get(name)}, here is {here[name]}" for name in names if then.get(name) != here[name]]

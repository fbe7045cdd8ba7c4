"""Says exactly what drifted in a pair: its frames, its parameters, or the encoder."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any, Literal

from mgld_bench.clips.digest import file_sha256, frames_sha256
from mgld_bench.clips.reading import open_clip
from mgld_bench.degradation.canary import encoder_canary
from mgld_bench.degradation.pipeline import RealBasicVSRDegradation
from mgld_bench.errors import InputError
from mgld_bench.pairs.environment import made_with
from mgld_bench.pairs.folders import read_side
from mgld_bench.pairs.rebuild import frames_from_stream
from mgld_bench.pairs.record import PairRecord, read_record
from mgld_bench.pairs.replay import first_difference
from mgld_bench.pairs.statistics import mean_squared_error, peak_signal_to_noise

VerifyMode = Literal["hashes", "from-stream", "full"]

_ENCODER = ("ffmpeg", "ffmpeg_sha256", "x264")
_LIBRARIES = ("numpy", "scipy", "opencv", "libjpeg")
_NAMED = 5


@dataclass(frozen=True)
class PairVerification:
    """What a verification found; one line per finding, nothing where all is well."""

    frames: tuple[str, ...] = ()
    """Frames or bitstreams on disk that are not those of the side file, or that cannot be rebuilt."""
    parameters: tuple[str, ...] = ()
    """Fields of the plan that are drawn otherwise from the same seed."""
    encoder: tuple[str, ...] = ()
    """Encoders, and libraries, that are not those with which the pair was built."""

    @property
    def problems(self) -> tuple[str, ...]:
        """All findings."""
        return (*self.frames, *self.parameters, *self.encoder)


def verify_pair(folder: Path, clip: str, mode: VerifyMode = "hashes") -> PairVerification:
    """Compare the pair of ``clip`` in ``folder`` with its side file.

    ``hashes``: frames and bitstreams on disk; and the plan is drawn again. ``from-stream``: also rebuilds the LR frames from the
    stored bitstream. ``full``: also rebuilds everything from the ground truth, encoders included, and names the first operation
    whose result differs. A pair whose LR frames were taken over has frames only. Raises InputError where there is no readable
    side file.
    """
    side = read_side(folder, clip)
    if side is None:
        raise InputError(f"{folder / f'{clip}.json'}: missing: the pair of clip {clip} is not built")
    if side.get("degradation") is None:
        return PairVerification(frames=tuple(_side_problems(folder, clip, side)))
    record = read_record(folder, clip)
    stored = [*_side_problems(folder, clip, side), *_stream_problems(folder, record)]
    encoder = _version_problems(record, _ENCODER)
    rebuilt = [] if mode == "hashes" else _rebuilt_problems(folder, record)
    if mode == "full":
        encoder += encoder_canary()
        rebuilt += _full_problems(folder, clip, record)
    # Another library is no drift as long as it gives the same frames.
    encoder += _version_problems(record, _LIBRARIES) if rebuilt else []
    return PairVerification((*stored, *rebuilt), tuple(_parameter_problems(record)), tuple(encoder))


def _side_problems(folder: Path, clip: str, side: Mapping[str, Any]) -> list[str]:
    """GT and LQ frames on disk against the digests of a side file, built or taken over."""
    return [
        problem
        for name in ("GT", "LQ")
        if name in side
        for problem in _frame_problems(folder / name / clip, side[name]["sha256"])
    ]


def _frame_problems(folder: Path, expected: Sequence[str]) -> list[str]:
    try:
        clip = open_clip(folder)
        found = [digest for frame in clip.frames() for digest in frames_sha256([frame])]
    except InputError as error:
        return [str(error)]
    differing = [index for index, pair in enumerate(zip(found, expected, strict=False)) if pair[0] != pair[1]]
    problems = [] if len(found) == len(expected) else [f"{folder}: has {len(found)} frames, the side file has {len(expected)}"]
    return problems + ([f"{folder}: {_named(differing)} not as in the side file"] if differing else [])


def _stream_problems(folder: Path, record: PairRecord) -> list[str]:
    problems = []
    for stream in record.streams:
        path = folder / stream.file
        if not path.is_file():
            problems.append(f"{path}: missing")
        elif file_sha256(path) != stream.sha256:
            problems.append(f"{path}: not the bitstream of the side file")
    return problems


def _rebuilt_problems(folder: Path, record: PairRecord) -> list[str]:
    """LR frames rebuilt from the stored bitstream against the side file, and against those on disk for how far they are off."""
    stream = record.streams[-1].file
    differing, largest, squared = [], 0, 0.0
    try:
        stored: Iterator[Any] = open_clip(folder / "LQ" / record.clip).frames()
        for index, (rebuilt, frame) in enumerate(zip_longest(frames_from_stream(folder, record), stored)):
            if rebuilt is None or frame is None or frames_sha256([rebuilt])[0] == record.LQ.sha256[index]:
                continue
            differing.append(index)
            largest = max(largest, int(abs(rebuilt.astype(int) - frame).max()))
            squared += mean_squared_error(rebuilt, frame)
    except InputError as error:
        return [f"from {stream}: {error}"]
    if not differing:
        return []
    psnr = peak_signal_to_noise(squared / len(differing))
    return [f"from {stream}: {_named(differing)} rebuilt otherwise: differ by up to {largest} levels, PSNR {psnr:.2f} dB"]


def _full_problems(folder: Path, clip: str, record: PairRecord) -> list[str]:
    found = first_difference(folder, clip, record)
    return [] if found is None else [found]


def _parameter_problems(record: PairRecord) -> list[str]:
    plan = record.plan
    redrawn = RealBasicVSRDegradation(record.degradation).plan(record.dataset, record.clip, plan.source_size, plan.frame_count)
    fields = list(_differences("plan", plan.model_dump(mode="json"), redrawn.model_dump(mode="json")))
    more = [f"plan: {len(fields) - _NAMED} more fields are drawn otherwise"] if len(fields) > _NAMED else []
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


def _named(frames: Sequence[int]) -> str:
    """ "frame 3" or "frames 1, 2, 3, 4, 5 and 7 more"."""
    listed = ", ".join(str(index) for index in frames[:_NAMED])
    more = f" and {len(frames) - _NAMED} more" if len(frames) > _NAMED else ""
    return f"frame{'s' if len(frames) > 1 else ''} {listed}{more}"

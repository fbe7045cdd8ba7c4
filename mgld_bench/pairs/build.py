"""Builds pairs: ground truth and LR frames, the bitstreams of the video compressions, and the side file that says how."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from mgld_bench.cards.schemas import DegradationCard
from mgld_bench.clips.atomic import write_json_atomic
from mgld_bench.clips.clip import Clip, Frame
from mgld_bench.clips.digest import file_sha256, frames_sha256
from mgld_bench.clips.writing import frame_name, write_frame
from mgld_bench.degradation.canary import encoder_canary
from mgld_bench.degradation.frames import WorkFrame
from mgld_bench.degradation.pipeline import RealBasicVSRDegradation, degrade_frames
from mgld_bench.degradation.plan import Plan, Video
from mgld_bench.degradation.profiles import PROFILES
from mgld_bench.degradation.video import payload_bits
from mgld_bench.errors import CheckError, InputError
from mgld_bench.pairs.digests import OperationDigests
from mgld_bench.pairs.environment import made_on, made_with
from mgld_bench.pairs.record import Frames, PairRecord, Stream, read_record
from mgld_bench.pairs.statistics import ClipStatistics

Progress = Callable[[int, int], None]
"""Is called with (steps done, steps in all); a step is one operation on one frame."""


def build_pair(
    ground_truth: Clip,
    dataset: str,
    clip: str,
    degradation: DegradationCard,
    folder: Path,
    key: str,
    progress: Progress | None = None,
    facts: Mapping[str, object] | None = None,
    force: bool = False,
) -> Path:
    """Build one pair and return its side file, folder/<clip>.json.

    Writes folder/GT/<clip>/%08d.png, folder/LQ/<clip>/%08d.png (numbered from 0, 8-bit RGB), folder/<clip>.video1.mp4,
    .video2.mp4 and, last, the side file. A pair that is there with the same ``key`` is left as it is. While it works, everything
    is in folder/.<clip>.partial; an interrupted build leaves nothing else, and the next one starts afresh. Frames, bitstreams and
    side file (but for ``made_on``) do not depend on threads, workers or the kind of CPU.

    Raises InputError where the ground truth does not fit the degradation, or a file cannot be written, and CheckError where the
    encoders here do not give the expected frames, unless ``force``: then the side file says so.
    """
    side = folder / f"{clip}.json"
    if _is_finished(folder, clip, key):
        return side
    plan = RealBasicVSRDegradation(degradation).plan(
        dataset, clip, (ground_truth.height, ground_truth.width), ground_truth.frame_count
    )
    problems = encoder_canary()
    if problems and not force:
        raise CheckError(
            f"clip {clip}: the pair cannot be built here with the pinned encoders: {problems[0]}; "
            "rebuild published pairs from their bitstreams, or build another instance with: mgld-bench datasets prepare --force"
        )
    partial = folder / f".{clip}.partial"
    try:
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        work = _Work(ground_truth, clip, plan, partial, progress)
        work.run()
        record = PairRecord(
            key=key,
            protocol=plan.protocol,
            dataset=dataset,
            clip=clip,
            degradation=degradation,
            plan=plan,
            channels=PROFILES[plan.profile].channels,
            GT=_frames(ground_truth, ground_truth.height, ground_truth.width, work.ground_truth_digests),
            LQ=_frames(ground_truth, *plan.target_size, work.low_resolution_digests),
            after=work.digests.result(),
            streams=tuple(_stream(video, partial / stream_name(clip, video)) for video in plan.videos),
            statistics=work.statistics.result(),
            encoder_canary=tuple(problems),
            facts=dict(facts or {}),
            made_with=made_with(),
            made_on=made_on(),
        )
        _publish(partial, folder, clip, record)
    except OSError as error:
        raise InputError(f"{error.filename or folder}: cannot be written: {error.strerror}") from error
    return side


def degrade_clip(
    clip: Clip, degradation: DegradationCard, dataset: str = "", clip_name: str | None = None
) -> tuple[list[Frame], Plan]:
    """The LR frames (h/4, w/4, 3) uint8 RGB of a ground-truth clip, and the plan they were made by; nothing is kept on disk.

    ``dataset`` and ``clip_name`` (default: the clip's own) are part of the seed, as is the card's salt. Raises InputError as
    build_pair.
    """
    name = clip.name if clip_name is None else clip_name
    plan = RealBasicVSRDegradation(degradation).plan(dataset, name, (clip.height, clip.width), clip.frame_count)
    with tempfile.TemporaryDirectory() as folder:
        streams = {video.op: Path(folder) / stream_name("clip", video) for video in plan.videos}
        return list(degrade_frames(clip.frames(), plan, streams, lambda op, index, frame: None)), plan


def stream_name(clip: str, video: Video) -> str:
    """The file of a video compression's bitstream: <clip>.video1.mp4 for video_1."""
    return f"{clip}.{video.op.replace('_', '')}.mp4"


class _Work:
    """The pass over the frames of one clip."""

    def __init__(self, ground_truth: Clip, clip: str, plan: Plan, partial: Path, progress: Progress | None) -> None:
        self.ground_truth_digests: list[str] = []
        self.low_resolution_digests: list[str] = []
        self.digests = OperationDigests()
        self.statistics = ClipStatistics()
        self._ground_truth = ground_truth
        self._clip = clip
        self._plan = plan
        self._partial = partial
        self._progress = progress
        self._done = 0
        self._steps = plan.frame_count * sum(operation.applied for operation in plan.operations)

    def run(self) -> None:
        """Write all frames and bitstreams into the partial folder."""
        streams = {video.op: self._partial / stream_name(self._clip, video) for video in self._plan.videos}
        degraded = degrade_frames(self._source(), self._plan, streams, self._watch)
        # Ground truth is read a second time: it would not fit into memory until its LR frames come out.
        for index, (after, before) in enumerate(zip(degraded, self._ground_truth.frames(), strict=True)):
            write_frame(self._partial / "LQ" / frame_name(index), after)
            self.low_resolution_digests += frames_sha256([after])
            self.statistics.add(before, after)

    def _source(self) -> Iterator[Frame]:
        for index, frame in enumerate(self._ground_truth.frames()):
            write_frame(self._partial / "GT" / frame_name(index), frame)
            self.ground_truth_digests += frames_sha256([frame])
            yield frame

    def _watch(self, op: str, index: int, frame: WorkFrame) -> None:
        self.digests(op, index, frame)
        self._done += 1
        if self._progress is not None:
            self._progress(self._done, self._steps)


def _is_finished(folder: Path, clip: str, key: str) -> bool:
    """Whether the pair is there under this key, with all its files."""
    if not (folder / f"{clip}.json").is_file():
        return False
    try:
        record = read_record(folder, clip)
    except InputError:
        # A side file of another version of the suite, or a damaged one: the pair is built again.
        return False
    sides = [(folder / "GT" / clip, record.GT.frames), (folder / "LQ" / clip, record.LQ.frames)]
    whole = all(len(list(side.glob("*.png"))) == count for side, count in sides)
    return record.key == key and whole and all((folder / stream.file).is_file() for stream in record.streams)


def _frames(source: Clip, height: int, width: int, digests: list[str]) -> Frames:
    return Frames(
        frames=len(digests),
        height=height,
        width=width,
        lossy=source.facts.lossy,
        conversion=dict(source.facts.conversion),
        source_names=source.facts.frame_names,
        sha256=tuple(digests),
    )


def _stream(video: Video, path: Path) -> Stream:
    bits = payload_bits(path)
    return Stream(
        op=video.op,
        file=path.name,
        codec=video.codec,
        bit_rate=video.bit_rate,
        bits_per_frame=round(sum(bits) / len(bits), 1),
        size=video.size,
        sha256=file_sha256(path),
    )


def _publish(partial: Path, folder: Path, clip: str, record: PairRecord) -> None:
    """Put the finished files in their places. The side file stands for the whole pair: it goes first and comes last."""
    side = folder / f"{clip}.json"
    side.unlink(missing_ok=True)
    for name in ("GT", "LQ"):
        target = folder / name / clip
        if target.is_dir():
            shutil.rmtree(target)
        target.parent.mkdir(exist_ok=True)
        (partial / name).rename(target)
    for stream in record.streams:
        (partial / stream.file).replace(folder / stream.file)
    partial.rmdir()
    write_json_atomic(side, record.model_dump(mode="json"))

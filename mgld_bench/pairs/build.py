"""Builds a pair: ground truth and LR frames, the bitstreams of the video compressions, and the side file that records how."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

from mgld_bench.cards.schemas import DegradationCard
from mgld_bench.clips.atomic import PARTIAL, hidden_name, require_room_for_name, write_json_atomic
from mgld_bench.clips.clip import Clip, ClipSize, Frame
from mgld_bench.clips.digest import file_sha256, frames_sha256
from mgld_bench.clips.listing import matching
from mgld_bench.clips.writing import frame_name, write_frame
from mgld_bench.degradation.interface import AnyPipeline
from mgld_bench.degradation.loading import load_pipeline
from mgld_bench.degradation.plan import AnyPlan, VideoOperation
from mgld_bench.degradation.video import payload_bits
from mgld_bench.errors import CheckError, InputError
from mgld_bench.pairs.measures import DegradationStrength, OperationDigests
from mgld_bench.pairs.record import PairRecord, StreamRecord, made_on, made_with, read_record, record_frames


def build_pair(
    ground_truth: Clip,
    dataset: str,
    clip: str,
    degradation: DegradationCard,
    folder: Path,
    key: str,
    facts: Mapping[str, object] | None = None,
    force: bool = False,
) -> Path:
    """Build one pair.

    Writes folder/GT/<clip>/%08d.png, folder/LQ/<clip>/%08d.png (numbered from 0, 8-bit RGB), the bitstreams of video
    compressions (folder/<clip>.video1.mp4, .video2.mp4) and, last, the side file. While it works, everything is in
    folder/.<clip>.partial; an interrupted build leaves nothing else, and the next one starts afresh. Frames, bitstreams and side
    file (except ``made_on``) do not depend on threads, workers or the kind of CPU.

    Args:
        ground_truth: The clip.
        dataset: Name of its dataset; part of the seed.
        clip: Name of the pair; part of the seed.
        degradation: How LR is made.
        folder: Where to write.
        key: The pair's key; a complete pair with this key is left as it is.
        facts: What is known about the source, for the side file.
        force: Build even where the encoders here do not give the expected frames; the side file then records it.

    Returns:
        The side file, folder/<clip>.json.

    Raises:
        InputError: The ground truth does not fit the degradation, or a file cannot be written.
        CheckError: The encoders here do not give the expected frames, and ``force`` is not set.
    """
    require_room_for_name(clip, ".video1.mp4", folder)
    side = folder / f"{clip}.json"
    if _is_finished(folder, clip, key):
        return side
    pipeline = load_pipeline(degradation)
    plan: AnyPlan = pipeline.plan(dataset, ClipSize(clip, ground_truth.frame_count, ground_truth.height, ground_truth.width))
    problems = pipeline.problems_here()
    if problems and not force:
        raise CheckError(
            f"clip {clip}: the pair cannot be built here with the pinned encoders: {problems[0]}; rebuild published pairs from "
            "their bitstreams (mgld-bench datasets rebuild), or build a different instance (mgld-bench datasets prepare --force)"
        )
    partial = folder / hidden_name(clip, PARTIAL)
    try:
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        built = _BuildPass(ground_truth, clip, pipeline, plan, partial)
        built.run()
        record = PairRecord(
            key=key,
            protocol=plan.protocol,
            dataset=dataset,
            clip=clip,
            degradation=degradation,
            plan=plan,
            channels=pipeline.channels(plan),
            GT=record_frames(ground_truth, ground_truth.height, ground_truth.width, built.ground_truth_digests),
            LQ=record_frames(ground_truth, *plan.target_size, built.low_resolution_digests),
            after=built.digests.result(),
            streams=tuple(_stream(video, partial / _stream_name(clip, video)) for video in plan.videos),
            statistics=built.strength.result(),
            encoder_canary=tuple(problems),
            facts=dict(facts or {}),
            made_with=made_with(),
            made_on=made_on(),
        )
        _publish(partial, folder, clip, record)
    except OSError as error:
        raise InputError(f"{error.filename or folder}: cannot be written: {error.strerror}") from error
    return side


def _stream_name(clip: str, video: VideoOperation) -> str:
    """The file of a video compression's bitstream: <clip>.video1.mp4 for video_1."""
    return f"{clip}.{video.op.replace('_', '')}.mp4"


class _BuildPass:
    """The pass over the frames of one clip."""

    def __init__(self, ground_truth: Clip, clip: str, pipeline: AnyPipeline, plan: AnyPlan, partial: Path) -> None:
        self.ground_truth_digests: list[str] = []
        self.low_resolution_digests: list[str] = []
        self.digests = OperationDigests()
        self.strength = DegradationStrength()
        self._ground_truth = ground_truth
        self._clip = clip
        self._pipeline = pipeline
        self._plan = plan
        self._partial = partial

    def run(self) -> None:
        """Write all frames and bitstreams into the partial folder."""
        streams = {video.op: self._partial / _stream_name(self._clip, video) for video in self._plan.videos}
        degraded = self._pipeline.carry_out(self._source(), self._plan, streams, self.digests)
        # The ground truth is read a second time: it would not fit into memory until its LR frames come out.
        for index, (after, before) in enumerate(zip(degraded, self._ground_truth.frames(), strict=True)):
            write_frame(self._partial / "LQ" / frame_name(index), after)
            self.low_resolution_digests += frames_sha256([after])
            self.strength.add(before, after)

    def _source(self) -> Iterator[Frame]:
        for index, frame in enumerate(self._ground_truth.frames()):
            write_frame(self._partial / "GT" / frame_name(index), frame)
            self.ground_truth_digests += frames_sha256([frame])
            yield frame


def _is_finished(folder: Path, clip: str, key: str) -> bool:
    """Whether the pair exists under this key, with all its files."""
    if not (folder / f"{clip}.json").is_file():
        return False
    try:
        record = read_record(folder, clip)
    except InputError:
        # The side file is damaged, or of a different version of the suite: the pair is built again.
        return False
    sides = [(folder / "GT" / clip, record.GT.frames), (folder / "LQ" / clip, record.LQ.frames)]
    whole = all(len(matching(side, "*.png")) == count for side, count in sides)
    return record.key == key and whole and all((folder / stream.file).is_file() for stream in record.streams)


def _stream(video: VideoOperation, path: Path) -> StreamRecord:
    bits = payload_bits(path)
    return StreamRecord(
        op=video.op,
        file=path.name,
        codec=video.codec,
        bit_rate=video.bit_rate,
        bits_per_frame=round(sum(bits) / len(bits), 1),
        size=video.size,
        sha256=file_sha256(path),
    )


def _publish(partial: Path, folder: Path, clip: str, record: PairRecord) -> None:
    """Move the finished files to their places. The side file stands for the whole pair: it is removed first and written last."""
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

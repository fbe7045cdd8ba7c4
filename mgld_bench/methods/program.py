"""A method that is a program of somebody else's: its card states the command, and the suite stages, runs, checks and measures."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
import uuid
from collections.abc import Iterator, Mapping
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import ClassVar

from mgld_bench.clips.clip import Clip, Frame
from mgld_bench.clips.digest import text_digest
from mgld_bench.clips.listing import matching
from mgld_bench.clips.reading import open_clip
from mgld_bench.clips.video import VIDEO_SUFFIXES
from mgld_bench.clips.video_facts import video_format
from mgld_bench.clips.writing import write_frame, write_video
from mgld_bench.errors import InputError, first_of
from mgld_bench.home import bench_home, expanded
from mgld_bench.methods.compute import Compute
from mgld_bench.methods.programs.command import command, shown
from mgld_bench.methods.programs.identity import Identity, identity
from mgld_bench.methods.programs.margins import Fitted, fit
from mgld_bench.methods.programs.options import ProgramOptions, filled
from mgld_bench.methods.programs.running import End, Limits, run_program
from mgld_bench.methods.restorer import Restorer


class Program(Restorer[ProgramOptions]):
    """Runs a program over each clip, in a temporary folder, and takes what it left if that is whole.

    The LR clip is written for it with the margins that the card states, the command is executed without a shell, its output
    goes to a log, and the number and size of its frames have to be right before one of them is taken. A clip is the smallest
    part: after an interruption it starts again from the first frame. Seconds per frame therefore hold the program's start and
    the loading of its weights; memory is that of all its processes.
    """

    revision: ClassVar[int] = 1

    def __init__(self, options: ProgramOptions, weights: Mapping[str, Path] | None, compute: Compute) -> None:
        super().__init__(options, weights, compute)
        if weights is None:
            raise InputError("a program has no random weights: it runs with its own files only")
        self._weights = weights
        self._ends: dict[str, End] = {}
        self._lossy: set[str] = set()

    @classmethod
    def scales(cls, options: ProgramOptions) -> tuple[int, ...]:
        """That which the card states."""
        return (options.scale,)

    @classmethod
    def executes(cls, options: ProgramOptions) -> str:
        """See `Restorer.executes`."""
        return shown(options)

    @classmethod
    def depends_on(cls, options: ProgramOptions, dataset: str, clip: str) -> str:
        """The digest of the program's commit, local changes and files. Raises InputError where the card states others."""
        there = _identity_of(options)
        return text_digest({"commit": there.commit, "changes": there.changes, "files": dict(there.files)})

    @classmethod
    def check_here(cls, options: ProgramOptions) -> None:
        """See `Restorer.check_here`: its folder is there and at the commit that the card states."""
        identity(_folder(options), options.commit, ())

    def resume_point(self, finished: int) -> int:
        """0: a program starts at the first frame."""
        return 0

    def restore(self, clip: Clip, start: int = 0) -> Iterator[Frame]:
        """The frames that the program makes of ``clip``. Raises InputError where it fails, or leaves what it should not."""
        stage = Path(tempfile.mkdtemp(prefix="mgld-bench-")).resolve()
        try:
            fitted = fit(clip.size, self.options.margins)
            result = open_clip(self._run(clip, fitted, stage), clip.name, colour=self.options.colour)
            self._check_format(result)
            if result.facts.lossy:
                self._lossy.add(clip.name)
            yield from fitted.taken(result, self.scale)
        finally:
            shutil.rmtree(stage, ignore_errors=True)

    def notes(self, clip: Clip) -> Mapping[str, str]:
        """Which program it was, and what it left behind."""
        notes = {"program": f"{self.options.command[0]}, {_identity_of(self.options).in_words}"}
        end = self._ends.get(clip.name)
        if end is not None and end.left:
            notes["processes"] = f"{end.left} of its processes went on after it had ended, and were ended"
        if clip.name in self._lossy:
            notes["lossy"] = "the program stored its result with lossy compression"
        if self.options.pixel_format:
            notes["pixel_format"] = self.options.pixel_format
        return notes

    def peak_elsewhere(self) -> tuple[int, int | None]:
        """See `Restorer.peak_elsewhere`."""
        ends = self._ends.values()
        on_gpu = [end.gpu_memory for end in ends if end.gpu_memory is not None]
        return max((end.memory for end in ends), default=0), max(on_gpu, default=None)

    def _run(self, clip: Clip, fitted: Fitted, stage: Path) -> Path:
        """Stage the clip, run the program, and return the path of its result."""
        for name in ("lr", "out", "work"):
            (stage / name).mkdir()
        values = {
            "out": str(stage / "out"),
            "clip": clip.name,
            "frames": str(fitted.frame_count),
            "height": str(fitted.height),
            "width": str(fitted.width),
            "out_height": str(self.scale * fitted.height),
            "out_width": str(self.scale * fitted.width),
            "device": self.compute.device.partition(":")[0],
        }
        values["lr_folder"] = str(stage / "lr")
        values["lr"] = str(self._hand_over(clip, fitted, stage / "lr" / filled(self.options.lr_name, values)))
        options = self.options.model_copy(update={"folder": str(_folder(self.options) or "")})
        result = Path(filled(options.result, values))
        if not result.is_relative_to(stage):
            result = Path(options.folder or stage / "work") / expanded(result)
            _must_be_free(result)
        token = f"mgld-bench-{uuid.uuid4().hex}"
        ready = command(options, stage, values, self._weights, self.compute.device, token)
        limits = Limits(options.time_limit, None if options.memory_limit is None else int(options.memory_limit * (1 << 30)))
        log = bench_home() / "program-logs" / f"{clip.name}-{text_digest(options.model_dump(mode='json'))[:8]}.log"
        try:
            self._ends[clip.name] = run_program(ready, stage, log, limits, self.compute.device.startswith("cuda"))
            if identity(_folder(self.options), self.options.commit, self.options.files) != _identity_of(self.options):
                raise InputError("the program's files have changed since this run was planned; run the same command again")
        finally:
            found = _matches(result) if result.is_relative_to(stage) else _moved(_matches(result), stage / "taken")
        if len(found) != 1:
            names = first_of([path.name for path in found])
            what = f"several results ({names})" if found else "no result"
            raise InputError(f"the program ended well and left {what} at {options.result}; its output: {log}")
        return found[0]

    def _hand_over(self, clip: Clip, fitted: Fitted, place: Path) -> Path:
        if self.options.lr != "frames":
            video = place.with_name(f"{place.name}.{self.options.lr}")
            write_video(video, fitted.given(clip), Fraction(self.options.frame_rate))
            return video
        place.mkdir()
        for index, frame in enumerate(fitted.given(clip)):
            write_frame(place / (self.options.frame_name % index), frame)
        return place

    def _check_format(self, result: Clip) -> None:
        """A lossy result is taken only where the card declares it."""
        path = result.path
        is_video = path is not None and path.suffix.lower() in VIDEO_SUFFIXES and path.is_file()
        stored = video_format(path).pixel_format if path is not None and is_video else ""
        if stored != self.options.pixel_format:
            left = f"a video in {stored}" if stored else "frames"
            stated = f"pixel_format {self.options.pixel_format}" if self.options.pixel_format else "no pixel_format"
            raise InputError(f"the program left {left}, and its card states {stated}: make the card state what it writes")


def _folder(options: ProgramOptions) -> Path | None:
    return Path(os.path.abspath(options.path("folder"))) if options.folder else None  # noqa: PTH100 - links are not followed


def _identity_of(options: ProgramOptions) -> Identity:
    return _identity(_folder(options), options.commit, options.files)


@lru_cache
def _identity(folder: Path | None, commit: str, files: tuple[str, ...]) -> Identity:
    """Asked for every clip of a suite, and the same for all of them."""
    return identity(folder, commit, files)


def _matches(result: Path) -> list[Path]:
    """What is at ``result``, one part of which may hold a *."""
    if "*" not in str(result):
        return [result] if result.exists() else []
    first = next(index for index, part in enumerate(result.parts) if "*" in part)
    root = Path(*result.parts[:first])
    patterns = [re.sub(r"[\[?]", r"[\g<0>]", part) for part in result.parts[first:]]
    return matching(root, *patterns) if root.is_dir() else []


def _must_be_free(result: Path) -> None:
    there = _matches(result)
    if there:
        raise InputError(f"{there[0]}: is there before the program has run, and would be taken for its result; move it away")


def _moved(found: list[Path], place: Path) -> list[Path]:
    """Move what a program left in its own folder into the stage, so that the next clip cannot meet it."""
    place.mkdir()
    return [Path(shutil.move(path, place / path.name)) for path in found]

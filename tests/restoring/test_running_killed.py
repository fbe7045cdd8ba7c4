"""Real child processes that are killed while they restore: whatever the moment, the next run ends with the same clip."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import random
import signal
import sys
import time
from collections.abc import Iterator
from multiprocessing.context import ForkServerContext
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mgld_bench.clips.clip import ArrayClip, Clip, Frame
from mgld_bench.methods.bicubic import Bicubic
from mgld_bench.methods.compute import Compute
from mgld_bench.methods.restorer import RestorerOptions
from mgld_bench.restoring.record import read_record, record_path
from mgld_bench.restoring.running import restore_clip

CHANGES = frozenset({"open", "os.rename", "os.mkdir", "os.rmdir", "os.remove", "shutil.rmtree"})
"""Python's audit events before which a child may be killed: all by which restore_clip touches the disk."""


class Slow(Bicubic):
    """Bicubic that takes its time."""

    def restore(self, clip: Clip, start: int = 0) -> Iterator[Frame]:
        for frame in super().restore(clip, start):
            time.sleep(0.02)
            yield frame


def waves(frames: int) -> Clip:
    return ArrayClip("waves", np.random.default_rng(3).integers(0, 256, (frames, 6, 8, 3), dtype=np.uint8))


def restore_in_child(folder: Path, key: str, frames: int, kill_before: int | None) -> None:
    """The child: restores, and kills itself before the given touch of the disk."""
    if kill_before is not None:
        touches = 0

        def watch(event: str, arguments: tuple[Any, ...]) -> None:
            nonlocal touches
            # Removing a tree names its files relative to their folder.
            if event in CHANGES and (str(folder) in str(arguments[0]) or event in {"os.remove", "os.rmdir"}):
                if touches == kill_before:
                    os.kill(os.getpid(), signal.SIGKILL)
                touches += 1

        sys.addaudithook(watch)
    # In the parent, pytest wants the signal; here it has to be as in any program.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    restorer = Bicubic if kill_before is not None else Slow
    with contextlib.suppress(KeyboardInterrupt):
        restore_clip(restorer(RestorerOptions(), {}, Compute()), waves(frames), folder, key, {"made": "in a child"})


@pytest.fixture(scope="module")
def processes() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["mgld_bench.methods.bicubic", "mgld_bench.restoring.running"])
    return context


def recorded(folder: Path) -> tuple[str, ...]:
    record = read_record(record_path(folder, "waves"))
    assert record is not None
    return record.sha256


def visible(folder: Path) -> dict[str, bytes]:
    """Everything below the folder, hidden or not, but for the record, whose times and sizes differ from run to run."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path != folder / "waves.json"
    }


def check_nothing_false_is_there(folder: Path) -> None:
    """A record, where there is one, is true: its frames are all there."""
    record = read_record(record_path(folder, "waves"))
    if record is not None:
        assert {path.name for path in (folder / "waves").iterdir()} == {f"{index:08d}.png" for index in range(record.frame_count)}


def finish(folder: Path, key: str, frames: int) -> None:
    record = restore_clip(Bicubic(RestorerOptions(), {}, Compute()), waves(frames), folder, key, {"made": "at last"})
    assert read_record(record_path(folder, "waves")) == record


def uninterrupted(folder: Path, frames: int) -> tuple[dict[str, bytes], tuple[str, ...]]:
    record = restore_clip(Bicubic(RestorerOptions(), {}, Compute()), waves(frames), folder, "key", {})
    return visible(folder), record.sha256


class Stopping(Bicubic):
    """Bicubic that is interrupted after a frame."""

    def restore(self, clip: Clip, start: int = 0) -> Iterator[Frame]:
        yield next(super().restore(clip, start))
        raise KeyboardInterrupt


class Unwilling(Bicubic):
    """Must not be asked for anything."""

    def restore(self, clip: Clip, start: int = 0) -> Iterator[Frame]:
        raise AssertionError("the finished clip was not found")


def run(method: type[Bicubic], folder: Path, key: str, frames: int) -> None:
    restore_clip(method(RestorerOptions(), {}, Compute()), waves(frames), folder, key, {})


@pytest.mark.parametrize("situation", [pytest.param("nothing there", marks=pytest.mark.slow), "older clip and other partial"])
def test_killed_before_every_single_touch_of_the_disk(tmp_path: Path, processes: ForkServerContext, situation: str) -> None:
    older = situation != "nothing there"
    expected, sums = uninterrupted(tmp_path / "whole", 2)
    for moment in range(200):
        folder = tmp_path / str(moment)
        if older:
            run(Bicubic, folder, "older", 1)
            with pytest.raises(KeyboardInterrupt):
                run(Stopping, folder, "other", 2)
        child = processes.Process(target=restore_in_child, args=(folder, "key", 2, moment))
        child.start()
        child.join()
        if child.exitcode == 0:
            break
        assert child.exitcode == -signal.SIGKILL
        check_nothing_false_is_there(folder)
        replaced = (record := read_record(record_path(folder, "waves"))) is not None and record.key == "key"
        if older and not replaced:
            # Until the new clip is complete, the older one is still there for whoever asks for it.
            run(Unwilling, folder, "older", 1)
            check_nothing_false_is_there(folder)
        finish(folder, "key", 2)
        assert visible(folder) == expected, f"killed before touch {moment}"
        assert recorded(folder) == sums
    # As many moments as there are steps: fewer would mean that the kills missed the work.
    assert moment > 30
    assert child.exitcode == 0


def last_written(path: Path) -> int:
    return path.stat().st_mtime_ns if path.exists() else 0


def test_killed_at_random_moments(tmp_path: Path, processes: ForkServerContext) -> None:
    frames = 40
    expected, sums = uninterrupted(tmp_path / "whole", frames)
    folder = tmp_path / "killed"
    moments = random.Random(2024)
    progressed = []
    for _ in range(10):
        child = processes.Process(target=restore_in_child, args=(folder, "key", frames, None))
        before = last_written(folder / ".waves.partial" / "key")
        child.start()
        # However busy the machine: the moment counts from the child's first touch of the disk, of which there is none once the
        # clip is finished.
        while child.is_alive() and last_written(folder / ".waves.partial" / "key") == before:
            time.sleep(0.002)
        assert child.is_alive() or child.exitcode == 0
        time.sleep(moments.uniform(0, 0.3))
        child.kill()
        child.join()
        journal = folder / ".waves.partial" / "journal.jsonl"
        progressed.append(len(journal.read_bytes().splitlines()) if journal.exists() else 0)
        check_nothing_false_is_there(folder)
    assert max(progressed) > 0
    finish(folder, "key", frames)
    assert visible(folder) == expected
    assert recorded(folder) == sums


def test_ctrl_c_keeps_what_was_done(tmp_path: Path, processes: ForkServerContext) -> None:
    frames = 60
    child = processes.Process(target=restore_in_child, args=(tmp_path, "key", frames, None))
    child.start()
    journal = tmp_path / ".waves.partial" / "journal.jsonl"
    while not (journal.exists() and len(journal.read_bytes().splitlines()) >= 3):
        assert child.is_alive()
        time.sleep(0.01)
    assert child.pid is not None
    os.kill(child.pid, signal.SIGINT)
    child.join(10)
    assert child.exitcode == 0
    done = len(journal.read_bytes().splitlines())
    assert 3 <= done < frames
    assert not list((tmp_path / ".waves.partial" / "frames").glob(".*"))
    counts: list[int] = []
    restore_clip(
        Bicubic(RestorerOptions(), {}, Compute()), waves(frames), tmp_path, "key", {}, lambda count, _: counts.append(count)
    )
    assert counts[0] == done

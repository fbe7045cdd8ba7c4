"""Restoring a clip into a folder: what is written, what is kept, what is done again."""

from __future__ import annotations

import contextlib
import json
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError

from mgld_bench.clips.clip import ArrayClip, Clip, Frame
from mgld_bench.clips.reading import open_clip
from mgld_bench.clips.writing import write_frame
from mgld_bench.errors import InputError
from mgld_bench.methods.bicubic import Bicubic
from mgld_bench.methods.compute import Compute
from mgld_bench.methods.restorer import Restorer, RestorerOptions
from mgld_bench.restoring.record import RestoreRecord, open_restored, read_record, record_path
from mgld_bench.restoring.running import restore_clip


class Counting(Bicubic):
    """Bicubic that remembers from where it was asked to start."""

    def __init__(self) -> None:
        super().__init__(RestorerOptions(), {}, Compute())
        self.starts: list[int] = []

    def restore(self, clip: Clip, start: int = 0) -> Iterator[Frame]:
        self.starts.append(start)
        return super().restore(clip, start)


class Interrupted(Counting):
    """Gives two frames, then is interrupted."""

    def restore(self, clip: Clip, start: int = 0) -> Iterator[Frame]:
        frames = super().restore(clip, start)
        yield next(frames)
        yield next(frames)
        raise KeyboardInterrupt


class InSegments(Counting):
    """Can start at even frames only."""

    def resume_point(self, finished: int) -> int:
        return finished - finished % 2


@pytest.fixture
def clip() -> Clip:
    random = np.random.default_rng(7)
    return ArrayClip("waves", random.integers(0, 256, (5, 6, 8, 3), dtype=np.uint8))


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_frames_and_record_are_written(tmp_path: Path, clip: Clip) -> None:
    steps: list[tuple[int, int]] = []
    record = restore_clip(Counting(), clip, tmp_path, "key", {"method": "bicubic", "n": [1, 2]}, lambda *step: steps.append(step))
    restored = open_clip(tmp_path / "waves")
    expected = list(Counting().restore(clip))
    np.testing.assert_array_equal(list(restored.frames()), expected)
    assert restored.facts.frame_names == tuple(f"{index:08d}" for index in range(5))
    assert sorted(path.name for path in tmp_path.iterdir() if path.name != "home") == ["waves", "waves.json"]
    assert read_record(record_path(tmp_path, "waves")) == record
    assert (record.name, record.key, record.facts) == ("waves", "key", {"method": "bicubic", "n": [1, 2]})
    assert (record.frame_count, record.height, record.width) == (5, 24, 32)
    assert len(record.sha256) == len(record.seconds) == 5
    assert record.seconds_per_frame == pytest.approx(sum(record.seconds) / 5)
    assert min(record.seconds) > 0
    assert record.peak_memory > 50e6
    assert record.peak_gpu_memory is None
    assert record.device.startswith("cpu")
    assert record.precision == "float32"
    assert {"python", "torch", "numpy"} <= record.versions.keys()
    assert steps[0] == (0, 5)
    assert steps[-1] == (5, 5)
    assert steps == sorted(steps)


def test_a_finished_clip_is_not_done_again(tmp_path: Path, clip: Clip) -> None:
    first = restore_clip(Counting(), clip, tmp_path, "key", {})
    before = contents(tmp_path)
    again = Counting()
    steps: list[tuple[int, int]] = []
    assert restore_clip(again, clip, tmp_path, "key", {}, lambda *step: steps.append(step)) == first
    assert again.starts == []
    assert steps == [(5, 5)]
    assert contents(tmp_path) == before


def test_a_finished_clip_that_lacks_a_frame_is_done_again(tmp_path: Path, clip: Clip) -> None:
    restore_clip(Counting(), clip, tmp_path, "key", {})
    (tmp_path / "waves" / "00000003.png").unlink()
    again = Counting()
    restore_clip(again, clip, tmp_path, "key", {})
    assert again.starts == [0]
    assert open_clip(tmp_path / "waves").frame_count == 5


def test_another_key_replaces_the_clip_only_when_it_is_complete(tmp_path: Path, clip: Clip) -> None:
    restore_clip(Counting(), clip, tmp_path, "old", {})
    before = contents(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        restore_clip(Interrupted(), clip, tmp_path, "new", {})
    assert {name: data for name, data in contents(tmp_path).items() if not name.startswith(".")} == before
    record = restore_clip(Counting(), clip, tmp_path, "new", {})
    assert record.key == "new"
    assert sorted(path.name for path in tmp_path.iterdir() if path.name != "home") == ["waves", "waves.json"]


def test_an_interrupted_clip_is_gone_on_with(tmp_path: Path, clip: Clip) -> None:
    with pytest.raises(KeyboardInterrupt):
        restore_clip(Interrupted(), clip, tmp_path, "key", {})
    assert not (tmp_path / "waves").exists()
    again = Counting()
    steps: list[tuple[int, int]] = []
    record = restore_clip(again, clip, tmp_path, "key", {}, lambda *step: steps.append(step))
    assert again.starts == [2]
    assert steps[0] == (2, 5)
    whole = restore_clip(Counting(), clip, tmp_path / "whole", "key", {})
    assert record.sha256 == whole.sha256
    np.testing.assert_array_equal(
        list(open_clip(tmp_path / "waves").frames()), list(open_clip(tmp_path / "whole" / "waves").frames())
    )


def test_a_method_of_segments_starts_where_it_can(tmp_path: Path, clip: Clip) -> None:
    class Third(InSegments):
        def restore(self, clip: Clip, start: int = 0) -> Iterator[Frame]:
            frames = super().restore(clip, start)
            for _ in range(3):
                yield next(frames)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        restore_clip(Third(), clip, tmp_path, "key", {})
    again = InSegments()
    record = restore_clip(again, clip, tmp_path, "key", {})
    assert again.starts == [2]
    assert record.frame_count == 5


@pytest.mark.parametrize("damage", ["truncated", "foreign", "missing", "other size", "torn journal", "no journal", "stray file"])
def test_what_was_damaged_meanwhile_is_done_again(tmp_path: Path, clip: Clip, damage: str) -> None:
    with pytest.raises(KeyboardInterrupt):
        restore_clip(Interrupted(), clip, tmp_path, "key", {})
    partial = tmp_path / ".waves.partial"
    second = partial / "frames" / "00000001.png"
    journal = partial / "journal.jsonl"
    assert second.is_file()
    expected_start = 1
    if damage == "truncated":
        second.write_bytes(second.read_bytes()[:-20])
    elif damage == "foreign":
        write_frame(second, np.zeros((24, 32, 3), np.uint8))
    elif damage == "missing":
        second.unlink()
    elif damage == "other size":
        write_frame(second, np.zeros((24, 33, 3), np.uint8))
    elif damage == "torn journal":
        journal.write_bytes(journal.read_bytes()[:-10])
    elif damage == "no journal":
        journal.unlink()
        expected_start = 0
    else:
        (partial / "frames" / ".00000002.png.0123.tmp").write_bytes(b"half")
        (partial / "frames" / "00000004.png").write_bytes(b"early")
        expected_start = 2
    again = Counting()
    restore_clip(again, clip, tmp_path, "key", {})
    assert again.starts == [expected_start]
    np.testing.assert_array_equal(list(open_clip(tmp_path / "waves").frames()), list(Counting().restore(clip)))
    assert sorted(path.name for path in (tmp_path / "waves").iterdir()) == [f"{index:08d}.png" for index in range(5)]


def test_what_another_key_has_left_is_not_used(tmp_path: Path, clip: Clip) -> None:
    with pytest.raises(KeyboardInterrupt):
        restore_clip(Interrupted(), clip, tmp_path, "one", {})
    again = Counting()
    restore_clip(again, clip, tmp_path, "two", {})
    assert again.starts == [0]


def test_files_of_the_user_are_never_replaced(tmp_path: Path, clip: Clip) -> None:
    (tmp_path / "waves").mkdir()
    (tmp_path / "waves" / "precious.png").write_bytes(b"mine")
    with pytest.raises(InputError, match=r"waves: exists, but was not made by a restore"):
        restore_clip(Counting(), clip, tmp_path, "key", {})
    assert contents(tmp_path / "waves") == {"precious.png": b"mine"}
    shutil.rmtree(tmp_path / "waves")
    (tmp_path / "waves.json").write_text('{"mine": 1}')
    with pytest.raises(InputError, match=r"waves\.json: not the side file"):
        restore_clip(Counting(), clip, tmp_path, "key", {})


class Odd(Restorer[RestorerOptions]):
    """Gives the frames that it is built with."""

    def __init__(self, frames: list[Frame]) -> None:
        super().__init__(RestorerOptions(), {}, Compute())
        self._frames = frames

    def restore(self, clip: Clip, start: int = 0) -> Iterator[Frame]:
        yield from self._frames[start:]


@pytest.mark.parametrize(
    ("count", "shape", "problem"),
    [
        (4, (24, 32, 3), "Odd gave 4 frames for 5"),
        (6, (24, 32, 3), "Odd gave more than its 5 frames"),
        (5, (24, 31, 3), r"clip waves, frame 0: Odd gave \(24, 31, 3\) uint8, expected \(24, 32, 3\)"),
    ],
)
def test_a_wrong_number_or_size_of_frames_is_an_error(
    tmp_path: Path, clip: Clip, count: int, shape: tuple[int, ...], problem: str
) -> None:
    with pytest.raises(InputError, match=problem):
        restore_clip(Odd([np.zeros(shape, np.uint8)] * count), clip, tmp_path, "key", {})
    assert not (tmp_path / "waves").exists()


def test_an_error_of_the_writer_comes_out(tmp_path: Path, clip: Clip) -> None:
    class Saboteur(Counting):
        def restore(self, clip: Clip, start: int = 0) -> Iterator[Frame]:
            for index, frame in enumerate(super().restore(clip, start)):
                if index == 2:
                    # A folder where the journal was: from now on no frame can be noted.
                    put_folder_in_place_of(tmp_path / ".waves.partial" / "journal.jsonl")
                yield frame

    with pytest.raises(InputError, match=r"journal\.jsonl: cannot be written"):
        restore_clip(Saboteur(), clip, tmp_path, "key", {})
    assert not (tmp_path / "waves").exists()


def put_folder_in_place_of(file: Path) -> None:
    # The writer works meanwhile, and may make the file anew.
    while not file.is_dir():
        file.unlink(missing_ok=True)
        with contextlib.suppress(FileExistsError):
            file.mkdir()


def test_a_method_may_use_its_own_array_again(tmp_path: Path, clip: Clip) -> None:
    class Thrifty(Counting):
        def restore(self, clip: Clip, start: int = 0) -> Iterator[Frame]:
            own = np.empty((24, 32, 3), np.uint8)
            for index in range(start, clip.frame_count):
                own[:] = 10 * index
                yield own
                own[:] = 255

    restore_clip(Thrifty(), clip, tmp_path, "key", {})
    assert [frame.max() for frame in open_restored(tmp_path, "waves").frames()] == [0, 10, 20, 30, 40]


def test_frames_that_disappear_meanwhile_are_an_error(tmp_path: Path, clip: Clip) -> None:
    class Careless(Counting):
        def restore(self, clip: Clip, start: int = 0) -> Iterator[Frame]:
            for index, frame in enumerate(super().restore(clip, start)):
                if index == 4:
                    while (tmp_path / ".waves.partial" / "journal.jsonl").read_text().count("\n") != 4:
                        time.sleep(0.01)
                    for path in (tmp_path / ".waves.partial").rglob("0000000[01].png"):
                        path.unlink()
                yield frame

    with pytest.raises(InputError, match=r"2 frames disappeared while the clip was restored \(0, 1\)"):
        restore_clip(Careless(), clip, tmp_path, "key", {})
    assert not (tmp_path / "waves").exists()
    restore_clip(Counting(), clip, tmp_path, "key", {})
    assert open_restored(tmp_path, "waves").frame_count == 5


def test_a_frame_changed_after_it_was_made_is_named_when_it_is_read(tmp_path: Path, clip: Clip) -> None:
    restore_clip(Counting(), clip, tmp_path, "key", {})
    write_frame(tmp_path / "waves" / "00000003.png", 255 - open_clip(tmp_path / "waves").frame(3))
    assert len(list(open_restored(tmp_path, "waves").frames(0, 3))) == 3
    with pytest.raises(InputError, match="waves: frame 3 was changed after it was made"):
        list(open_restored(tmp_path, "waves").frames())
    (tmp_path / "waves" / "00000004.png").unlink()
    with pytest.raises(InputError, match="waves: has 4 frames, but 5 were made"):
        open_restored(tmp_path, "waves")


def test_notes_of_the_restorer_are_kept(tmp_path: Path, clip: Clip) -> None:
    class Talkative(Counting):
        def notes(self, clip: Clip) -> dict[str, str]:
            return {"tile": f"32 px for {clip.name}"}

    assert restore_clip(Talkative(), clip, tmp_path, "key", {}).notes == {"tile": "32 px for waves"}


def test_a_record_is_whole_or_none(tmp_path: Path) -> None:
    assert read_record(tmp_path / "nothing.json") is None
    with pytest.raises(ValidationError):
        RestoreRecord.model_validate({"name": "x"})


@pytest.mark.parametrize("change", [{"frame_count": 10**9}, {"seconds": []}, {"facts": [1]}, {"sha256": ["00"]}])
def test_a_record_that_contradicts_itself_is_refused(tmp_path: Path, clip: Clip, change: dict[str, object]) -> None:
    restore_clip(Counting(), clip, tmp_path, "key", {})
    side = record_path(tmp_path, clip.name)
    side.write_text(json.dumps({**json.loads(side.read_text()), **change}))
    with pytest.raises(InputError, match="not the side file of a restored clip"):
        read_record(side)

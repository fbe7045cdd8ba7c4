"""What a hostile machine does to a verb: one line with what to do and exit code 2, never a traceback."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from mgld_bench.clips.writing import frame_name, write_frame
from mgld_bench.engine.health import _methods, _of_part
from mgld_bench.engine.store import open_store
from tests.helpers.clip_samples import make_frames
from tests.helpers.command import Done, call


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder: ``clip``, and a workspace with an empty results database."""
    monkeypatch.setenv("MGLD_BENCH_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    for index, frame in enumerate(make_frames(count=2, height=8, width=8)):
        write_frame(tmp_path / "clip" / frame_name(index), frame)
    open_store("", tmp_path / "workspace", create=True).close()
    return tmp_path


def refused(done: Done, *parts: str) -> None:
    """The verb has ended with exit code 2, and its last line has these parts."""
    assert done.code == 2
    last = done.err.splitlines()[-1]
    assert last.startswith("mgld-bench: ")
    assert all(part in last for part in parts), last


def database(folder: Path) -> Path:
    return folder / "workspace" / "results.sqlite"


def damage_pages(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[8192:] = bytes(byte ^ 0x5A for byte in content[8192:])
    file.write_bytes(content)


def change_schema(file: Path) -> None:
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("ALTER TABLE units DROP COLUMN facts")


def put_folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


def put_wrong_values(file: Path) -> None:
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("INSERT INTO runs VALUES (1, '', 'demo', '{}')")
        columns = ", ".join(f"'{value}'" for value in ("k", "restore", "demo", "bikes", "bicubic", "", "", 1, "", 0, 0.0))
        connection.execute(f"INSERT INTO units VALUES ({columns}, '[1]')")


@pytest.mark.parametrize(
    ("obstacle", "reason"),
    [
        (damage_pages, "bring back a copy of it"),
        (change_schema, "of a different program"),
        (put_folder, "unable to open"),
        (put_wrong_values, "a row of it is malformed"),
    ],
)
def test_a_database_that_cannot_be_used(folder: Path, obstacle: object, reason: str) -> None:
    assert callable(obstacle)
    obstacle(database(folder))
    refused(call("report", "demo", "--format", "csv"), "results database workspace/results.sqlite: cannot be used", reason)


@contextmanager
def largest_file(size: int) -> Iterator[None]:
    """As on a full disk: no file can grow beyond ``size`` bytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)


def test_a_database_that_cannot_grow(folder: Path) -> None:
    with largest_file(8192):
        refused(call("score", "clip", "--gt", "clip", "--metrics", "psnr", "--store", "sqlite:///new.sqlite"), "new.sqlite")


def test_frames_that_cannot_be_written(folder: Path) -> None:
    with largest_file(100):
        refused(call("restore", "bicubic", "clip", "out"), "out/.clip.partial", "cannot be written")


@pytest.mark.parametrize("place", ["out/.lock", "out/clip.json", "out/.clip.partial/key"])
def test_a_folder_in_the_place_of_a_file(folder: Path, place: str) -> None:
    (folder / place).mkdir(parents=True)
    refused(call("restore", "bicubic", "clip", "out"), place, "Is a directory: move the folder away")


def test_a_journal_that_is_no_text_is_not_used(folder: Path) -> None:
    partial = folder / "out" / ".clip.partial"
    (partial / "frames").mkdir(parents=True)
    for name in ("journal.jsonl", "key", "way"):
        (partial / name).write_bytes(b"\xff\xfe\x00{}\n")
    assert call("restore", "bicubic", "clip", "out").code == 0


def test_names_that_no_file_system_holds(folder: Path) -> None:
    name = 300 * "x"
    refused(call("restore", "bicubic", name, "out"), "File name too long")
    refused(call("restore", "bicubic", "clip", name), "File name too long")
    refused(call("report", f"{name}.yaml"), "File name too long")
    refused(call("run", "demo", "--workspace", name), "File name too long")


def test_the_home_of_nobody(folder: Path) -> None:
    for arguments in (
        ("run", "demo", "-w", "~nosuchuser/w"),
        ("datasets", "prepare", "reds4", "--source", "~nosuchuser/s"),
        ("restore", "bicubic", "clip", "~nosuchuser/out"),
        ("report", "demo", "--output=~nosuchuser/report"),
        ("score", "clip", "--metrics", "niqe", "--store", "sqlite:///~nosuchuser/kept.sqlite"),
        ("nightly", "demo", "--checkpoint", "~nosuchuser/x"),
    ):
        refused(call(*arguments), "there is no home folder of ~nosuchuser")
    assert not list(folder.glob("~*"))


def test_a_home_that_the_shell_left_to_the_program(folder: Path) -> None:
    assert call("restore", "bicubic", "clip", "~/out", environment={"HOME": str(folder / "home")}).code == 0
    assert (folder / "home/out/clip.json").is_file()
    assert not list(folder.glob("~*"))


def test_the_current_folder_is_gone(folder: Path) -> None:
    script = f"mkdir here && cd here && rmdir ../here && exec {sys.executable} -m mgld_bench list reports"
    root = str(Path(__file__).parents[2])
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([root, *filter(None, [os.environ.get("PYTHONPATH")])])}
    done = subprocess.run(["/bin/sh", "-c", script], capture_output=True, text=True, cwd=folder, env=environment, check=False)
    refused(Done(done.returncode, done.stdout, done.stderr), "the current folder was removed")


@pytest.fixture
def cards() -> Iterator[Path]:
    """A card folder that cannot be read; where everybody may look, as test folders are their owner's alone."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        (folder / "baselines").mkdir(mode=0)
        yield folder
        (folder / "baselines").chmod(0o755)


def as_nobody(work: Callable[[], object]) -> str:
    """What ``work`` gives, as text, to a user without privileges: tests often run as root, who feels no permissions."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            if os.getuid() == 0:
                os.setgroups([])
                os.setuid(65534)
            os.write(writing, repr(work()).encode())
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as answer:
        text = answer.read()
    os.waitpid(child, 0)
    return text


def test_a_card_folder_that_cannot_be_read_hides_nothing_else_from_doctor(cards: Path) -> None:
    found = as_nobody(lambda: _of_part("methods", lambda: _methods([cards])))
    assert "broken" in found
    assert f"card folder {cards}/baselines: cannot be read" in found
    assert "Permission denied" in found


def test_ffmpeg_that_is_no_program(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = folder / "ffmpeg"
    program.write_text("no program")
    monkeypatch.setattr("mgld_bench.clips.ffmpeg.ffmpeg_binary", lambda: str(program))
    for mode, reason in ((0o644, "Permission denied"), (0o755, "Exec format error")):
        program.chmod(mode)
        shutil.rmtree(folder / "out", ignore_errors=True)
        refused(call("restore", "bicubic", "clip", "out", "--video"), f"{program}: {reason}", "pip install --force-reinstall")

"""A file that is held: others wait, and what a killed process left is taken over."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from mgld_bench.clips.atomic import replacing, write_bytes_atomic
from mgld_bench.clips.held import held, is_held

KILLED = """
import os, signal, sys
from pathlib import Path
from mgld_bench.clips.atomic import replacing
with replacing(Path(sys.argv[1])) as temporary:
    temporary.write_bytes(b"half of it, and much longer than what comes after")
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_it_is_there_and_held_as_long_as_the_block(tmp_path: Path) -> None:
    place = tmp_path / "mark"
    assert not is_held(place)
    with held(place):
        assert is_held(place)
    assert not place.exists()
    place.touch()
    assert not is_held(place)


def test_a_second_one_waits_for_the_first(tmp_path: Path) -> None:
    place, order = tmp_path / "mark", []

    def second() -> None:
        with held(place):
            order.append("second")

    thread = threading.Thread(target=second)
    with held(place):
        thread.start()
        thread.join(timeout=0.2)
        order.append("first")
    thread.join(timeout=20)
    assert order == ["first", "second"]
    assert not place.exists()


def test_many_writers_of_one_file_leave_one_whole_file(tmp_path: Path) -> None:
    file = tmp_path / "file"
    threads = [threading.Thread(target=write_bytes_atomic, args=(file, bytes([number]) * 5000)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(file.read_bytes())) == 1
    assert list(tmp_path.iterdir()) == [file]


def test_the_next_write_takes_over_what_a_killed_process_left(tmp_path: Path) -> None:
    file = tmp_path / "file"
    done = subprocess.run([sys.executable, "-c", KILLED, str(file)], check=False)
    assert done.returncode == -signal.SIGKILL
    assert [path.name for path in tmp_path.iterdir()] == [".file.tmp"]
    write_bytes_atomic(file, b"whole")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    assert file.read_bytes() == b"whole"


def test_a_block_that_fails_leaves_what_was_there(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"before")
    with pytest.raises(RuntimeError, match="enough"), replacing(file) as temporary:
        temporary.write_bytes(b"half")
        raise RuntimeError("enough")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"file": b"before"}

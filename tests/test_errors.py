"""One line for what the operating system reports: which file, what, and what to do."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from mgld_bench.errors import InputError, contained, of_system
from mgld_bench.home import bench_home, expanded


@pytest.mark.parametrize(
    ("code", "remedy"),
    [
        (errno.ENOSPC, "free some space"),
        (errno.EMFILE, "ulimit -n"),
        (errno.EROFS, "a folder of your own"),
        (errno.EIO, "failing"),
    ],
)
def test_an_error_of_the_system_names_the_file_and_what_to_do(code: int, remedy: str) -> None:
    line = of_system(OSError(code, "reason", "a/b.png"))
    assert line.startswith("a/b.png: reason: ")
    assert remedy in line


def test_an_error_of_the_system_without_file_or_number() -> None:
    assert of_system(OSError(errno.ENOTCONN, "not connected")) == "not connected"
    assert of_system(OSError("what\nhappened")) == "what happened"
    assert of_system(OSError()) == "OSError"
    assert of_system(OSError(errno.EXDEV, "other disk", "a", None, "b")) == "a -> b: other disk"


def test_a_file_that_a_method_cannot_read_is_named_without_the_place_in_the_library() -> None:
    with pytest.raises(OSError, match="No such file") as caught:
        Path("nowhere.bin").read_bytes()
    assert str(contained(caught.value, "method x")) == "method x: nowhere.bin: No such file or directory"


def test_the_home_of_nobody_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match="no home folder of ~nosuchuser"):
        expanded(Path("~nosuchuser/x"))
    monkeypatch.setenv("MGLD_BENCH_HOME", "~nosuchuser/home")
    with pytest.raises(InputError, match="no home folder of ~nosuchuser"):
        bench_home()

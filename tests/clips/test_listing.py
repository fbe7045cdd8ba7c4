"""Folders are listed whole, or the listing fails: one that cannot be read is never taken for an empty one."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mgld_bench.clips.listing import files_below, listed, matching
from mgld_bench.methods.program import _matches
from mgld_bench.methods.programs.identity import identity
from mgld_bench.nightly.retention import _size


@pytest.fixture
def closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """``top/closed/x.png`` in a folder that nobody may read; root gives up its rights for as long as the test runs."""
    tmp_path.chmod(0o755)
    monkeypatch.chdir(tmp_path)
    # From the current folder: those above it may be closed too.
    top = Path("top")
    (top / "closed").mkdir(parents=True)
    (top / "closed/x.png").write_bytes(b"x")
    (top / "closed").chmod(0)
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)
    yield top
    if root:
        os.seteuid(0)
    (top / "closed").chmod(0o700)


@pytest.mark.parametrize(
    "look",
    [
        files_below,
        _size,
        lambda top: listed(top / "closed"),
        lambda top: matching(top, "*", "*.png"),
        lambda top: _matches(top / "*" / "x.png"),
        lambda top: identity(None, "", (str(top),)),
    ],
)
def test_a_folder_that_cannot_be_read_is_not_an_empty_one(closed: Path, look: Callable[[Path], object]) -> None:
    with pytest.raises(PermissionError, match="closed"):
        look(closed)


def test_files_below(tmp_path: Path) -> None:
    (tmp_path / "b/c").mkdir(parents=True)
    (tmp_path / "b/c/1").touch()
    (tmp_path / ".a").touch()
    (tmp_path / "link").symlink_to(tmp_path / "b")
    (tmp_path / "file").symlink_to(tmp_path / ".a")
    assert files_below(tmp_path) == [tmp_path / ".a", tmp_path / "b/c/1", tmp_path / "file"]
    assert files_below(tmp_path / "missing") == files_below(tmp_path / ".a") == []


def test_only_the_star_of_a_result_stands_for_anything(tmp_path: Path) -> None:
    for name in ("clip[1]?-x", "clip1a-x", "clip[1]?-y"):
        (tmp_path / name).mkdir()
    assert _matches(tmp_path / "clip[1]?-*") == [tmp_path / "clip[1]?-x", tmp_path / "clip[1]?-y"]
    (tmp_path / "clip1a-x/out").touch()
    assert _matches(tmp_path / "clip*a-x" / "out") == [tmp_path / "clip1a-x/out"]

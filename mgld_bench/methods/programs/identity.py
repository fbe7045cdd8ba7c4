"""What identifies a program's code: the commit of its repository, and the digests of files."""

from __future__ import annotations

import hashlib
import subprocess
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from mgld_bench.clips.digest import DigestCache, file_sha256, text_digest
from mgld_bench.clips.listing import files_below
from mgld_bench.errors import InputError
from mgld_bench.home import bench_home, expanded

_GIT = ("git", "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null")
"""Git without what a repository's own settings could make it execute."""


@dataclass(frozen=True)
class Identity:
    """Which program it is."""

    commit: str = ""
    """The whole hash; "" without a repository."""
    changes: str = ""
    """sha256 of the differences of tracked files from the commit; "" where there are none."""
    files: tuple[tuple[str, str], ...] = ()
    """Name, as in the card, and sha256."""

    @property
    def in_words(self) -> str:
        """As a reader of results would be told."""
        parts = [f"commit {self.commit[:12]}{' with local changes' if self.changes else ''}"] if self.commit else []
        return ", ".join(parts + [f"{Path(name).name} {sha256[:12]}" for name, sha256 in self.files])


def identity(folder: Path | None, commit: str, files: tuple[str, ...]) -> Identity:
    """Which program is there now.

    Args:
        folder: the checkout of its repository, or where ``files`` are.
        commit: at which the checkout has to be, or its first digits; "": it is no checkout.
        files: files or folders, absolute or from ``folder``.

    Raises:
        InputError: the folder is away, no checkout, or at a different commit; a file is away.
    """
    if folder is not None and not folder.is_dir():
        raise InputError(f"{folder}: the program's folder is not there; set options: folder to where you have it")
    there = _commit(folder, commit) if folder is not None and commit else ("", "")
    cache = _digests(bench_home() / "program-files.json")
    named = tuple((name, _digest((folder or Path()) / expanded(Path(name)), cache)) for name in files)
    cache.save()
    return Identity(*there, named)


def _digest(path: Path, cache: DigestCache) -> str:
    """sha256 of a file, or of the names and digests of all files in a folder."""
    if not path.is_dir():
        return file_sha256(path, cache)
    return text_digest({str(file.relative_to(path)): file_sha256(file, cache) for file in files_below(path)})


def _commit(folder: Path, commit: str) -> tuple[str, str]:
    at = _git(folder, "rev-parse", "HEAD").decode().strip()
    if not at.startswith(commit):
        raise InputError(
            f"{folder}: is at commit {at[:12]}, its card states {commit[:12]}: git checkout that, or change the card"
        )
    changes = _git(folder, "diff", "--no-ext-diff", "--no-textconv", "--binary", "HEAD")
    return at, hashlib.sha256(changes).hexdigest() if changes else ""


def _git(folder: Path, *arguments: str) -> bytes:
    try:
        done = subprocess.run([*_GIT, "-C", str(folder), *arguments], capture_output=True, check=False)  # noqa: S603
    except OSError as error:
        raise InputError(f"git cannot be run ({error.strerror}): it says at which commit {folder} is") from None
    if done.returncode:
        reason = " ".join(done.stderr.decode(errors="replace").split())
        raise InputError(f"{folder}: git cannot read it as a checkout: {reason}")
    return done.stdout


@lru_cache
def _digests(file: Path) -> DigestCache:
    return DigestCache(file)

"""The checkpoint of a night: a file, or the newest complete one of a folder to which a training run writes."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mgld_bench.clips.digest import file_sha256
from mgld_bench.errors import InputError, first_of
from mgld_bench.home import expanded
from mgld_bench.weights.reading import read_checkpoint

SUFFIXES: Final = (".pth", ".pt", ".ckpt", ".safetensors")
SETTLE_SECONDS: Final = 2.0
"""A file that was written to this shortly before is looked at again after as long."""


@dataclass(frozen=True)
class CheckpointFile:
    """A complete checkpoint."""

    path: Path
    """Absolute."""
    sha256: str
    passed_over: tuple[str, ...] = ()
    """Newer files of the folder that are no complete checkpoints, each with the reason."""


def find_checkpoint(place: Path, settle_seconds: float = SETTLE_SECONDS) -> CheckpointFile:
    """The checkpoint at ``place``, or the newest complete one in it where it is a folder.

    Complete: its size and time stay the same for ``settle_seconds``, and it can be read as tensors, without executing anything.

    Raises:
        InputError: there is none.
    """
    place = expanded(place)
    if not place.is_dir():
        path = place.absolute()
        if not place.is_file():
            raise InputError(f"--checkpoint {place}: no such file or folder")
        if place.suffix not in SUFFIXES:
            raise InputError(f"--checkpoint {place}: its name has to end in {', '.join(SUFFIXES)}")
        reason = _why_incomplete(path, settle_seconds)
        if reason:
            raise InputError(f"--checkpoint {place}: not a complete checkpoint: {reason}")
        return CheckpointFile(path, file_sha256(path))
    passed_over: list[str] = []
    for path in _newest_first(place):
        reason = _why_incomplete(path, settle_seconds)
        if not reason:
            return CheckpointFile(path, file_sha256(path), tuple(passed_over))
        passed_over.append(f"{path.name}: {reason}")
    if passed_over:
        raise InputError(f"--checkpoint {place}: holds no complete checkpoint: {first_of(passed_over, 3, '; ')}")
    raise InputError(f"--checkpoint {place}: holds no file that ends in {', '.join(SUFFIXES)}")


def _newest_first(folder: Path) -> list[Path]:
    """By time, then by name; hidden ones are somebody's temporary files."""
    files = [path for path in folder.absolute().iterdir() if path.suffix in SUFFIXES and not path.name.startswith(".")]
    return sorted((path for path in files if path.is_file()), key=lambda path: (path.stat().st_mtime_ns, path.name), reverse=True)


def _why_incomplete(path: Path, settle_seconds: float) -> str:
    try:
        before = path.stat()
        if time.time() - before.st_mtime < settle_seconds:
            time.sleep(settle_seconds)
            after = path.stat()
            if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
                return "it is still written to"
        read_checkpoint(path)
    except InputError as error:
        return str(error).removeprefix(f"{path}: ")
    except OSError as error:
        return error.strerror or str(error)
    return ""

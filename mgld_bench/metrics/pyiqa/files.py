"""The files that pyiqa's metrics need: fetched once by pyiqa itself into the weights folder, recorded, and checked from then on.

Below the weights folder, for each metric: ``pyiqa/<name>/`` with the caches of pyiqa and of the libraries below it, and
``pyiqa/<name>.json``, which lists the files with their sha256.
"""

from __future__ import annotations

import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from filelock import FileLock
from pydantic import ValidationError

from mgld_bench.clips.atomic import write_json_atomic
from mgld_bench.clips.digest import DigestCache, file_sha256
from mgld_bench.clips.listing import files_below, matching
from mgld_bench.errors import InputError
from mgld_bench.plain_data import PlainData
from mgld_bench.weights.download import BytesDone
from mgld_bench.weights.locate import PYIQA, weights_home
from mgld_bench.weights.offline import is_offline

WITHOUT_FILES = frozenset(
    {
        "cw_ssim", "entropy", "fsim", "gmsd", "mad", "ms_ssim", "nlpd", "piqe", "psnr", "psnry", "ssim", "ssimc", "vif", "vsi",
    }
)  # fmt: skip
"""pyiqa's metrics that need no file."""
_POLL_SECONDS = 0.5


class Manifest(PlainData):
    """What was fetched for a metric."""

    pyiqa: str
    """The version that fetched it."""
    files: dict[str, str]
    """sha256 by the path below the metric's folder."""


def files_folder(name: str) -> Path:
    """Where the files of pyiqa's metric ``name`` are."""
    return weights_home() / PYIQA / name


def fetched_metrics() -> list[str]:
    """pyiqa's names of the metrics whose files were fetched."""
    return [path.stem for path in matching(weights_home() / PYIQA, "*.json")]


def fetched_files(name: str) -> dict[str, str]:
    """sha256 of each file that was fetched for pyiqa's metric ``name``, by its path below files_folder(), as recorded."""
    manifest = _manifest(name)
    return {} if manifest is None else manifest.files


def why_files_are_missing(name: str) -> str | None:
    """Why the files of pyiqa's metric ``name`` cannot be used, in one line, or None. A file is only read if it has changed."""
    manifest = _manifest(name)
    fix = f"mgld-bench weights fetch pyiqa.{name}"
    if manifest is None:
        return None if name in WITHOUT_FILES else f"it needs files that are not here: {fix}"
    cache = _digests()
    for file, sha256 in manifest.files.items():
        path = files_folder(name) / file
        if not path.is_file():
            return f"{path} is missing: {fix}"
        found = file_sha256(path, cache)
        if found != sha256:
            return f"{path}: sha256 is {found}, but was {sha256} when it was fetched: {fix}"
    cache.save()
    return None


def fetch_files(name: str, version: str, progress: BytesDone) -> list[Path]:
    """Fetch what pyiqa's metric ``name`` needs, and record it.

    pyiqa itself downloads, from wherever it wants, in a process of its own. Files that are here and as recorded are kept; files
    that have changed are fetched again.

    Args:
        name: pyiqa's name of the metric, which has to exist.
        version: The version of pyiqa, which is recorded.
        progress: Called with the bytes that are here.

    Returns:
        The files; none where the metric needs none.

    Raises:
        InputError: The metric cannot be built with what was downloaded, or downloads are switched off.
    """
    folder = files_folder(name)
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder.with_name(f".{name}.lock")):
        if _manifest(name) is None or why_files_are_missing(name) is not None:
            if is_offline():
                raise InputError(f"metric pyiqa.{name}: not fetched, because --offline or MGLD_BENCH_OFFLINE is set")
            _remove_changed(name)
            _download(name, folder, progress)
            cache = _digests()
            files = {path.relative_to(folder).as_posix(): file_sha256(path, cache) for path in _files_below(folder)}
            cache.save()
            write_json_atomic(_manifest_path(name), Manifest(pyiqa=version, files=files).model_dump())
    return [folder / file for file in fetched_files(name)]


def _download(name: str, folder: Path, progress: BytesDone) -> None:
    command = [sys.executable, "-m", "mgld_bench.metrics.pyiqa.metric", name, str(folder)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:  # noqa: S603 - our own module
        try:
            message = _wait(process, folder, progress)
        finally:
            process.kill()
    if process.returncode != 0:
        raise InputError(message or f"metric pyiqa.{name}: pyiqa exited with code {process.returncode}")


def _wait(process: subprocess.Popen[bytes], folder: Path, progress: BytesDone) -> str:
    """The last line that the process writes to stderr; until it ends, ``progress`` is called."""
    while True:
        try:
            errors = process.communicate(timeout=_POLL_SECONDS)[1]
        except subprocess.TimeoutExpired:
            progress(_size(folder), None)
        else:
            progress(_size(folder), _size(folder))
            return errors.decode(errors="replace").strip().rpartition("\n")[2].strip()


def _remove_changed(name: str) -> None:
    """Delete what is not as recorded, because pyiqa takes any file that is there."""
    for file, sha256 in fetched_files(name).items():
        path = files_folder(name) / file
        if path.is_file() and file_sha256(path) != sha256:
            path.unlink()
    _manifest_path(name).unlink(missing_ok=True)


def _files_below(folder: Path) -> list[Path]:
    """All but empty files, which are locks, and links to the rest."""
    return [path for path in files_below(folder) if not path.is_symlink() and path.stat().st_size]


def _size(folder: Path) -> int:
    total = 0
    for path in files_below(folder):
        # What is being written may get its final name at any time.
        with suppress(FileNotFoundError):
            total += 0 if path.is_symlink() else path.stat().st_size
    return total


def _manifest(name: str) -> Manifest | None:
    path = _manifest_path(name)
    try:
        return Manifest.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValidationError):
        raise InputError(f"{path}: cannot be read; delete it and run: mgld-bench weights fetch pyiqa.{name}") from None


def _manifest_path(name: str) -> Path:
    return weights_home() / PYIQA / f"{name}.json"


def _digests() -> DigestCache:
    return DigestCache(weights_home() / ".sha256.json")

"""What a worker finds out of its machine before it takes units: what prevents them, and what differs and may change numbers."""

from __future__ import annotations

import secrets
import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mgld_bench.clips.atomic import write_bytes_atomic
from mgld_bench.clips.ffmpeg import ffmpeg_identity
from mgld_bench.clips.opencv import installed_opencv
from mgld_bench.engine.clock import clock
from mgld_bench.engine.executors.job import Job
from mgld_bench.engine.machine import PACKAGES, package_version
from mgld_bench.engine.place import machine_id, place_of
from mgld_bench.engine.staging import staging_of
from mgld_bench.engine.store import Store
from mgld_bench.errors import InputError

PROBES: Final = ".probes"
"""The folder of the workspace in which runs and workers leave files for each other to see."""
LEAST_DISK: Final = 2_000_000_000
"""Bytes that have to be free for a worker to begin: what a clip of a hundred frames of 1280 x 720 takes, several times."""
MOST_SKEW: Final = 5.0
"""Seconds by which a clock may be off without remark."""
_DECISIVE: Final = "mgld-bench"
"""The package whose version has to be the same: keys are computed by it."""


@dataclass(frozen=True)
class Findings:
    """What a probe has found."""

    reasons: tuple[str, ...]
    """Why units of the job cannot be done here; nothing where they can."""
    notes: tuple[str, ...]
    """What differs, one line each."""


def versions_here() -> dict[str, str]:
    """The versions of all that decides keys and frames."""
    found = {name: package_version(name) for name in PACKAGES}
    return {**found, "opencv": installed_opencv().version, "ffmpeg": ffmpeg_identity().sha256}


def leave_probe(workspace: Path, name: str) -> str:
    """Leave a file in a workspace for others to see; returns its content. Raises InputError where that is not possible."""
    content = secrets.token_hex(16)
    staging = staging_of(workspace)
    if staging is not None:
        staging.write(f"{PROBES}/{name}", content.encode())
        if staging.read(f"{PROBES}/{name}") != content.encode():
            raise InputError(f"{staging.address}/{PROBES}/{name}: what was written is not what is read back")
        return content
    path = workspace / PROBES / name
    write_bytes_atomic(path, content.encode())
    if path.read_bytes() != content.encode():
        raise InputError(f"{path}: what was written is not what is read back; is this folder shared in a way that caches?")
    return content


def remove_probe(workspace: Path, name: str) -> None:
    """Remove a file that leave_probe() has left."""
    staging = staging_of(workspace)
    if staging is not None:
        staging.remove(f"{PROBES}/{name}")
        return
    (workspace / PROBES / name).unlink(missing_ok=True)


def probe(store: Store, job: Job, workspace: Path, worker: str) -> Findings:
    """What stands in the way of doing a job's units in ``workspace`` on this machine, and what differs from where it was planned.

    Leaves a file in the workspace that the run looks for.
    """
    reasons = [*_store_reasons(store, job), *_workspace_reasons(job, workspace, worker)]
    different, notes = _version_findings(job.versions, versions_here())
    return Findings((*reasons, *different), (*notes, *_clock_notes(store)))


def _store_reasons(store: Store, job: Job) -> Sequence[str]:
    if store.on_this_machine_only and job.machine != machine_id():
        return [
            f"{store.address}: a SQLite database is for processes of one machine, and the run is on another one ({job.host}): "
            "locks do not reach across machines. Share the work through PostgreSQL: --store postgresql://user@host/name"
        ]
    return []


def _workspace_reasons(job: Job, workspace: Path, worker: str) -> Sequence[str]:
    found = place_of(workspace) if workspace.is_dir() else ""
    if found != job.place:
        what = "is not there" if not workspace.is_dir() else "is not the folder of the run"
        return [
            f"workspace {workspace}: {what} ({job.workspace} on {job.host}); mount the same folder here, and name it "
            "with --workspace"
        ]
    try:
        seen = _is_seen(workspace, f"{PROBES}/job-{job.id}")
    except InputError as error:
        return [str(error)]
    if not seen:
        return [f"workspace {workspace}: what the run on {job.host} has written there is not seen here; is the folder shared?"]
    try:
        leave_probe(workspace, worker)
    except (InputError, OSError) as error:
        return [f"workspace {workspace}: cannot be written to from here: {error}"]
    free = shutil.disk_usage(workspace).free
    if free < LEAST_DISK:
        return [
            f"workspace {workspace}: only {free / 1e9:.1f} GB are free; at least {LEAST_DISK / 1e9:.0f} GB are needed to begin"
        ]
    return []


def _is_seen(workspace: Path, name: str) -> bool:
    staging = staging_of(workspace)
    return (workspace / name).exists() if staging is None else staging.read(name) is not None


def _version_findings(planned: Mapping[str, str], here: Mapping[str, str]) -> tuple[list[str], list[str]]:
    different = {name: (planned.get(name, "?"), here[name]) for name in here if planned.get(name) != here[name]}
    reasons = [
        f"{name} is {mine} here and {theirs} where the run was started: the same release is needed"
        for name, (theirs, mine) in different.items()
        if name == _DECISIVE
    ]
    listed = [
        f"{name} {_short(mine)} here, {_short(theirs)} there" for name, (theirs, mine) in different.items() if name != _DECISIVE
    ]
    notes = [f"versions differ from where the run was started: {', '.join(listed)}; numbers may differ"] if listed else []
    return reasons, notes


def _short(version: str) -> str:
    return version[:12]


def _clock_notes(store: Store) -> Sequence[str]:
    if store.on_this_machine_only:
        return []
    began = time.time()
    of_store = store.transact(clock, writing=False)
    skew = (began + time.time()) / 2 - of_store
    if abs(skew) <= MOST_SKEW:
        return []
    behind = "ahead of" if skew > 0 else "behind"
    return [
        f"this machine's clock is {abs(skew):.0f} s {behind} the database's: dates in records are off; leases are not affected"
    ]

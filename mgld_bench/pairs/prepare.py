"""Carries out the plan of a dataset's pairs: builds them, or takes over LR clips that come with the set, several at a time."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import as_completed
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any

from mgld_bench.clips.atomic import PARTIAL, hidden_name, write_json_atomic
from mgld_bench.clips.clip import Clip
from mgld_bench.clips.digest import frames_sha256
from mgld_bench.clips.writing import frame_name, write_frame
from mgld_bench.errors import InputError, first_of
from mgld_bench.pairs.build import build_pair
from mgld_bench.pairs.planning import PlannedPair
from mgld_bench.pairs.record import record_frames
from mgld_bench.pairs.sources import SourceClip
from mgld_bench.pairs.stored import pairs_folder
from mgld_bench.processes import worker_processes


def prepare_pairs(
    planned: Sequence[PlannedPair],
    workspace: Path,
    workers: int,
    force: bool = False,
    failed: Callable[[PlannedPair, InputError], None] | None = None,
) -> Iterator[PlannedPair]:
    """Build pairs; yields each as soon as it is on disk. One that cannot be built does not hold up the others.

    The frames do not depend on ``workers``. Where the iteration is left early (Ctrl-C, an error), unfinished pairs are abandoned
    and finished ones stay.

    Args:
        planned: The pairs to build; see plan_pairs.
        workspace: Where to.
        workers: Processes that work at the same time; 1: this one only.
        force: Build even where the encoders here are not the pinned ones.
        failed: Receives each pair that cannot be built, with the reason; None: they are raised once the others are built.

    Raises:
        InputError: Clips cannot be read or written, or a worker was killed.
        CheckError: The encoders here are not the pinned ones.
    """
    failures: list[tuple[PlannedPair, InputError]] = []
    for pair, error in _outcomes(planned, workspace, workers, force):
        if error is None:
            yield pair
        elif failed is not None:
            failed(pair, error)
        else:
            failures.append((pair, error))
    if len(failures) == 1:
        raise failures[0][1]
    if failures:
        lines = [f"{pair.clip}: {error}" for pair, error in failures]
        raise InputError(f"{len(failures)} of {len(planned)} pairs cannot be built: {first_of(lines, 3, '; ')}")


def _outcomes(
    planned: Sequence[PlannedPair], workspace: Path, workers: int, force: bool
) -> Iterator[tuple[PlannedPair, InputError | None]]:
    """Each pair as soon as it is built, or with the reason why it cannot be."""
    if workers == 1 or len(planned) < 2:
        for pair in planned:
            try:
                _prepare(pair, workspace, force)
            except InputError as error:
                yield pair, error
            else:
                yield pair, None
        return
    try:
        with worker_processes(min(workers, len(planned))) as executor:
            running = {executor.submit(_prepare, pair, workspace, force): pair for pair in planned}
            for future in as_completed(running):
                failure = future.exception()
                if failure is not None and not isinstance(failure, InputError):
                    raise failure
                yield running[future], failure
    except BrokenProcessPool as error:
        raise InputError("a process that builds pairs was killed (out of memory?); run it again with fewer --workers") from error


def take_over(source: SourceClip, dataset: str, folder: Path, key: str) -> Path:
    """Store a clip and its LR clip as they are, as PNG frames, and return the side file.

    Writes folder/{GT,LQ}/<clip>/%08d.png and, last, folder/<clip>.json. The side file stands for the whole pair: where an older
    pair is replaced, it is removed first. Raises InputError where a frame cannot be read or written.
    """
    if source.low_resolution is None:
        raise InputError(f"dataset {dataset}, clip {source.name}: has no LR clip to take over")
    side = folder / f"{source.name}.json"
    side.unlink(missing_ok=True)
    content: dict[str, object] = {
        "key": key,
        "dataset": dataset,
        "clip": source.name,
        "degradation": None,
        "facts": _source_facts(source),
        "LQ": _copy(source.low_resolution, folder / "LQ" / source.name),
    }
    if source.ground_truth is not None:
        content["GT"] = _copy(source.ground_truth, folder / "GT" / source.name)
    write_json_atomic(side, content)
    return side


def _prepare(pair: PlannedPair, workspace: Path, force: bool) -> PlannedPair:
    """Build one pair (in a worker)."""
    folder = pairs_folder(workspace, pair.dataset, pair.degradation_name)
    source = pair.source
    if source is None:
        raise InputError(f"dataset {pair.dataset}, clip {pair.clip}: its source is not known; give --source")
    if pair.degradation is None:
        take_over(source, pair.dataset, folder, pair.key)
    elif source.ground_truth is None:
        raise InputError(f"dataset {pair.dataset}, clip {pair.clip}: has no ground truth from which LR could be made")
    else:
        facts = _source_facts(source)
        build_pair(source.ground_truth, pair.dataset, pair.clip, pair.degradation, folder, pair.key, facts, force)
    return pair


def _source_facts(source: SourceClip) -> dict[str, Any]:
    return {"source": source.digest(), "layout": source.layout, "notes": list(source.notes), "cut": dict(source.cut)}


def _copy(clip: Clip, folder: Path) -> dict[str, object]:
    """Write the frames beside ``folder`` and move them there once all are written; returns their part of the side file."""
    temporary = folder.with_name(hidden_name(folder.name, PARTIAL))
    digests: list[str] = []
    try:
        shutil.rmtree(temporary, ignore_errors=True)
        for index, frame in enumerate(clip.frames()):
            write_frame(temporary / frame_name(index), frame)
            digests += frames_sha256([frame])
        if folder.is_dir():
            shutil.rmtree(folder)
        temporary.rename(folder)
    except OSError as error:
        raise InputError(f"{folder}: cannot be written: {error.strerror}") from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return record_frames(clip, clip.height, clip.width, digests).model_dump(mode="json")

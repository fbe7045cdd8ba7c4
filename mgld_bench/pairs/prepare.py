"""Building the pairs of a plan, several clips at a time, and opening them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import as_completed
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

from mgld_bench.errors import InputError
from mgld_bench.pairs.build import build_pair
from mgld_bench.pairs.existing import take_over
from mgld_bench.pairs.folders import Pair, list_pairs, pairs_folder, read_pair
from mgld_bench.pairs.planning import PlannedPair
from mgld_bench.processes import worker_processes

__all__ = ["Pair", "list_pairs", "open_pair", "pairs_folder", "prepare_pairs"]


def prepare_pairs(planned: Sequence[PlannedPair], workspace: Path, workers: int, force: bool = False) -> Iterator[PlannedPair]:
    """Build these pairs in ``workers`` processes (1: in this one); yields each as soon as it is on disk.

    The frames do not depend on ``workers``. ``force``: also where the encoders here are not the pinned ones. When it is left
    early (Ctrl-C, an error), pairs in work are abandoned and finished ones stay. Raises InputError where a clip cannot be read or
    written, and CheckError where the encoders are not the pinned ones.
    """
    if workers == 1 or len(planned) < 2:
        for pair in planned:
            yield _prepare(pair, workspace, force)
        return
    try:
        with worker_processes(min(workers, len(planned))) as executor:
            for future in as_completed([executor.submit(_prepare, pair, workspace, force) for pair in planned]):
                yield future.result()
    except BrokenProcessPool as error:
        raise InputError("a process that builds pairs was killed (out of memory?); run it again with fewer --workers") from error


def open_pair(planned: Sequence[PlannedPair], clip: str, workspace: Path) -> Pair:
    """The built pair of a clip of the plan. Raises InputError where it is not there, or another than the plan's."""
    wanted = next(pair for pair in planned if pair.clip == clip)
    pair = read_pair(workspace, wanted.dataset, wanted.degradation_name, clip)
    if pair.key != wanted.key:
        folder = pairs_folder(workspace, wanted.dataset, wanted.degradation_name)
        raise InputError(f"{folder}: the pair of clip {clip} was built anew meanwhile; run the same command again")
    return pair


def _prepare(pair: PlannedPair, workspace: Path, force: bool) -> PlannedPair:
    """Build one pair (in a worker)."""
    folder = pairs_folder(workspace, pair.dataset, pair.degradation_name)
    if pair.source is None:
        raise InputError(f"dataset {pair.dataset}, clip {pair.clip}: its source is not known; give --source")
    if pair.degradation is None:
        take_over(pair.source, pair.dataset, folder, pair.key)
    elif pair.source.ground_truth is None:
        raise InputError(f"dataset {pair.dataset}, clip {pair.clip}: has no ground truth from which LR could be made")
    else:
        facts = {"source": pair.source.digest(), "layout": pair.source.layout, "notes": list(pair.source.notes)}
        build_pair(
            pair.source.ground_truth, pair.dataset, pair.clip, pair.degradation, folder, pair.key, facts=facts, force=force
        )
    return pair

"""Frames of a clip's versions and of its ground truth: read in step, one step ahead in a thread, and made into chunks."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

import numpy as np

from mgld_bench.clips.clip import Clip, Frame
from mgld_bench.errors import InputError
from mgld_bench.metrics.metric import Chunk, Frames, Metric, SharedWork

Item = TypeVar("Item")


@dataclass(frozen=True)
class Step:
    """The same frames of all clips."""

    indices: tuple[int, ...]
    reference: Frames | None
    restored: Mapping[str, Frames]
    """By method."""


def read_steps(
    indices: Sequence[int], size: int, reference: Clip | None, restored: Mapping[str, Clip]
) -> Generator[Step, None, None]:
    """The frames at ascending ``indices``, ``size`` of them at a time; each is decoded once.

    Raises:
        InputError: A clip ends before its last frame, or finds after it that the file is not what it was.
    """
    streams = {method: _read(clip, indices) for method, clip in restored.items()}
    truth = None if reference is None else _read(reference, indices)
    for start in range(0, len(indices), size):
        wanted = tuple(indices[start : start + size])
        yield Step(
            wanted,
            None if reference is None or truth is None else _take(truth, wanted, reference),
            {method: _take(stream, wanted, restored[method]) for method, stream in streams.items()},
        )
    # What a clip checks after its last frame, such as whether the file was changed meanwhile.
    for stream in (*streams.values(), *([] if truth is None else [truth])):
        next(stream, None)


def _read(clip: Clip, indices: Sequence[int]) -> Iterator[Frame]:
    """The frames at ascending ``indices``, neighbours in one go."""
    for start, stop in _runs(indices):
        yield from clip.frames(start, stop)


def _runs(indices: Sequence[int]) -> list[tuple[int, int]]:
    runs: list[tuple[int, int]] = []
    for index in indices:
        if runs and runs[-1][1] == index:
            runs[-1] = (runs[-1][0], index + 1)
        else:
            runs.append((index, index + 1))
    return runs


def _take(stream: Iterator[Frame], indices: Sequence[int], clip: Clip) -> Frames:
    taken = list(islice(stream, len(indices)))
    if len(taken) < len(indices):
        raise InputError(f"clip {clip.name} ended before frame {indices[len(taken)]} but reports {clip.frame_count} frames")
    return np.stack(taken)


class Chunks:
    """Makes the chunks of one clip, which know the frame before them and what metrics share."""

    def __init__(self, selected: Sequence[int], metrics: Sequence[Metric] = ()) -> None:
        """``selected``: the frames that count; ``metrics``: those that score the clip."""
        self._selected = frozenset(selected)
        self._clip = SharedWork(metrics)
        self._last: tuple[int, Frame] | None = None

    def next(self, indices: Sequence[int], frames: Frames | None) -> dict[bool, Chunk | None]:
        """The chunks of the next step of the clip.

        Returns:
            By whether every frame is wanted: the whole chunk, and that of the selected frames. None where there are no frames.
        """
        if frames is None:
            return {True: None, False: None}
        previous = self._last[1] if self._last is not None and self._last[0] == indices[0] - 1 else None
        self._last = (indices[-1], frames[-1])
        whole = Chunk(indices, frames, previous, self._clip)
        rows = [row for row, index in enumerate(indices) if index in self._selected]
        if len(rows) == len(indices):
            return {True: whole, False: whole}
        some = Chunk([indices[row] for row in rows], frames[rows], clip=self._clip) if rows else None
        return {True: whole, False: some}


@contextmanager
def prefetched(items: Generator[Item, None, None]) -> Iterator[Iterator[Item]]:
    """A block with ``items``, each made in a thread while the one before is in use.

    An error in making an item is raised where it is read. When the block ends, the generator is closed.
    """
    with ThreadPoolExecutor(1, "prefetch") as pool:
        try:
            yield _one_ahead(items, pool)
        finally:
            pool.submit(items.close).result()


def _one_ahead(items: Generator[Item, None, None], pool: ThreadPoolExecutor) -> Iterator[Item]:
    coming = pool.submit(_at_most_one, items)
    while ready := coming.result():
        coming = pool.submit(_at_most_one, items)
        yield ready[0]


def _at_most_one(items: Iterator[Item]) -> list[Item]:
    """The next item, or an empty list at the end: StopIteration must not cross a Future."""
    for item in items:
        return [item]
    return []

"""Reading ahead in a thread."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

Item = TypeVar("Item")


@contextmanager
def prefetched(items: Generator[Item, None, None]) -> Iterator[Iterator[Item]]:
    """``items``, each made in a thread while the one before is in use; an error in making one is raised where it is read.

    When the block ends, the generator is closed.
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

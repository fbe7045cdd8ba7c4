"""Windows of frames: which frames they hold at a clip's ends, and what is held while they slide."""

from __future__ import annotations

import weakref
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mgld_bench.methods.bases.pictures import Border, sliding, window_around


@pytest.mark.parametrize(
    ("frame_count", "border", "windows"),
    [
        (4, "new_info", [(2, 0, 1), (0, 1, 2), (1, 2, 3), (2, 3, 1)]),
        (4, "replicate", [(0, 0, 1), (0, 1, 2), (1, 2, 3), (2, 3, 3)]),
        (3, "new_info", [(2, 0, 1), (0, 1, 2), (1, 2, 0)]),
        (2, "new_info", [(1, 0, 1), (0, 1, 0)]),
        (2, "replicate", [(0, 0, 1), (0, 1, 1)]),
        (1, "new_info", [(0, 0, 0)]),
        (1, "replicate", [(0, 0, 0)]),
    ],
)
def test_windows_of_three_frames(frame_count: int, border: Border, windows: list[tuple[int, ...]]) -> None:
    assert [window_around(index, frame_count, 3, border) for index in range(frame_count)] == windows


def test_windows_of_five_frames_reach_twice_beyond_an_end() -> None:
    # By the rule of EDVR's index_generation.
    windows = [(4, 3, 0, 1, 2), (4, 0, 1, 2, 3), (0, 1, 2, 3, 4), (1, 2, 3, 4, 5), (2, 3, 4, 5, 1), (3, 4, 5, 2, 1)]
    assert [window_around(index, 6, 5, "new_info") for index in range(6)] == windows
    assert window_around(0, 6, 5, "replicate") == (0, 0, 0, 1, 2)


class Thing:
    """Something that can be seen to go."""

    def __init__(self, index: int) -> None:
        self.index = index


BORDERS: st.SearchStrategy[Border] = st.sampled_from(["new_info", "replicate"])


@given(st.integers(1, 9), st.sampled_from([1, 3, 5]), BORDERS, st.data())
def test_each_item_is_taken_once_and_held_only_while_it_is_needed(
    frame_count: int, size: int, border: Border, data: st.DataObject
) -> None:
    start = data.draw(st.integers(0, frame_count - 1))
    windows = [window_around(index, frame_count, size, border) for index in range(start, frame_count)]
    alive: weakref.WeakSet[Thing] = weakref.WeakSet()
    taken: list[int] = []

    def things(first: int) -> Iterator[Thing]:
        for index in range(first, frame_count):
            taken.append(index)
            thing = Thing(index)
            alive.add(thing)
            yield thing
            del thing

    first = min(windows[0])
    given = sliding(things(first), first, windows)
    for window in windows:
        assert tuple(thing.index for thing in next(given)) == window
        assert len(alive) <= size
    assert taken == list(range(first, frame_count))

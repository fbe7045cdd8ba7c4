"""The schedule of a study: balanced, in an order in which no clip comes twice in a row, the same from the same seed."""

from __future__ import annotations

from collections import Counter
from itertools import combinations, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mgld_bench.errors import InputError
from mgld_bench.study.card import Design
from mgld_bench.study.making.schedule import TRAP, Schedule
from mgld_bench.study.votes import GROUND_TRUTH, Trial


def schedule(methods: int, clips: int, star: bool = False, **design: int | None) -> Schedule:
    names = tuple(f"m{index}" for index in range(methods))
    pairs = tuple(pair for pair in combinations(names, 2) if not star or "m1" in pair)
    keys = tuple(("set", f"{index:03d}") for index in range(clips))
    return Schedule(names, pairs, keys, keys, Design.model_validate(design))


def spread(counts: Counter[object], expected: int) -> int:
    values = [*counts.values(), *[0] * (expected - len(counts))]
    return max(values) - min(values)


@st.composite
def schedules(draw: st.DrawFn) -> tuple[Schedule, int]:
    methods, clips, star = draw(st.integers(2, 6)), draw(st.integers(2, 9)), draw(st.booleans())
    every = len(schedule(methods, clips, star).pairs) * clips
    pairs_each = draw(st.one_of(st.none(), st.integers(1, every)))
    made = schedule(
        methods,
        clips,
        star,
        pairs_each=pairs_each,
        repeats=draw(st.integers(0, min(3, pairs_each or every))),
        traps=draw(st.integers(0, 3)),
        training=draw(st.integers(0, 2)),
        seed=draw(st.integers(0, 1000)),
    )
    return made, draw(st.integers(1, 12))


@settings(max_examples=40, deadline=None)
@given(schedules())
def test_everything_is_balanced_and_every_trial_has_its_place(drawn: tuple[Schedule, int]) -> None:
    made, participants = drawn
    try:
        trials = [made.trials(number) for number in range(participants)]
    except InputError as error:
        # Only where one clip has more than half of the places.
        assert "twice in a row" in str(error)
        assert len(made.clips) < 4 or made.pairs_each < 4
        return
    pairs: Counter[object] = Counter()
    cells: Counter[object] = Counter()
    left: Counter[object] = Counter()
    for own in trials:
        assert [trial.position for trial in own] == list(range(len(own)))
        assert all((one.dataset, one.clip) != (two.dataset, two.clip) for one, two in pairwise(own))
        counted = [trial for trial in own if trial.kind == "pair"]
        mine = Counter(frozenset((trial.left, trial.right)) for trial in counted)
        assert spread(Counter(mine), len(made.pairs)) <= 1
        assert spread(Counter(trial.clip for trial in counted), len(made.clips)) <= 2
        assert len({(trial.clip, frozenset((trial.left, trial.right))) for trial in counted}) == len(counted) == made.pairs_each
        pairs += Counter(mine)
        cells += Counter((trial.clip, frozenset((trial.left, trial.right))) for trial in counted)
        left.update((trial.left, trial.right) for trial in counted)
        check_extras(made, own)
    assert spread(pairs, len(made.pairs)) <= 1
    assert spread(cells, len(made.pairs) * len(made.clips)) <= 1
    assert all(abs(left[pair] - left[pair[::-1]]) <= 1 for pair in made.pairs)


def check_extras(made: Schedule, own: list[Trial]) -> None:
    kinds = Counter(trial.kind for trial in own)
    assert (kinds["repeat"], kinds["trap"], kinds["training"]) == (made.design.repeats, made.design.traps, made.design.training)
    assert all(trial.kind == "training" for trial in own[: made.design.training])
    for trial in own:
        assert (trial.repeats is None) == (trial.kind != "repeat")
        if trial.repeats is not None:
            first = own[trial.repeats]
            assert first.kind == "pair"
            assert first.position < trial.position
            assert (first.dataset, first.clip, first.left, first.right) == (
                trial.dataset,
                trial.clip,
                trial.right,
                trial.left,
            )
        if trial.kind == "trap":
            assert {trial.left, trial.right} == {TRAP, GROUND_TRUTH}
    assert len({trial.repeats for trial in own}) == made.design.repeats + 1


def test_a_cell_that_is_asked_again_has_its_sides_exchanged() -> None:
    for clips in (4, 5):
        made = schedule(4, clips, pairs_each=7, repeats=0, traps=0, training=0)
        sides: dict[object, list[bool]] = {}
        for number in range(30):
            for trial in sorted(made.trials(number), key=lambda trial: trial.position):
                sides.setdefault((trial.clip, *sorted((trial.left, trial.right))), []).append(trial.left < trial.right)
        assert all(one != two for seen in sides.values() for one, two in pairwise(seen))


def test_each_method_is_on_the_left_half_the_time_also_for_one_participant_who_sees_each_pair_once() -> None:
    made = schedule(9, 15, pairs_each=36, repeats=2, traps=3)
    for number in range(5):
        own = [trial for trial in made.trials(number) if trial.kind == "pair"]
        left, right = Counter(trial.left for trial in own), Counter(trial.right for trial in own)
        assert all(abs(left[method] - right[method]) <= 1 for method in made.methods)


def test_repeats_are_far_from_what_they_repeat_and_traps_are_spread() -> None:
    made = schedule(9, 15, pairs_each=90, repeats=4, traps=3)
    for number in range(6):
        own = made.trials(number)
        assert all(trial.position - trial.repeats >= 97 // 3 for trial in own if trial.repeats is not None)
        traps = [trial.position for trial in own if trial.kind == "trap"]
        assert min(two - one for one, two in pairwise(traps)) >= 97 // 4


def test_the_seed_decides_and_a_later_participant_changes_no_earlier_one() -> None:
    made, again, other = (schedule(4, 6, pairs_each=10, seed=seed) for seed in (3, 3, 4))
    assert [made.trials(number) for number in (0, 1)] == [again.trials(number) for number in (0, 1)]
    assert made.trials(0) != other.trials(0)
    assert made.trials(0) != made.trials(1)


def test_where_no_order_exists_the_message_says_why() -> None:
    made = schedule(2, 1, pairs_each=1, repeats=1, traps=0)
    with pytest.raises(
        InputError, match="participant 3 would see clip 000 1 times in 1 pairs, and with 1 repeats and 0 traps any"
    ):
        made.trials(2)

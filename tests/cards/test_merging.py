"""Laws of laying one card on another."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mgld_bench.cards.tree import Place, Plain, Tree, as_tree, follow, merge, plain

PLACE = Place("x.yaml", 1)
scalars = st.one_of(st.none(), st.booleans(), st.integers(-3, 3), st.text("ab", max_size=2))
values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=2), st.dictionaries(st.text("abc", min_size=1, max_size=1), inner, max_size=3)
    ),
)
cards = st.dictionaries(st.text("abc", min_size=1, max_size=1), values, max_size=3)


def tree(value: Plain, place: Place = PLACE) -> Tree:
    return as_tree(value, place)


def leaves(value: Plain, path: tuple[str, ...] = ()) -> dict[tuple[str, ...], Plain]:
    """What is not a mapping (or is an empty one), by its path."""
    if isinstance(value, dict) and value:
        return {key: leaf for name, inner in value.items() for key, leaf in leaves(inner, (*path, name)).items()}
    return {path: value}


@given(cards)
def test_a_tree_keeps_its_values(card: dict[str, Plain]) -> None:
    assert plain(tree(card)) == card


@given(cards)
def test_nothing_laid_on_changes_nothing(card: dict[str, Plain]) -> None:
    assert plain(merge(tree(card), tree({}))) == card
    assert plain(merge(tree({}), tree(card))) == card
    assert plain(merge(tree(card), tree(card))) == card


@given(cards, cards)
def test_what_is_laid_on_wins_and_the_rest_stays(base: dict[str, Plain], over: dict[str, Plain]) -> None:
    merged = leaves(plain(merge(tree(base), tree(over))))
    for path, leaf in leaves(over).items():
        if leaf != {}:
            assert merged[path] == leaf
    for path, leaf in leaves(base).items():
        if not touched(path, over):
            assert merged[path] == leaf


@given(cards, cards)
def test_every_value_knows_the_file_that_it_is_from(base: dict[str, Plain], over: dict[str, Plain]) -> None:
    merged = merge(tree(base, Place("base.yaml", 1)), tree(over, Place("over.yaml", 1)))
    for path in leaves(over):
        assert follow(merged, path)[0].place.file == "over.yaml"
    for path in leaves(base):
        if path and not touched(path, over):
            assert follow(merged, path)[0].place.file == "base.yaml"


def touched(path: tuple[str, ...], over: Plain) -> bool:
    """Whether ``over`` has anything at, above or below this path."""
    for step in path:
        if not isinstance(over, dict):
            return True
        if step not in over:
            return False
        over = over[step]
    return True

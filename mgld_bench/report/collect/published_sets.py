"""The published sets on the card search path: what each paper printed, as which metric variant, of which method card."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from mgld_bench.cards.loader import load_protocol, load_published_card, load_published_cards, usable_cards
from mgld_bench.cards.published_card import PublishedCard, TestSet
from mgld_bench.cards.schemas import Card, ProtocolCard, Statement
from mgld_bench.cards.validation import field_error
from mgld_bench.errors import InputError, did_you_mean
from mgld_bench.report.collect.published_rows import PublishedRow, read_rows


@dataclass(frozen=True)
class PublishedSet:
    """One published set, resolved."""

    name: str
    title: str
    cite: str
    notes: str
    protocol: str
    """The name of the protocol of its numbers; "" where there is none."""
    frames: Literal["all"] | tuple[int, ...]
    short_side: int | None
    """To which frames were resized before they were scored."""
    variants: Mapping[str, str]
    """Short name -> full variant, of every metric of which it is known what was printed."""
    assumed: tuple[str, ...]
    """Short names whose variant its source does not state."""
    cards: Mapping[str, str]
    """By method card, what the rows call it."""
    test_sets: Mapping[str, TestSet]
    """By the rows' name of a dataset, in lower case."""
    rows: tuple[PublishedRow, ...]
    shorts: Mapping[str, str]
    """By the rows' name of a metric, in lower case, its short name; absent for metrics that this suite does not have."""
    scales: Mapping[str, float]

    def same_frames(self, protocol: ProtocolCard) -> bool:
        """Whether its numbers are of the frames that ``protocol`` scores, at the same size."""
        return (self.frames, self.short_side) == (protocol.frames, protocol.short_side)

    @property
    def selection(self) -> str:
        """Which frames its numbers are of, in words."""
        return ProtocolCard(name="its", metrics={}, frames=self.frames, short_side=self.short_side).selection

    @property
    def heading(self) -> str:
        """Its title, with its name in brackets."""
        return f"{self.title} [{self.name}]"

    def datasets(self) -> tuple[str, ...]:
        """The datasets of its rows, in the order of the file."""
        return tuple(dict.fromkeys(row.dataset for row in self.rows))

    def of_dataset(self, names: Sequence[str]) -> tuple[PublishedRow, ...]:
        """The rows of the dataset that has one of these names; see `is_named`."""
        return tuple(row for row in self.rows if any(is_named(name, row.dataset) for name in names))

    def short_of(self, row: PublishedRow) -> str:
        """The short name of a row's metric; "" where this suite does not have it."""
        return self.shorts.get(row.metric.casefold(), "")

    def ours(self, row: PublishedRow) -> float:
        """The row's value on the scale of our metric."""
        return row.value * self.scales.get(self.short_of(row), 1.0)

    def rounding(self, row: PublishedRow) -> float:
        """By how much the exact value may differ from `ours`, because of the digits that are printed."""
        return row.rounding * self.scales.get(self.short_of(row), 1.0)


def is_named(name: str, dataset: str) -> bool:
    """Whether ``name``, that of a card or a folder, stands for this test set: it alone, or a part of it between signs.

    >>> [is_named(name, "UDM10") for name in ("udm10", "udm10-dove", "UDM10/GT", "UDM100")]
    [True, True, True, False]
    """
    return re.search(rf"(?<![0-9a-z]){re.escape(dataset.casefold())}(?![0-9a-z])", name.casefold()) is not None


def published_sets(search: Sequence[Path] = ()) -> tuple[PublishedSet, ...]:
    """Every published set on the search path, by name. Raises InputError where a card or its file is wrong."""
    found, problems = usable_sets(search)
    if problems:
        raise InputError(problems[0])
    return found


def usable_sets(search: Sequence[Path] = ()) -> tuple[tuple[PublishedSet, ...], tuple[str, ...]]:
    """As `published_sets`, with what is wrong with others as lines: a report that needs none of them does not fail for them."""
    protocols: dict[str, ProtocolCard] = {}
    cards, problems = load_published_cards(search)
    found = []
    for card in cards:
        try:
            found.append(_resolved(card, search, protocols))
        except InputError as error:
            problems.append(str(error))
    return tuple(found), tuple(problems)


def require_set(name: str, search: Sequence[Path] = ()) -> None:
    """Raise InputError where there is no published set of this name, or it is wrong: before anything is read."""
    entries, _ = usable_cards("published", search)
    names = [entry.name for entry in entries]
    if name not in names:
        raise InputError(_no_set(name, names))
    load_published_set(name, search)


def chosen_set(name: str, sets: Sequence[PublishedSet]) -> PublishedSet:
    """The set of this name. Raises InputError that names the nearest one where there is none."""
    names = [one.name for one in sets]
    if name not in names:
        raise InputError(_no_set(name, names))
    return sets[names.index(name)]


def _no_set(name: str, names: Sequence[str]) -> str:
    hint = did_you_mean(name, [*names, "paper"], "see mgld-bench list published")
    return f"--against {name}: there is no published set of this name; {hint}"


def load_published_set(name: str, search: Sequence[Path] = ()) -> PublishedSet:
    """The published set of this name.

    Raises:
        InputError: with file, line and field: the card names a protocol, row or metric that there is not, or its file is wrong.
    """
    return _resolved(load_published_card(name, search), search, {})


def _resolved(card: PublishedCard, search: Sequence[Path], protocols: dict[str, ProtocolCard]) -> PublishedSet:
    """``protocols``: those that were loaded before, by name."""
    rows = read_rows(Path(card.file), card.tables)
    if not rows:
        raise field_error(card, ("tables",), f"{card.file} has no line of these tables")
    protocol = _protocol(card, search, protocols)
    variants = {**(protocol.metrics if protocol else {}), **card.variants}
    printed = {row.metric.casefold(): row.metric for row in rows}
    shorts = {card.printed.get(short, short).casefold(): short for short in variants}
    _check_names(card, "rows", card.rows, {row.method for row in rows})
    _check_names(card, "printed", card.printed, set(printed.values()))
    _check_names(card, "test_sets", {dataset: dataset for dataset in card.test_sets}, {row.dataset for row in rows})
    for field, named in (("printed", card.printed), ("scales", card.scales), ("unstated", card.unstated)):
        for short in named:
            if short not in variants:
                raise field_error(card, (field,), f"{short}: neither the protocol nor variants state which variant that is")
    return PublishedSet(
        name=card.name,
        title=card.heading,
        cite=card.publication.cite or card.heading,
        notes=card.notes,
        protocol=card.protocol,
        frames=protocol.frames if protocol else "all",
        short_side=protocol.short_side if protocol else None,
        variants=variants,
        assumed=tuple(dict.fromkeys((*card.unstated, *(_assumed(protocol) if protocol else ())))),
        cards=card.rows,
        test_sets={dataset.casefold(): facts for dataset, facts in card.test_sets.items()},
        rows=tuple(rows),
        shorts={name: short for name, short in shorts.items() if name in printed},
        scales=card.scales,
    )


def _protocol(card: PublishedCard, search: Sequence[Path], protocols: dict[str, ProtocolCard]) -> ProtocolCard | None:
    if not card.protocol:
        return None
    if card.protocol not in protocols:
        try:
            protocols[card.protocol] = load_protocol(card.protocol, search)
        except InputError as error:
            raise field_error(card, ("protocol",), str(error)) from None
    return protocols[card.protocol]


def _assumed(protocol: ProtocolCard) -> list[str]:
    """The short names of which the protocol assumes something."""
    return [short for one in protocol.assumed if isinstance(one, Statement) for short in one.metrics]


def _check_names(card: Card, field: str, named: Mapping[str, str], known: set[str]) -> None:
    for key, name in named.items():
        if name not in known:
            hint = did_you_mean(name, sorted(known), f"there are: {', '.join(sorted(known))}")
            raise field_error(card, (field, key), f"the file has no {name!r}; {hint}")

"""Finding and reading cards: by name on the search path, or by the path of a YAML file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

from mgld_bench.cards.published_card import PublishedCard
from mgld_bench.cards.relative_paths import anchored
from mgld_bench.cards.report_check import check_report
from mgld_bench.cards.schemas import (
    Card,
    CardKind,
    DatasetCard,
    DegradationCard,
    MethodCard,
    ProtocolCard,
    ReportCard,
)
from mgld_bench.cards.search_path import KIND_FOLDERS, SUFFIXES, CardFile, card_files, search_path
from mgld_bench.cards.studies import StudyCard
from mgld_bench.cards.study_check import check_study
from mgld_bench.cards.tree import Tree, follow, merge, read_tree, shown_path
from mgld_bench.cards.validation import validate_card
from mgld_bench.errors import InputError, did_you_mean, first_of

SomeCard = TypeVar("SomeCard", bound=Card)

SCHEMAS: dict[CardKind, type[Card]] = {
    card.kind: card for card in (DatasetCard, DegradationCard, MethodCard, ProtocolCard, ReportCard, StudyCard, PublishedCard)
}

_LATEST: Final = ("study", "published")
"""The kinds that came last. What was clear without them still is: ``figure6`` alone is the report, ``dove-2025`` the protocol."""
NOT_INHERITED = ("name", "title", "extends")
"""Fields that a card does not inherit from the card it extends: no two cards are printed under one heading."""

RETIRED: Final[Mapping[CardKind, Mapping[str, str]]] = {"protocol": {"averaging": "clips"}}
"""Fields that cards of version 0.1 had, with the only value that they accepted. They decided nothing, so a card that has one
still opens and the field is ignored.
"""


@dataclass(frozen=True)
class CardEntry:
    """A card that can be loaded."""

    name: str
    kind: CardKind
    path: Path


def load_card(name: str, kind: CardKind | None = None, search: Sequence[Path] = ()) -> Card:
    """The card of this name, or in the YAML file at this path, with ``extends`` resolved.

    A name means one card: two files of the same kind and name are an error, even where one of them is shipped.

    >>> load_card("table1").heading
    'Table 1: quantitative comparison'

    Args:
        name: A card's name, or the path of its file (anything with a slash or the suffix .yaml or .yml).
        kind: What kind of card is wanted; needed for a name that cards of several kinds have.
        search: Card folders that come before those of $MGLD_BENCH_CARDS and the shipped one.

    Raises:
        InputError: There is no such card (the message names the nearest ones), or it is wrong (file, line and field).
    """
    library = _Library(search)
    found = library.at_path(Path(name), kind) if _is_path(name) else library.find(name, kind)
    card = validate_card(library.resolve(found), SCHEMAS[found.kind])
    if isinstance(card, ReportCard):
        check_report(card)
    if isinstance(card, StudyCard):
        check_study(card)
    return card


def load_dataset(name: str, search: Sequence[Path] = ()) -> DatasetCard:
    """The dataset card of this name or path; see `load_card`."""
    return _as(DatasetCard, load_card(name, "dataset", search))


def load_degradation(name: str, search: Sequence[Path] = ()) -> DegradationCard:
    """The degradation card of this name or path; see `load_card`."""
    return _as(DegradationCard, load_card(name, "degradation", search))


def load_method(name: str, search: Sequence[Path] = ()) -> MethodCard:
    """The method card of this name or path; see `load_card`."""
    return _as(MethodCard, load_card(name, "method", search))


def load_protocol(name: str, search: Sequence[Path] = ()) -> ProtocolCard:
    """The protocol card of this name or path; see `load_card`."""
    return _as(ProtocolCard, load_card(name, "protocol", search))


def load_report(name: str, search: Sequence[Path] = ()) -> ReportCard:
    """The report card of this name or path; see `load_card`. The methods that it names need not have cards."""
    return _as(ReportCard, load_card(name, "report", search))


def load_study_card(name: str, search: Sequence[Path] = ()) -> StudyCard:
    """The study's card of this name or path; see `load_card`. The methods and datasets that it names need not have cards."""
    return _as(StudyCard, load_card(name, "study", search))


def load_published_card(name: str, search: Sequence[Path] = ()) -> PublishedCard:
    """The published set of this name or path; see `load_card`."""
    return _as(PublishedCard, load_card(name, "published", search))


def load_published_cards(search: Sequence[Path] = ()) -> tuple[list[PublishedCard], list[str]]:
    """Every published set, sorted by name, and what is wrong with others, one line each: a wrong file does not hide the rest."""
    library = _Library(search)
    found: list[PublishedCard] = []
    problems: list[str] = []
    for file in library.files:
        if file.kind in (None, "published"):
            try:
                entry = library.entry(file)
                if entry.kind == "published":
                    found.append(validate_card(library.resolve(library.find(entry.name, "published")), PublishedCard))
            except InputError as error:
                problems.append(str(error))
    return sorted(found, key=lambda card: card.name), problems


def has_card(name: str, search: Sequence[Path] = ()) -> bool:
    """Whether there is a card file of this name or path, right or wrong."""
    return Path(name).is_file() if _is_path(name) else any(file.name == name for file in card_files(search_path(search)))


def list_cards(kind: CardKind | None = None, search: Sequence[Path] = ()) -> list[CardEntry]:
    """The cards on the search path, of one kind or all, sorted by kind and name.

    Raises:
        InputError: Two cards have the same kind and name, or a file's kind cannot be determined.
    """
    entries, problems = usable_cards(kind, search)
    if problems:
        raise InputError(problems[0])
    return entries


def usable_cards(kind: CardKind | None = None, search: Sequence[Path] = ()) -> tuple[list[CardEntry], list[str]]:
    """As `list_cards`, with what is wrong with a file as a line of its own: one wrong file does not hide the others."""
    library = _Library(search)
    chosen: list[CardEntry] = []
    problems: list[str] = []
    for file in library.files:
        # Where the folder determines the kind, a file of a different kind need not be read.
        if kind is not None and file.kind not in (None, kind):
            continue
        try:
            entry = library.entry(file)
            if kind in (None, entry.kind):
                library.find(entry.name, entry.kind)
                chosen.append(entry)
        except InputError as error:
            problems.append(str(error))
    return sorted(chosen, key=lambda entry: (entry.kind, entry.name)), list(dict.fromkeys(problems))


def resolved_card(card: Card) -> dict[str, Any]:
    """The whole card as JSON values, with ``extends`` resolved and defaults filled in: what keys of units are digests of."""
    return card.model_dump(mode="json")


def extended_card(file: Path) -> str | None:
    """The name of the card that the card in this file extends; None where it extends none."""
    return _extended(read_tree(file))


class _Library:
    """The card files of a search path."""

    def __init__(self, search: Sequence[Path]) -> None:
        self.folders = search_path(search)
        self.files = list(card_files(self.folders))

    def find(self, name: str, kind: CardKind | None) -> CardEntry:
        """The one card of this name (and kind)."""
        found = [entry for file in self.files if file.name == name if (entry := self.entry(file)) and kind in (None, entry.kind)]
        if kind is None and len(found) > 1:
            found = [entry for entry in found if entry.kind not in _LATEST] or found
        if not found:
            raise InputError(self._unknown(name, kind))
        if len(found) > 1:
            if len({entry.kind for entry in found}) > 1:
                kinds = " and a ".join(sorted({entry.kind for entry in found}))
                raise InputError(f'"{name}" is a {kinds} card: name the kind, or give the path of the file')
            first, second = (shown_path(entry.path) for entry in found[:2])
            raise InputError(f'{second}: {first} is a {found[0].kind} card named "{name}" too; rename one of them')
        return found[0]

    def at_path(self, path: Path, kind: CardKind | None) -> CardEntry:
        """The card in this file; its kind is given by its folder, else by the caller, else by its fields."""
        if not path.is_file():
            raise InputError(f"{path}: no such card file")
        known = next((file for file in self.files if file.path.resolve() == path.resolve()), None)
        entry = self.entry(known or CardFile(path.stem, path, kind))
        if kind not in (None, entry.kind):
            raise InputError(f"{shown_path(path)}: this is a {entry.kind} card, but a {kind} card is needed here")
        return entry

    def entry(self, file: CardFile) -> CardEntry:
        """The file with its kind: by its folder, by the card that it extends, or by its fields."""
        return CardEntry(file.name, file.kind or self._kind_by_content(file), file.path)

    def resolve(self, entry: CardEntry) -> Tree:
        """The card's tree merged into those that it extends, without the field ``extends``."""
        return _without(self._resolve(entry, ()), ("extends",))

    def _resolve(self, entry: CardEntry, extended_by: tuple[CardEntry, ...]) -> Tree:
        own = _without_retired(anchored(read_tree(entry.path), entry.kind, entry.path.parent), entry.kind)
        if entry in extended_by:
            raise InputError(_circle(own, [link.name for link in (*extended_by, entry)]))
        _check_name(own, entry)
        base = _extended(own)
        if base is None:
            return own
        try:
            found = self.find(base, entry.kind)
        except InputError as error:
            raise InputError(f"{follow(own, ['extends'])[0].place}: extends: {error}") from None
        return _lay_on(self._resolve(found, (*extended_by, entry)), own)

    def _kind_by_content(self, file: CardFile, extended_by: tuple[CardFile, ...] = ()) -> CardKind:
        tree = read_tree(file.path)
        if file in extended_by:
            raise InputError(_circle(tree, [link.name for link in (*extended_by, file)]))
        fields = set(tree.value) if isinstance(tree.value, dict) else set()
        base = _extended(tree)
        possible = [kind for kind in SCHEMAS if fields - {"extends"} <= _fields(kind)]
        if base is not None:
            named = [known for known in self.files if known.name == base]
            bases = {known.kind or self._kind_by_content(known, (*extended_by, file)) for known in named}
            possible = [kind for kind in possible if kind in bases] if len(bases) > 1 else list(bases)
            possible = [kind for kind in possible if kind not in _LATEST or len(possible) == 1]
            if len(possible) > 1 and "options" in fields and "pipeline" not in fields:
                # Only methods had options when such cards were written.
                possible = [kind for kind in possible if kind != "degradation"]
        else:
            possible = [kind for kind in possible if fields & _own_fields(kind)]
        if len(possible) == 1:
            return possible[0]
        folders = ", ".join(KIND_FOLDERS)
        raise InputError(f"{tree.place.file}: the fields do not show what kind of card this is; move it to one of {folders}")

    def _unknown(self, name: str, kind: CardKind | None) -> str:
        kinds = [self.entry(file).kind for file in self.files if file.name == name]
        if kinds:
            return f'there is no {kind} "{name}"; "{name}" is a {kinds[0]}'
        names = sorted({file.name for file in self.files if kind is None or self.entry(file).kind == kind})
        hint = did_you_mean(name, names, _where_to_look(kind, names))
        return f'there is no {kind or "card"} "{name}"; {hint}'


def _where_to_look(kind: CardKind | None, names: Sequence[str]) -> str:
    """Where to find the names of this kind that there are."""
    if kind in ("dataset", "method", "report"):
        return f"see mgld-bench list {kind}s"
    if kind == "study":
        return "see mgld-bench list studies"
    if kind == "published":
        return "see mgld-bench list published"
    return f"known: {first_of(names, 20)}"


def _is_path(name: str) -> bool:
    return Path(name).suffix in SUFFIXES or "/" in name or "\\" in name


def _as(model: type[SomeCard], card: Card) -> SomeCard:
    if not isinstance(card, model):
        raise TypeError(f"{card.name} is not a {model.__name__}")
    return card


def _check_name(tree: Tree, entry: CardEntry) -> None:
    name, gone = follow(tree, ["name"])
    if gone and isinstance(name.value, str) and name.value != entry.name:
        raise InputError(f'{name.place}: name: must be "{entry.name}", the name of its file, not "{name.value}"')


def _extended(tree: Tree) -> str | None:
    """The name of the card that this one extends."""
    base, gone = follow(tree, ["extends"])
    if not gone:
        return None
    if not isinstance(base.value, str):
        raise InputError(f"{base.place}: extends: must be the name of a card")
    return base.value


def _circle(tree: Tree, names: Sequence[str]) -> str:
    place = follow(tree, ["extends"])[0].place
    return f"{place}: extends: the cards extend each other in a circle: {' -> '.join(names)}"


def _fields(kind: CardKind) -> set[str]:
    return set(SCHEMAS[kind].model_fields) | set(RETIRED.get(kind, ()))


def _own_fields(kind: CardKind) -> set[str]:
    """The fields by which a card of this kind is recognised: those that no other kind has.

    What a study or a published set shares with a report still shows that a card is a report: they have fields besides.
    """
    return _fields(kind).difference(*(_fields(known) for known in SCHEMAS if known not in {kind, *_LATEST}))


def _without_retired(tree: Tree, kind: CardKind) -> Tree:
    retired = RETIRED.get(kind, {})
    for field, accepted in retired.items():
        found, gone = follow(tree, [field])
        if gone and found.value != accepted:
            raise InputError(f"{found.place}: {field}: this field has no effect and only accepts {accepted}; remove it")
    return _without(tree, tuple(retired))


def _lay_on(base: Tree, own: Tree) -> Tree:
    """``own`` merged into what it inherits from ``base``; a weight with its own ``file`` inherits no facts of the old file."""
    inherited = _without(base, NOT_INHERITED)
    weights, _ = follow(own, ["weights"])
    if isinstance(weights.value, Mapping) and isinstance(inherited.value, dict) and "weights" in inherited.value:
        replaced = [role for role, weight in weights.value.items() if isinstance(weight.value, dict) and "file" in weight.value]
        kept = _without(inherited.value["weights"], replaced)
        inherited = Tree({**inherited.value, "weights": kept}, inherited.place)
    return merge(inherited, own)


def _without(tree: Tree, fields: Sequence[str]) -> Tree:
    if not isinstance(tree.value, dict):
        return tree
    return Tree({key: value for key, value in tree.value.items() if key not in fields}, tree.place, tree.text)

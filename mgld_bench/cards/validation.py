"""From a card's tree to the checked card; an error becomes one line with file, line and field."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import is_dataclass
from pathlib import Path
from typing import Final, TypeVar, get_args, get_type_hints

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from mgld_bench.cards.schemas import Card, DegradationCard, MethodCard
from mgld_bench.cards.tree import Place, Tree, as_tree, follow, plain
from mgld_bench.errors import InputError, did_you_mean

Model = TypeVar("Model", bound=BaseModel)
SomeCard = TypeVar("SomeCard", bound=Card)

_COUNTS: Final = {"too_short": ("min_length", "at least"), "too_long": ("max_length", "at most")}
"""Errors in the number of entries: the name of the bound, and words for it."""


def validate_card(tree: Tree, schema: type[SomeCard]) -> SomeCard:
    """The tree as a card. Types are strict: 5 is not text, and "5" is not a number.

    Raises:
        InputError: The first error in the file, with file, line and field.
    """
    card = validate_plain(tree, schema, ())
    card._tree = tree
    return card


def validate_options(card: MethodCard | DegradationCard, options: type[Model]) -> Model:
    """The options of a card as the own type of the class that it names.

    Raises:
        InputError: As `validate_card`.
    """
    place = _unwritten(card)
    written, found = (card._tree, 0) if card._tree is None else follow(card._tree, ["options"])
    if written is None or not found or plain(written) != card.options:
        written = as_tree(card.options, place)
    return validate_plain(written, options, ("options",))


def field_error(card: Card, steps: Sequence[str | int], message: str) -> InputError:
    """The error ``message`` about one field of a loaded card, with the file and line where the field was written.

    Args:
        steps: Keys and indexes that lead to the field, e.g. ``("datasets", 0, "name")``.
    """
    place = _unwritten(card) if card._tree is None else follow(card._tree, steps)[0].place
    return InputError(f"{place}: {_dotted(steps)}: {message}")


def folder_of(card: Card, steps: Sequence[str | int]) -> Path | None:
    """The folder of the card file in which a field of a loaded card is written; None where it is written in none."""
    if card._tree is None:
        return None
    place = follow(card._tree, steps)[0].place
    return Path(place.file).absolute().parent if place.line else None


def _unwritten(card: Card) -> Place:
    """The place that messages name for a card that comes from no file."""
    return Place(f"{card.kind} {card.name}", 0)


def validate_plain(tree: Tree, model: type[Model], above: tuple[str, ...] = ()) -> Model:
    """The tree as ``model``, strict as cards are, and with their messages; ``above``: the steps that lead to it from its card."""
    try:
        return model.model_validate_json(json.dumps(plain(tree)), strict=True)
    except ValidationError as error:
        first = min(error.errors(), key=lambda problem: _rank(tree, problem))
        raise InputError(_explain(tree, model, first, above)) from None


def _rank(tree: Tree, problem: ErrorDetails) -> tuple[bool, int]:
    """Unknown fields first: a misspelt name also leaves the right one missing. Then by line."""
    where, _ = follow(tree, _untagged(tree, problem["loc"]))
    return problem["type"] not in _UNKNOWN, where.place.line


def _untagged(tree: Tree, steps: Sequence[str | int]) -> tuple[str | int, ...]:
    """The steps without those that pydantic puts in for which of several structures a mapping is: the value of its ``kind``."""
    kept: list[str | int] = []
    skipped_at = -1
    for step in steps:
        here, gone = follow(tree, [*kept, "kind"])
        if gone == len(kept) + 1 and here.value == step and skipped_at != len(kept):
            skipped_at = len(kept)
        else:
            kept.append(step)
    return tuple(kept)


def _explain(tree: Tree, model: type[BaseModel], problem: ErrorDetails, above: tuple[str, ...]) -> str:
    steps = _untagged(tree, problem["loc"])
    found, gone = follow(tree, steps)
    if problem["type"] == "missing":
        return f"{found.place}: {_dotted((*above, *steps))}: is missing"
    if problem["type"] in _UNKNOWN:
        known = sorted(_fields_at(model, problem["loc"][:-1]))
        hint = did_you_mean(str(steps[-1]), known, f"known here: {', '.join(known)}")
        return f"{found.place}: {_dotted((*above, *steps))}: unknown field; {hint}"
    field = _dotted((*above, *steps[:gone]))
    if problem["type"] == "union_tag_not_found":
        return f"{found.place}: {field}.kind: is missing"
    if problem["type"] == "union_tag_invalid":
        tag, known = str(problem["ctx"]["tag"]), problem["ctx"]["expected_tags"].replace("'", "")
        where, _ = follow(found, ["kind"])
        return f"{where.place}: {field}.kind: unknown kind {tag}; {did_you_mean(tag, known.split(', '), f'there are: {known}')}"
    if problem["type"] == "string_type" and isinstance(found.value, int | float):
        kind = "true or false" if isinstance(found.value, bool) else "a number"
        return f'{found.place}: {field}: YAML reads {found.text} as {kind}; put it in quotes: "{found.text}"'
    if problem["type"] == "value_error":
        return f"{found.place}: {field}: {problem['ctx']['error']}"
    if problem["type"] in _COUNTS:
        bound, words = _COUNTS[problem["type"]]
        limit, there = problem["ctx"][bound], len(found.value) if isinstance(found.value, dict | list) else "so many"
        return f"{found.place}: {field}: should have {words} {limit} {'entry' if limit == 1 else 'entries'}, not {there}"
    message = problem["msg"].removeprefix("Input ")
    value = f", not {json.dumps(found.value)}" if not isinstance(found.value, dict | list) else ""
    return f"{found.place}: {field}: {message}{value}"


def _dotted(steps: Sequence[str | int]) -> str:
    """The steps as text: clips[3].name."""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps)
    return text.removeprefix(".")


def _fields_at(model: type, steps: Sequence[str | int]) -> Mapping[str, object]:
    """Names and types of the fields of the mapping that ``steps`` (as pydantic has them, with kinds) lead to."""
    fields = _fields_of(model)
    possible: list[type] = []
    for step in steps:
        # An index, or a key of a free mapping, is not a field: the structure stays that of the field above it.
        inner = _structures_in(fields.get(str(step))) or [one for one in possible if step in get_args(_fields_of(one)["kind"])]
        if inner:
            fields = _fields_of(inner[0])
            possible = inner if len(inner) > 1 else []
    return fields


def _fields_of(structure: type) -> Mapping[str, object]:
    if issubclass(structure, BaseModel):
        return {name: field.annotation for name, field in structure.model_fields.items()}
    return get_type_hints(structure)


def _structures_in(annotation: object) -> list[type]:
    """The models and dataclasses that a field of this type may hold."""
    if isinstance(annotation, type) and (issubclass(annotation, BaseModel) or is_dataclass(annotation)):
        return [annotation]
    return [structure for argument in get_args(annotation) for structure in _structures_in(argument)]


_UNKNOWN: Final = ("extra_forbidden", "unexpected_keyword_argument")
"""How pydantic calls unknown fields of models and of dataclasses."""

"""From a card's tree to the checked card; what is wrong becomes one line with file, line and field."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import is_dataclass
from typing import Final, TypeVar, get_args, get_type_hints

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from mgld_bench.cards.schemas import Card, MethodCard
from mgld_bench.cards.tree import Place, Tree, as_tree, follow, plain
from mgld_bench.errors import InputError

Model = TypeVar("Model", bound=BaseModel)
SomeCard = TypeVar("SomeCard", bound=Card)


def validate_card(tree: Tree, schema: type[SomeCard]) -> SomeCard:
    """The tree as a card. Types are strict: 5 is no text and "5" no number. Raises InputError for the first fault."""
    card = _validate(tree, schema, ())
    card._tree = tree
    return card


def validate_options(card: MethodCard, options: type[Model]) -> Model:
    """The options of a method card as the type of its restorer. Raises InputError as validate_card does."""
    place = Place(f"method {card.name}", 0)
    written, found = (card._tree, 0) if card._tree is None else follow(card._tree, ["options"])
    if written is None or not found or plain(written) != card.options:
        written = as_tree(card.options, place)
    return _validate(written, options, ("options",))


def _validate(tree: Tree, model: type[Model], above: tuple[str, ...]) -> Model:
    """The tree, which lies at the field ``above`` of its card, as ``model``."""
    try:
        return model.model_validate_json(json.dumps(plain(tree)), strict=True)
    except ValidationError as error:
        first = min(error.errors(), key=lambda problem: _rank(tree, problem))
        raise InputError(_explain(tree, model, first, above)) from None


def nearest(name: str, known: Iterable[str]) -> str:
    """``, did you mean "x"?`` for the known name nearest to ``name``; "" where none is near."""
    found = difflib.get_close_matches(name, list(known), n=1, cutoff=0.5)
    return f', did you mean "{found[0]}"?' if found else ""


def _rank(tree: Tree, problem: ErrorDetails) -> tuple[bool, int]:
    """Unknown fields first: a misspelt name also leaves the right one missing. Then by line."""
    where, _ = follow(tree, problem["loc"])
    return problem["type"] not in _UNKNOWN, where.place.line


def _explain(tree: Tree, model: type[BaseModel], problem: ErrorDetails, above: tuple[str, ...]) -> str:
    steps = problem["loc"]
    found, gone = follow(tree, steps)
    if problem["type"] == "missing":
        return f"{found.place}: {_dotted((*above, *steps))}: is missing"
    if problem["type"] in _UNKNOWN:
        known = sorted(_fields_at(model, steps[:-1]))
        hint = nearest(str(steps[-1]), known) or f"; known here: {', '.join(known)}"
        return f"{found.place}: {_dotted((*above, *steps))}: unknown field{hint}"
    field = _dotted((*above, *steps[:gone]))
    if problem["type"] == "string_type" and isinstance(found.value, int | float):
        kind = "true or false" if isinstance(found.value, bool) else "a number"
        return f'{found.place}: {field}: YAML reads {found.text} as {kind}; put it in quotes: "{found.text}"'
    if problem["type"] == "value_error":
        return f"{found.place}: {field}: {problem['ctx']['error']}"
    message = problem["msg"].removeprefix("Input ")
    told = f", not {json.dumps(found.value)}" if not isinstance(found.value, dict | list) else ""
    return f"{found.place}: {field}: {message}{told}"


def _dotted(steps: Sequence[str | int]) -> str:
    """clips[3].name"""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps)
    return text.removeprefix(".")


def _fields_at(model: type, steps: Sequence[str | int]) -> Mapping[str, object]:
    """Names and types of the fields of the mapping that ``steps`` lead to; indexes and keys of free mappings stay within the
    structure of their field.
    """
    fields = _fields_of(model)
    for step in steps:
        inner = _structures_in(fields.get(str(step)))
        if inner:
            fields = _fields_of(inner[0])
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
"""What pydantic says of unknown fields, of models and of dataclasses."""

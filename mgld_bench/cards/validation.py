"""From a card's tree to the checked card; what is wrong becomes one line with file, line and field."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Sequence
from typing import TypeVar, get_args

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
    return problem["type"] != "extra_forbidden", where.place.line


def _explain(tree: Tree, model: type[BaseModel], problem: ErrorDetails, above: tuple[str, ...]) -> str:
    steps = problem["loc"]
    found, gone = follow(tree, steps)
    if problem["type"] == "missing":
        return f"{found.place}: {_dotted((*above, *steps))}: is missing"
    if problem["type"] == "extra_forbidden":
        known = sorted(_model_at(model, steps[:-1]).model_fields)
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


def _model_at(model: type[BaseModel], steps: Sequence[str | int]) -> type[BaseModel]:
    """The model of the mapping that ``steps`` lead to; indexes and keys of free mappings stay within the model of their field."""
    for step in steps:
        field = model.model_fields.get(str(step))
        inner = _models_in(field.annotation) if field is not None else []
        if inner:
            model = inner[0]
    return model


def _models_in(annotation: object) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for argument in get_args(annotation) for model in _models_in(argument)]

"""The base of plain data that is checked when it is made: parts of cards, options, plans, records."""

from __future__ import annotations

from typing import TypeVar, get_args

from pydantic import BaseModel, ConfigDict

Data = TypeVar("Data", bound="PlainData")


class PlainData(BaseModel):
    """Frozen, and closed: a field that does not exist is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def class_in_brackets(cls: type, base: type[Data]) -> type[Data] | None:
    """The subclass of ``base`` that a class names in brackets after one of its own bases; None where it names none."""
    named = [argument for generic in vars(cls).get("__orig_bases__", ()) for argument in get_args(generic)]
    return next((argument for argument in named if isinstance(argument, type) and issubclass(argument, base)), None)

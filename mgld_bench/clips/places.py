"""Folders that are written to: apart from those that are read, so that no run finds its own output among its input."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from mgld_bench.errors import InputError


def require_apart(output: Path, inputs: Iterable[Path]) -> None:
    """Raise InputError where ``output`` is one of ``inputs``, is inside one, or has one inside; links are followed."""
    for source in inputs:
        relation = _relation(output.resolve(), source.resolve())
        if relation:
            raise InputError(
                f"{output}: the output {relation} the input {source}, so that the next run would take one for the other; "
                "choose a folder apart from it"
            )


def require_outside(output: Path, inputs: Iterable[Path]) -> None:
    """As `require_apart`, for output that may stand beside the input: a folder that has the input inside is accepted."""
    require_apart(
        output, [source for source in inputs if not source.resolve().is_relative_to(output.resolve()) or _same(output, source)]
    )


def _relation(output: Path, source: Path) -> str:
    if output == source:
        return "is"
    if output.is_relative_to(source):
        return "is inside"
    if source.is_relative_to(output):
        return "has inside it"
    return ""


def _same(one: Path, other: Path) -> bool:
    return one.resolve() == other.resolve()

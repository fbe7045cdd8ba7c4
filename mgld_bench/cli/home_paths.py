"""``~`` in the paths that verbs take: also in --output=~/x, which shells pass on as it is."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import typer

from mgld_bench.home import expanded


def expand_home(app: typer.Typer) -> None:
    """Let every verb of ``app``, and of the groups in it, take paths with ``~``; one of nobody's is an InputError."""
    for verb in app.registered_commands:
        if verb.callback is not None:
            verb.callback = _expanding(verb.callback)
    for group in app.registered_groups:
        if group.typer_instance is not None:
            expand_home(group.typer_instance)


def _expanding(verb: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(verb)
    def with_paths(**given: object) -> Any:  # noqa: ANN401 - whatever the verb returns
        return verb(**{name: _expanded(value) for name, value in given.items()})

    return with_paths


def _expanded(value: object) -> object:
    if isinstance(value, Path):
        return expanded(value)
    return [_expanded(each) for each in value] if isinstance(value, list) else value

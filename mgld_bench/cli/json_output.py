"""JSON for scripts: strict (RFC 8259), so that every reader accepts it."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping

import typer


def print_json(value: object) -> None:
    """Print ``value`` as JSON; see strict()."""
    typer.echo(json.dumps(strict(value), indent=1, allow_nan=False))


def strict(value: object) -> object:
    """``value`` without infinity and NaN, which JSON does not have: null, with a field that says why beside it.

    >>> strict({"seconds": float("inf")})
    {'seconds': None, 'seconds_is': 'infinite'}
    """
    if isinstance(value, Mapping):
        found: dict[object, object] = {}
        for name, part in value.items():
            found[name] = strict(part)
            if isinstance(part, float) and not math.isfinite(part) and f"{name}_is" not in value:
                found[f"{name}_is"] = "not a number" if math.isnan(part) else "infinite" if part > 0 else "minus infinite"
        return found
    if isinstance(value, (list, tuple)):
        return [strict(part) for part in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value

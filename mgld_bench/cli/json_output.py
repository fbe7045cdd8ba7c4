"""JSON for scripts."""

from __future__ import annotations

import json

import typer

from mgld_bench.strict_json import strict


def print_json(value: object) -> None:
    """Print ``value`` as JSON; see strict()."""
    typer.echo(json.dumps(strict(value), indent=1, allow_nan=False))

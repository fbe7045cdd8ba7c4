"""mgld-bench cards: check card files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from mgld_bench.cli.json_output import print_json
from mgld_bench.cli.options import Cards, Json

app = typer.Typer(no_args_is_help=True, help="Card files: check.", rich_markup_mode=None)


@app.callback()
def cards() -> None:
    """Card files: check."""


@app.command("check")
def check(
    places: Annotated[list[Path], typer.Argument(metavar="FILE", help="Card files, or folders of cards.")],
    kind: Annotated[
        Literal["dataset", "degradation", "method", "protocol", "report", "study", "published"] | None,
        typer.Option(help="Kind of the cards whose folder does not show it; default: by their fields."),
    ] = None,
    cards: Cards = None,
    json_output: Json = False,
) -> None:
    """Check cards before they are used: fields, options, the file's name, and that everything they name exists.

    Prints one line per card: ok and what it resolves to, or what is wrong, with file, line and field. Exit code 2 if a card is
    wrong. Weight files and data need not be on this machine. The class that a method card names is imported, so its code runs.

    Example: mgld-bench cards check my-cards/baselines/my-checkpoint.yaml
    """
    from mgld_bench.cards.tree import shown_path
    from mgld_bench.engine.card_check import check_cards
    from mgld_bench.errors import InputError

    results = check_cards(places, kind, cards or [])
    if json_output:
        rows = [
            {
                "file": shown_path(result.file),
                "kind": result.kind,
                "name": result.name,
                "ok": not result.error,
                "summary": result.summary or None,
                "error": result.error or None,
            }
            for result in results
        ]
        print_json(rows)
    else:
        for result in results:
            typer.echo(f"WRONG {result.error}" if result.error else f"ok    {result.kind} {result.name}: {result.summary}")
    wrong = sum(bool(result.error) for result in results)
    if wrong:
        raise InputError(f"{wrong} of {len(results)} cards {'is' if wrong == 1 else 'are'} wrong")

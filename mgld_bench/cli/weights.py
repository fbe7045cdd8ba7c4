"""mgld-bench weights: the weight files of the methods."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mgld_bench.cli.options import Cards, Json

if TYPE_CHECKING:
    from mgld_bench.cards.schemas import WeightFile

app = typer.Typer(no_args_is_help=True, help="Weight files: list, verify, add.", rich_markup_mode=None)


@app.command("list")
def list_weights(cards: Cards = None, json_output: Json = False) -> None:
    """List every weight file that a method uses: where it is, or where it comes from.

    Example: mgld-bench weights list
    """
    from mgld_bench.weights.locate import status

    rows = []
    for method, role, weight in _all_weights(cards or []):
        state = status(weight)
        text = "verified" if state.verified else "present" if state.present else "missing"
        rows.append(
            {
                "method": method,
                "role": role,
                "file": weight.file,
                "state": text,
                "size": f"{state.size:,}" if state.size else "",
                "sha256": weight.sha256,
                "licence": weight.license,
                "from": weight.package or " ".join(weight.url) or weight.obtain,
            }
        )
    if json_output:
        typer.echo(json.dumps(rows, indent=1))
        return
    for row in rows:
        typer.echo(f"{row['method']} {row['role']}: {row['file']} [{row['state']}] {row['size']}".rstrip())
        typer.echo(f"    from {row['from']}; licence {row['licence'] or 'not stated'}; sha256 {row['sha256'] or 'not pinned'}")


@app.command("verify")
def verify(cards: Cards = None) -> None:
    """Check the sha256 of every weight file that is here; exit code 1 where one is wrong.

    Example: mgld-bench weights verify
    """
    from mgld_bench.errors import CheckError
    from mgld_bench.weights.locate import status

    wrong = []
    for method, role, weight in _all_weights(cards or []):
        state = status(weight)
        if state.present and not state.verified:
            wrong.append(weight.file)
        outcome = "ok" if state.verified else "WRONG" if state.present else "missing"
        typer.echo(f"{outcome:8} {method} {role}: {weight.file} {'' if state.verified else state.reason}".rstrip())
    if wrong:
        raise CheckError(
            f"weight file(s) that are not what their card pins: {', '.join(wrong)}; delete and fetch or add them again"
        )


@app.command("add")
def add(
    file: Annotated[Path, typer.Argument(help="The file as you downloaded it.")],
    name: Annotated[str, typer.Option("--as", help="File name in the cards, where yours differs.")] = "",
    cards: Cards = None,
) -> None:
    """Copy a downloaded weight file into the weights folder, after checking its sha256.

    Example: mgld-bench weights add ~/Downloads/BSRGAN.pth
    """
    from mgld_bench.errors import InputError
    from mgld_bench.weights.locate import add as add_file

    known = {weight.file: weight for _, _, weight in _all_weights(cards or []) if not weight.package}
    wanted = name or file.name
    if wanted not in known:
        raise InputError(f"{wanted}: no card uses a weight file of this name; known: {', '.join(known)} (use --as NAME)")
    typer.echo(add_file(file, known[wanted]))


def _all_weights(cards: list[Path]) -> list[tuple[str, str, WeightFile]]:
    from mgld_bench.cards.loader import list_cards, load_method

    methods = [load_method(entry.name, cards) for entry in list_cards("method", cards)]
    return [(method.name, role, weight) for method in methods for role, weight in method.weights.items()]

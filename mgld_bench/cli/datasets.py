"""mgld-bench datasets: list, prepare, verify."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Literal

import typer

from mgld_bench.cli.listing import list_what
from mgld_bench.cli.options import DEFAULT_WORKSPACE, Cards, Json, Workspace

app = typer.Typer(no_args_is_help=True, help="Datasets: list, prepare their pairs, verify them.", rich_markup_mode=None)


@app.command("list")
def list_datasets(workspace: Workspace = DEFAULT_WORKSPACE, cards: Cards = None, json_output: Json = False) -> None:
    """List the datasets and what is missing to use each.

    Example: mgld-bench datasets list
    """
    list_what("datasets", workspace, cards, json_output)


@app.command("prepare")
def prepare(
    name: Annotated[str, typer.Argument(help="Name of a dataset card, or a card file.")],
    source: Annotated[
        Path | None,
        typer.Option("--source", help="Folder of the official download; default: none, for datasets that ship with a package."),
    ] = None,
    degradation: Annotated[str, typer.Option(help="Degradation card; default: the dataset's own.")] = "",
    use_existing_lq: Annotated[
        bool, typer.Option("--use-existing-lq", help="Take the LR clips that come with the set instead of building them.")
    ] = False,
    workers: Annotated[int, typer.Option("--workers", min=1, help="Clips that are built at the same time.")] = 1,
    force: Annotated[
        bool, typer.Option("--force", help="Build although the encoders here fail their check: another instance, and it says so.")
    ] = False,
    workspace: Workspace = DEFAULT_WORKSPACE,
    cards: Cards = None,
) -> None:
    """Build the pairs of a dataset from its official download (or take them as they are); finished clips are kept.

    Example: mgld-bench datasets prepare reds4 --source ~/REDS --workers 4
    """
    from mgld_bench.cards.loader import load_dataset, load_degradation
    from mgld_bench.cli.display import duration, progress_display
    from mgld_bench.engine.run import build_pairs
    from mgld_bench.engine.safe_writes import sole_writer
    from mgld_bench.errors import InputError
    from mgld_bench.pairs.planning import plan_pairs

    card = load_dataset(name, cards or ())
    chosen = degradation or card.degradation
    if use_existing_lq and degradation:
        raise InputError("--use-existing-lq and --degradation exclude each other: LR is either taken or built")
    how = None if use_existing_lq or not chosen else load_degradation(chosen, cards or ())
    planned = plan_pairs(card, how, source, workspace)
    with sole_writer(workspace):
        missing = [pair for pair in planned if not pair.built]
        for pair, seconds in build_pairs(missing, workspace, workers, progress_display(), force):
            typer.echo(f"{card.name} {pair.clip}: {pair.frames} frames in {duration(seconds)}")
    typer.echo(f"{card.name}: {len(planned)} clips are ready in {workspace / 'pairs' / card.name / planned[0].degradation_name}")


@app.command("verify")
def verify(
    name: Annotated[str, typer.Argument(help="Name of a dataset card, or a card file.")],
    mode: Annotated[
        Literal["hashes", "from-stream", "full"],
        typer.Option(
            help="hashes: the frames on disk; from-stream: LR rebuilt from the bitstream; full: built again from ground truth."
        ),
    ] = "hashes",
    degradation: Annotated[str, typer.Option(help="Degradation card; default: the dataset's own.")] = "",
    workspace: Workspace = DEFAULT_WORKSPACE,
    cards: Cards = None,
    json_output: Json = False,
) -> None:
    """Check prepared pairs and say exactly what drifted: frames, parameters, encoder. Exit code 1 where something did.

    Example: mgld-bench datasets verify demo --mode full
    """
    from mgld_bench.cards.loader import load_dataset
    from mgld_bench.errors import CheckError, InputError
    from mgld_bench.pairs.stored import list_pairs, pairs_folder
    from mgld_bench.pairs.verify import verify_pair

    card = load_dataset(name, cards or ())
    how = degradation or card.degradation or "existing"
    clips = list_pairs(workspace, card.name, how)
    folder = pairs_folder(workspace, card.name, how)
    if not clips:
        raise InputError(f"{folder}: no prepared pairs; build them with: mgld-bench datasets prepare {card.name}")
    missing = [entry.name for entry in card.clips if entry.name not in clips]
    found = {clip: verify_pair(folder, clip, mode) for clip in clips}
    if json_output:
        typer.echo(json.dumps({clip: list(result.problems) for clip, result in found.items()} | {"missing": missing}, indent=1))
    else:
        for clip, result in found.items():
            typer.echo(f"{'ok' if not result.problems else 'DRIFTED':8} {clip}")
            for problem in result.problems:
                typer.echo(f"    {problem}")
    drifted = [clip for clip, result in found.items() if result.problems]
    if drifted or missing:
        parts = [f"drifted: {', '.join(drifted)}"] if drifted else []
        parts += [f"not prepared: {', '.join(missing)}"] if missing else []
        raise CheckError(f"{card.name} ({how}): {'; '.join(parts)}")

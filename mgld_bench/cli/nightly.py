"""mgld-bench nightly: a checkpoint every night; its history."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from mgld_bench.cli.json_output import print_json
from mgld_bench.cli.options import (
    DEFAULT_WORKSPACE,
    AllowTF32,
    Cards,
    Device,
    FolderToWrite,
    Json,
    MaxMemory,
    Offline,
    Precision,
    Quiet,
    Sources,
    StoreUrl,
    Threads,
    TrustCards,
    Workspace,
    parse_sources,
)

if TYPE_CHECKING:
    from mgld_bench.nightly.history import Night


class _NightlyGroup(TyperGroup):
    """``nightly SUITE`` is ``nightly run SUITE``."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:  # noqa: ANN401 - typer's own type has moved between its versions
        """A first word that is no command of its own is a suite."""
        if args and args[0] not in self.commands:
            args = ["run", *args]
        return super().resolve_command(ctx, args)


app = typer.Typer(
    cls=_NightlyGroup,
    no_args_is_help=True,
    help="A checkpoint every night: run a suite on it, compare, accept or reject (nightly SUITE is nightly run SUITE).",
    rich_markup_mode=None,
)


@app.command("run")
def run(
    suite: Annotated[str, typer.Argument(metavar="SUITE", help="Name of a report card, or a card file.")],
    checkpoint: Annotated[
        Path,
        typer.Option("--checkpoint", help="A checkpoint, or a folder of which the newest complete one is taken."),
    ],
    method: Annotated[
        str,
        typer.Option(
            "--method", help="The method card that the checkpoint is one of; default: the suite's only one with weights."
        ),
    ] = "",
    role: Annotated[
        str,
        typer.Option("--role", help="Which of the card's weight files the checkpoint is; default: its only one, or network."),
    ] = "",
    again: Annotated[
        bool,
        typer.Option("--again", help="Restore and score a checkpoint that had its night, to see whether scores are the same."),
    ] = False,
    confirm: Annotated[
        int, typer.Option("--confirm", min=0, max=1, help="1: what raises an alarm is restored and scored again before it does.")
    ] = 1,
    gate: Annotated[
        str,
        typer.Option("--gate", help="File or name of a gate, whose rules are checked too; default: only the quality alarm."),
    ] = "",
    source: Sources = None,
    offline: Offline = False,
    trust_cards: TrustCards = False,
    device: Device = "",
    threads: Threads = None,
    precision: Precision = "float32",
    allow_tf32: AllowTF32 = False,
    max_memory: MaxMemory = "",
    workspace: FolderToWrite = DEFAULT_WORKSPACE,
    store: StoreUrl = "",
    cards: Cards = None,
    quiet: Quiet = False,
    json_output: Json = False,
) -> None:
    """Run a suite on a checkpoint, compare with the accepted night and the anchor; accept it, reject it or call it incomplete.

    Exit code 0: accepted; 1: rejected; 3: incomplete, the same command resumes.

    Example: mgld-bench nightly run demo --checkpoint checkpoints/ --method realesrgan-official
    """
    from mgld_bench.cli.display import progress_display
    from mgld_bench.engine.machine import command_line
    from mgld_bench.errors import CheckError, IncompleteError
    from mgld_bench.nightly.night import NightRequest, run_night
    from mgld_bench.nightly.publish import publish

    request = NightRequest(
        suite=suite,
        checkpoint=checkpoint,
        method=method,
        role=role,
        again=again,
        gate=gate,
        confirm=bool(confirm),
        workspace=workspace,
        store=store,
        cards=tuple(cards or ()),
        sources=parse_sources(source),
        device=device,
        precision=precision,
        max_memory=max_memory,
        allow_tf32=allow_tf32,
        command=tuple(command_line()),
    )
    progress = progress_display(quiet)
    result = run_night(request, progress)
    night = result.night
    pages = publish(request, result, _print_warning, progress)
    if json_output:
        page = {} if pages is None else {"page": str(pages.night), "index": str(pages.index)}
        print_json({**_row(night), "new": result.new, "lines": list(result.lines), **page})
    else:
        for line in result.lines:
            typer.echo(line)
        typer.echo(f"night {night.id} of {night.suite}, {Path(night.checkpoint).name}: {night.verdict}: {night.why}")
        if pages is not None:
            typer.echo(f"page: {pages.night}; all nights: {pages.index}")
    if night.verdict == "rejected":
        raise CheckError(f"night {night.id} is rejected: {night.why}")
    if night.verdict == "incomplete":
        raise IncompleteError(f"night {night.id} is incomplete: {night.why}")


@app.command("history")
def history(
    suite: Annotated[str, typer.Argument(metavar="[SUITE]", help="Only nights of this suite.")] = "",
    workspace: Workspace = DEFAULT_WORKSPACE,
    store: StoreUrl = "",
    json_output: Json = False,
) -> None:
    """List the nights: number, day, suite, checkpoint, verdict and why; which one is the reference, and which the anchor.

    Example: mgld-bench nightly history demo
    """
    from mgld_bench.engine.store import open_store
    from mgld_bench.nightly.history import anchor_of, nights, reference_of

    with open_store(store, workspace, create=False) as opened:
        found = nights(opened, suite)
    series = {(night.suite, night.method) for night in found}
    marks: dict[int, list[str]] = {}
    for of_suite, method in series:
        some = [night for night in found if (night.suite, night.method) == (of_suite, method)]
        for word, marked in (("reference", reference_of(some)), ("anchor", anchor_of(some))):
            if marked is not None:
                marks.setdefault(marked.id, []).append(word)
    if json_output:
        print_json([{**_row(night), "is": marks.get(night.id, [])} for night in found])
        return
    for night in found:
        mark = f" [{', '.join(marks[night.id])}]" if night.id in marks else ""
        verdict = night.verdict or "not finished: the same command resumes it"
        why = f": {night.why}" if night.why else ""
        day = night.started_at[:16].replace("T", " ")
        typer.echo(f"{night.id:4} {day} {night.suite} {night.method} {Path(night.checkpoint).name}{mark} {verdict}{why}")
    if not found:
        typer.echo("no nights yet: mgld-bench nightly SUITE --checkpoint PATH runs one")


@app.command("accept")
def accept(
    night: Annotated[int, typer.Argument(metavar="NIGHT", help="Its number, from nightly history.")],
    why: Annotated[str, typer.Option("--why", help="The reason, which the history keeps.")],
    workspace: FolderToWrite = DEFAULT_WORKSPACE,
    store: StoreUrl = "",
) -> None:
    """Make a night the reference and the anchor, such as a rejected one whose loss is wanted.

    Example: mgld-bench nightly accept 12 --why "sharper by choice; PSNR may fall"
    """
    from mgld_bench.engine.store import open_store
    from mgld_bench.nightly.history import accept as accept_night
    from mgld_bench.nightly.history import night_of
    from mgld_bench.nightly.publish import refresh

    with open_store(store, workspace, create=False) as opened:
        night_of(opened, night)
    with open_store(store, workspace, create=True) as opened:
        accepted = accept_night(opened, night, why)
    refresh(workspace, store, accepted)
    typer.echo(f"night {accepted.id} of {accepted.suite} is the reference and the anchor now")


@app.command("clean")
def clean(
    suite: Annotated[str, typer.Argument(metavar="SUITE", help="Nights of this suite.")],
    keep: Annotated[int, typer.Option("--keep", min=0, help="So many of the last nights keep their frames.")] = 5,
    yes: Annotated[bool, typer.Option("--yes", help="Delete; without it, only state what would be freed.")] = False,
    workspace: FolderToWrite = DEFAULT_WORKSPACE,
    store: StoreUrl = "",
) -> None:
    """Free the restored frames and players of old nights; the accepted night, the anchor and the last ones keep theirs.

    Scores always stay.

    Example: mgld-bench nightly clean demo --keep 3
    """
    from mgld_bench.cli.display import size
    from mgld_bench.engine.safe_writes import sole_writer
    from mgld_bench.engine.store import open_store
    from mgld_bench.nightly.history import nights
    from mgld_bench.nightly.night import FOLDER
    from mgld_bench.nightly.publish import pages_folder, refresh_pages
    from mgld_bench.nightly.retention import free, plan_retention
    from mgld_bench.report.videos.wanted import KEPT_VIDEOS

    with open_store(store, workspace, create=False) as opened:
        found = nights(opened, suite)
    series = [[night for night in found if night.method == method] for method in dict.fromkeys(night.method for night in found)]
    planned = [freed for one in series for freed in plan_retention(workspace, pages_folder(workspace, one[0]), one, keep)]
    for freed in planned:
        typer.echo(f"night {freed.night}: {freed.folder}: {size(freed.size)}")
    total = size(sum(freed.size for freed in planned))
    if not planned:
        typer.echo("nothing to free")
    elif yes:
        with sole_writer(workspace / FOLDER):
            free(planned, workspace / KEPT_VIDEOS)
            for one in series:
                refresh_pages(workspace, one)
        typer.echo(f"freed: {total}")
    else:
        typer.echo(f"would free {total}; --yes does")


def _print_warning(line: str) -> None:
    typer.echo(line, err=True)


def _row(night: Night) -> dict[str, object]:
    return {
        "night": night.id,
        "suite": night.suite,
        "method": night.method,
        "checkpoint": night.checkpoint,
        "sha256": night.sha256,
        "kind": night.kind,
        "started_at": night.started_at,
        "finished_at": night.finished_at,
        "verdict": night.verdict,
        "why": night.why,
        "accepted_at": night.accepted_at,
        "by_hand": night.by_hand,
        "run": night.run,
        "name": night.name,
    }

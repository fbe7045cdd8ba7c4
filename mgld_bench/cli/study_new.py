"""mgld-bench study new and invite: a study from its card, and links for more participants."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mgld_bench.cli.json_output import print_json
from mgld_bench.cli.options import DEFAULT_WORKSPACE, Cards, FolderToWrite, Json, Quiet, StoreUrl

if TYPE_CHECKING:
    from mgld_bench.study.folder import StudyFolder
    from mgld_bench.study.making.links import Link


def new(
    card: Annotated[str, typer.Argument(metavar="CARD", help="Name of a study card, or a card file.")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="The study's folder; default: studies/NAME in the workspace.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check everything and print what the study would be and can show; write nothing.")
    ] = False,
    workspace: FolderToWrite = DEFAULT_WORKSPACE,
    store: StoreUrl = "",
    cards: Cards = None,
    quiet: Quiet = False,
    json_output: Json = False,
) -> None:
    """Make a study of restored clips that a workspace has: clips, videos, schedule, and a link for each participant.

    First prints what it will be: the clips and why, votes per pair, the smallest preference that so many votes can show, and the
    size of the videos. Interrupted, the same command resumes.

    Example: mgld-bench study new demo --dry-run
    """
    from mgld_bench.cli.display import progress_display
    from mgld_bench.study.making.new import StudyRequest, make_study, plan_study
    from mgld_bench.study.making.sources import Place

    place = Place(workspace, store, tuple(cards or ()))
    progress = progress_display(quiet)
    planned = plan_study(StudyRequest(card, place, output, dry_run), progress)
    if not json_output:
        for line in planned.lines:
            typer.echo(line)
    row = {"study": planned.card.name, "folder": str(planned.folder.path), "lines": list(planned.lines)}
    if dry_run:
        if json_output:
            print_json(row)
        return
    made = make_study(planned, progress)
    if json_output:
        print_json({**row, "lines": list(made.study.notes), "links": _rows(made.links)})
        return
    typer.echo(f"study: {made.folder.path}")
    _print_links(made.folder, made.links)


def invite(
    study: Annotated[Path, typer.Argument(metavar="STUDY", help="The study's folder, such as workspace/studies/demo.")],
    participants: Annotated[int, typer.Option("--participants", min=1, max=1000, help="How many links to make.")] = 1,
    json_output: Json = False,
) -> None:
    """Make links for more participants of a study; the schedule goes on where it ended, so that it stays balanced.

    Example: mgld-bench study invite workspace/studies/demo --participants 5
    """
    from datetime import datetime, timezone

    from mgld_bench.study.folder import StudyFolder
    from mgld_bench.study.making.links import invite as make_links

    folder = StudyFolder(study)
    links = make_links(folder, participants, datetime.now(timezone.utc))
    if json_output:
        print_json({"folder": str(folder.path), "links": _rows(links)})
    else:
        _print_links(folder, links)


def _print_links(folder: StudyFolder, links: Sequence[Link]) -> None:
    for link in links:
        typer.echo(f"participant {link.participant}: {link.path}")
    typer.echo(
        f"links are paths below the address of the server, good until {links[0].expires_at}; they are also in {folder.links}: "
        "whoever has one can vote, so remove that file once they are sent"
    )


def _rows(links: Sequence[Link]) -> list[dict[str, object]]:
    return [vars(link) for link in links]

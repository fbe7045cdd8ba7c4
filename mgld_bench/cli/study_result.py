"""mgld-bench study result, and study analyse: what the votes say."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mgld_bench.cli.options import Json, StoreUrl

if TYPE_CHECKING:
    from mgld_bench.study.results.collected import Collected

StudyPath = Annotated[Path, typer.Argument(metavar="STUDY", help="The study's folder, such as workspace/studies/demo.")]
"""What all verbs about a study that is there take."""


def result(
    study: StudyPath,
    workspace: Annotated[
        Path | None,
        typer.Option("--workspace", "-w", help="Whose metrics are held against the votes; default: that in which the study is."),
    ] = None,
    store: StoreUrl = "",
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Folder for the result's files; default: result in the study's folder.")
    ] = None,
    json_output: Json = False,
) -> None:
    """Show a study's result: strengths, preferences, tests, agreement, participants, and which metric would have told.

    It is written as a page, Markdown, JSON, CSV and figures too. While participants are not finished, it is marked preliminary.

    Example: mgld-bench study result workspace/studies/demo
    """
    from mgld_bench.home import expanded
    from mgld_bench.study.results.collected import votes_of_study

    study = expanded(study)
    collected = votes_of_study(study)
    above = study.absolute().parent.parent
    around = above if (above / "results.sqlite").is_file() else None
    _show(collected, workspace or around, store, output or study / "result", json_output)


def analyse(
    votes: Annotated[
        Path,
        typer.Argument(
            metavar="VOTES",
            help="A CSV file with the columns of pwcmp: observer, session, scene, condition_A, condition_B, is_A_selected (1, 0; "
            "0.5: a tie) and maybe question; or with those of votes.csv of study export.",
        ),
    ],
    workspace: Annotated[
        Path | None,
        typer.Option(
            "--workspace", "-w", help="Whose metrics are held against the votes; scenes are dataset/clip then; default: none."
        ),
    ] = None,
    store: StoreUrl = "",
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Folder for the result's files; default: they are not written.")
    ] = None,
    json_output: Json = False,
) -> None:
    """Analyse votes that were collected elsewhere, as study result does.

    Example: mgld-bench study analyse votes.csv --output result
    """
    from mgld_bench.study.results.votes_csv import votes_of_file

    _show(votes_of_file(votes), workspace, store, output, json_output)


def _show(collected: Collected, workspace: Path | None, store: str, output: Path | None, json_output: bool) -> None:
    from dataclasses import replace

    from mgld_bench.cli.console import TerminalConsole
    from mgld_bench.cli.json_output import print_json
    from mgld_bench.cli.options import usable_workspace
    from mgld_bench.clips.atomic import require_writable
    from mgld_bench.engine.store import open_store
    from mgld_bench.errors import IncompleteError
    from mgld_bench.study.results.metric_agreement import tell_metrics
    from mgld_bench.study.results.result import study_result
    from mgld_bench.study.results.show.as_json import as_json
    from mgld_bench.study.results.show.render_terminal import render_terminal
    from mgld_bench.study.results.show.write import write_result

    workspace = None if workspace is None else usable_workspace(workspace, to_write=False)
    found = study_result(collected)
    if not found.conduct:
        raise IncompleteError(f"study {found.name}: there are no votes yet")
    if output is not None:
        require_writable(output)
    if store or workspace is not None:
        with open_store(store, workspace or Path(), create=False) as opened:
            left_out = frozenset(each.participant for each in found.left_out)
            metrics, notes = tell_metrics(collected, left_out, opened, workspace)
        found = replace(found, metrics=metrics, metric_notes=notes)
    written = () if output is None else write_result(found, collected, output)
    if json_output:
        print_json(as_json(found))
    else:
        TerminalConsole().print(render_terminal(found))
        if written:
            typer.echo(f"written: {written[-1]}")
    if found.missing:
        raise IncompleteError(f"study {found.name}: {'; '.join(found.missing)}")

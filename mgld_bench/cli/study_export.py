"""mgld-bench study export: the votes of a study as CSV."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mgld_bench.cli.study_result import StudyPath


def export(
    study: StudyPath,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Folder for the files; default: export in the study's folder.")
    ] = None,
) -> None:
    """Write the votes of a study as CSV: all of them with their times, and for each question as pwcmp reads them.

    Nothing of a person is in them: participants are numbers, and times count from the participant's first answer. pwcmp has no
    ties: they are in votes.csv only.

    Example: mgld-bench study export workspace/studies/demo --output votes
    """
    from mgld_bench.home import expanded
    from mgld_bench.study.results.collected import votes_of_study
    from mgld_bench.study.results.export import write_votes

    study = expanded(study)
    found = write_votes(votes_of_study(study), output or study / "export")
    if found.ties:
        typer.echo(f"{found.ties} ties are in {found.files[0].name} only, since pwcmp has no place for them")
    for path in found.files:
        typer.echo(f"written: {path}")

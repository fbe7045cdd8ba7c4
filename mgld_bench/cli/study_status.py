"""mgld-bench study status: how far a study is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from mgld_bench.cli.json_output import print_json
from mgld_bench.cli.options import Json
from mgld_bench.cli.study_result import StudyPath

if TYPE_CHECKING:
    from mgld_bench.study.results.progress import PairProgress, StudyProgress


def status(study: StudyPath, json_output: Json = False) -> None:
    """Show how far a study is: participants, votes, the balance of each pair, times, links that were not opened.

    Example: mgld-bench study status workspace/studies/demo
    """
    from dataclasses import asdict

    from mgld_bench.cli.text_table import print_width, text_table
    from mgld_bench.home import expanded
    from mgld_bench.study.results.collected import votes_of_study
    from mgld_bench.study.results.progress import study_progress

    found = study_progress(votes_of_study(expanded(study)))
    if json_output:
        print_json(asdict(found))
        return
    heads = ("pair", "answered", "first on the left", "s per pair")
    lines = [*_lines(found), "", *text_table(heads, [_row(pair) for pair in found.pairs], print_width())]
    typer.echo("\n".join(lines))


def _lines(found: StudyProgress) -> list[str]:
    title = f"{found.name}: {found.title}"
    people = f"{found.links} links: {found.opened} opened, {found.begun} begun, {found.finished} finished"
    each = "" if found.seconds is None else f"; {found.seconds:.1f} s per pair (median)"
    done = f"{found.answered} of {found.trials} trials answered, {found.votes} votes{each}"
    waiting = f"not opened: participants {', '.join(map(str, found.not_opened))}" if found.not_opened else "every link was opened"
    return [title, people, done, waiting]


def _row(pair: PairProgress) -> tuple[str, str, str, str]:
    return (
        f"{pair.first} / {pair.second}",
        f"{pair.answered} of {pair.planned}",
        f"{pair.on_the_left} of {pair.answered}",
        "–" if pair.seconds is None else f"{pair.seconds:.1f}",
    )

"""mgld-bench study: a blind pairwise study, from its card to its result. Each verb has its own file and is registered here."""

from __future__ import annotations

import typer

from mgld_bench.cli import study_export, study_new, study_result, study_serve, study_status

app = typer.Typer(
    no_args_is_help=True,
    help="A user study: people choose between restored videos, blind and in pairs; then statistics.",
    rich_markup_mode=None,
)


@app.callback()
def study() -> None:
    """A user study: people choose between restored videos, blind and in pairs; then statistics."""


app.command("new")(study_new.new)
app.command("invite")(study_new.invite)
app.command("serve")(study_serve.serve)
app.command("status")(study_status.status)
app.command("export")(study_export.export)
app.command("result")(study_result.result)
app.command("analyse")(study_result.analyse)

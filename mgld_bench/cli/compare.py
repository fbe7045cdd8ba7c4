"""mgld-bench compare: is it better, by how much, and how sure is that?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mgld_bench.cli.options import (
    DEFAULT_WORKSPACE,
    Cards,
    Device,
    Json,
    Offline,
    Quiet,
    StoreUrl,
    Threads,
    Workspace,
    split_names,
)

if TYPE_CHECKING:
    from mgld_bench.comparing.comparison import Comparison

_SUFFIXES = (".md", ".json", ".xml", ".html")


def compare(
    sides: Annotated[
        list[str],
        typer.Argument(
            metavar="A B...",
            help="The reference, then what is compared with it: methods of the workspace (mine, or mine@12 as of run 12), "
            "workspaces or databases (PATH, or PATH:METHOD), outputs of score (scores.json, or a folder with scores.csv), or "
            "folders of restored frames or videos.",
        ),
    ],
    baselines: Annotated[
        bool,
        typer.Option("--baselines", help="Compare one method, A, with every other that has scores: a verdict on one page."),
    ] = False,
    gt: Annotated[
        Path | None, typer.Option("--gt", help="Ground truth of folders; default: none, only no-reference metrics.")
    ] = None,
    datasets: Annotated[str, typer.Option(help="Only these datasets, separated by commas; default: all that both have.")] = "",
    metrics: Annotated[
        str, typer.Option(help="Only these metrics, short or full names, separated by commas; default: all that both have.")
    ] = "",
    protocol: Annotated[
        str,
        typer.Option(help="Only scores of this protocol; for folders, how they are scored; default: the only one, or mgld-2024."),
    ] = "",
    margin: Annotated[
        str,
        typer.Option(
            metavar="METRIC=VALUE,...",
            help="Differences below which methods are equivalent; default: psnr=0.1,ssim=0.005,lpips=0.005,dists=0.005,vmaf=1.0.",
        ),
    ] = "",
    output: Annotated[
        list[Path] | None,
        typer.Option("--output", "-o", help="Write a .md, .json, .xml (JUnit) or .html file; may be repeated; default: none."),
    ] = None,
    formats: Annotated[str, typer.Option("--format", help="Print md, json, junit or html; default: tables.")] = "",
    workspace: Workspace = DEFAULT_WORKSPACE,
    store: StoreUrl = "",
    cards: Cards = None,
    device: Device = "",
    threads: Threads = None,
    offline: Offline = False,
    quiet: Quiet = False,
    json_output: Json = False,
) -> None:
    """Compare methods clip by clip: differences with intervals, tests, a verdict for each metric, costs, and what differs.

    Example: mgld-bench compare bicubic mine --output verdict.md --output verdict.html
    """
    from rich.console import Console

    from mgld_bench.clips.atomic import require_writable, write_bytes_atomic
    from mgld_bench.comparing.show.render_terminal import render_terminal
    from mgld_bench.errors import IncompleteError

    chosen = "json" if json_output else formats
    if chosen not in ("", "md", "json", "junit", "html"):
        raise typer.BadParameter(f"{formats!r}: use md, json, junit or html", param_hint="--format")
    for path in output or ():
        if path.suffix not in _SUFFIXES:
            raise typer.BadParameter(f"{path}: its name has to end in {', '.join(_SUFFIXES)}", param_hint="--output")
        require_writable(path.parent)
    found = _comparison(sides, baselines, gt, datasets, metrics, protocol, margin, workspace, store, cards, device, quiet)
    for path in output or ():
        kind = {".md": "md", ".json": "json", ".xml": "junit", ".html": "html"}[path.suffix]
        write_bytes_atomic(path, _rendered(found, kind).encode())
    if chosen:
        typer.echo(_rendered(found, chosen), nl=False)
    else:
        Console().print(render_terminal(found), soft_wrap=False)
        for path in output or ():
            typer.echo(f"written: {path}")
    if found.missing:
        raise IncompleteError(f"incomplete: {'; '.join(found.missing)}")


def _comparison(
    sides: list[str],
    baselines: bool,
    gt: Path | None,
    datasets: str,
    metrics: str,
    protocol: str,
    margin: str,
    workspace: Path,
    store: str,
    cards: list[Path] | None,
    device: str,
    quiet: bool,
) -> Comparison:
    from mgld_bench.cli.display import progress_display
    from mgld_bench.comparing.request import CompareRequest, run_request
    from mgld_bench.engine.machine import command_line
    from mgld_bench.engine.progress import Silent

    request = CompareRequest(
        sides=tuple(sides),
        against_all=baselines,
        ground_truth=gt,
        datasets=split_names(datasets),
        metrics=split_names(metrics),
        protocol=protocol,
        margins=parse_margins(margin),
        workspace=workspace,
        store=store,
        cards=tuple(cards or ()),
        device=device,
        command=tuple(command_line()),
    )
    return run_request(request, Silent() if quiet else progress_display())


def _rendered(comparison: Comparison, kind: str) -> str:
    import json

    from mgld_bench.comparing.show.as_json import as_json
    from mgld_bench.comparing.show.render_html import render_html
    from mgld_bench.comparing.show.render_junit import comparison_cases, render_junit
    from mgld_bench.comparing.show.render_markdown import render_markdown
    from mgld_bench.comparing.show.words import title
    from mgld_bench.strict_json import strict

    if kind == "md":
        return render_markdown(comparison)
    if kind == "html":
        return render_html(comparison)
    if kind == "junit":
        return render_junit(title(comparison), comparison_cases(comparison))
    return json.dumps(strict(as_json(comparison)), indent=1, allow_nan=False) + "\n"


def parse_margins(text: str) -> dict[str, float]:
    """The margins in text such as psnr=0.1,lpips=0.005.

    >>> parse_margins("psnr=0.1, lpips=0.005")
    {'psnr': 0.1, 'lpips': 0.005}
    """
    found = {}
    for part in split_names(text):
        name, equals, value = part.partition("=")
        try:
            number = float(value)
        except ValueError:
            number = 0.0
        if not equals or not name or not 0 < number < float("inf"):
            raise typer.BadParameter(f"{part!r}: write METRIC=VALUE with a value above 0, e.g. psnr=0.1", param_hint="--margin")
        found[name.strip()] = number
    return found

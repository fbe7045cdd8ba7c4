"""mgld-bench compare: is it better, by how much, and how sure is that?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

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
    gate: Annotated[
        str,
        typer.Option(
            metavar="FILE",
            help="Rules that must hold (nightly: the shipped ones): exit code 1 where a blocking one is violated, 3 where one "
            "has no result; default: no rules.",
        ),
    ] = "",
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
    videos: Annotated[
        str,
        typer.Option(
            "--videos",
            help="What the players of a .html file show, as in report: crops, full, previews; none: a page without players.",
        ),
    ] = "crops",
    videos_limit: Annotated[
        str, typer.Option("--videos-limit", help="What the videos may take on disk; where they would take more, there are fewer.")
    ] = "10GB",
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
    from mgld_bench.cli.compare_output import BY_SUFFIX, Page, rendered, write
    from mgld_bench.cli.console import TerminalConsole
    from mgld_bench.cli.display import progress_display
    from mgld_bench.clips.atomic import require_writable
    from mgld_bench.comparing.gates.gate import load_gate
    from mgld_bench.comparing.gates.outcome import require_passed
    from mgld_bench.comparing.request import CompareRequest, run_gate, run_request
    from mgld_bench.comparing.show.render_terminal import render_gate, render_terminal
    from mgld_bench.engine.machine import command_line
    from mgld_bench.engine.progress import Silent
    from mgld_bench.report.videos.budget import parse_size
    from mgld_bench.report.videos.wanted import CHOICES

    chosen = "json" if json_output else formats
    if chosen not in ("", *BY_SUFFIX.values()):
        raise typer.BadParameter(f"{formats!r}: use {', '.join(BY_SUFFIX.values())}", param_hint="--format")
    for path in output or ():
        if path.suffix not in BY_SUFFIX:
            raise typer.BadParameter(f"{path}: its name has to end in {', '.join(BY_SUFFIX)}", param_hint="--output")
        require_writable(path.parent)
    choice = next((one for one in CHOICES if one == videos), None)
    if choice is None:
        raise typer.BadParameter(f"{videos!r}: use {', '.join(CHOICES)}", param_hint="--videos")
    room = parse_size(videos_limit)
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
    progress = Silent() if quiet else progress_display()
    if gate:
        comparison, seen = run_gate(request, load_gate(gate), progress)
    else:
        comparison, seen = run_request(request, progress), None
    for path in output or ():
        write(comparison, seen, path, Page(workspace, tuple(cards or ()), choice, room, progress))
    if chosen:
        typer.echo(rendered(comparison, seen, chosen), nl=False)
    else:
        TerminalConsole().print(render_terminal(comparison))
        if seen is not None:
            TerminalConsole().print(render_gate(seen))
        for path in output or ():
            typer.echo(f"written: {path}")
    require_passed(comparison, seen)


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

"""mgld-bench score: any folder or video, no card needed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer

from mgld_bench.cli.options import (
    Cards,
    Clips,
    Colour,
    Device,
    Json,
    Limit,
    Offline,
    Quiet,
    SkipUnavailable,
    Threads,
    split_names,
)

DEFAULT_PROTOCOL: Final = "mgld-2024"


def score(
    restored: Annotated[
        list[Path],
        typer.Argument(
            metavar="RESTORED...",
            help="A restored clip (folder of frames, or video), a folder of such clips, or several: one for each method. "
            "A folder of methods, each a folder of clips, is recognised.",
        ),
    ],
    gt: Annotated[
        Path | None,
        typer.Option("--gt", help="Its ground truth, likewise; folders of clips are paired by name; default: no ground truth."),
    ] = None,
    metrics: Annotated[
        str,
        typer.Option(
            help="Short names (psnr,vmaf), full names (psnr.y.crop4) or all, separated by commas; "
            "default: psnr,ssim,vmaf,niqe,brisque, or niqe,brisque without --gt."
        ),
    ] = "",
    protocol: Annotated[
        str, typer.Option(help="Protocol card that defines what short metric names stand for.")
    ] = DEFAULT_PROTOCOL,
    protocols: Annotated[
        str,
        typer.Option(
            help="Several protocol cards, separated by commas: the same frames under each, side by side, with what makes the "
            "difference; default: only --protocol."
        ),
    ] = "",
    clips: Clips = "",
    limit: Limit = None,
    frames: Annotated[
        str, typer.Option(help="Frame numbers from 0, such as 0,50,99 or 0-5; default: those of the protocol.")
    ] = "",
    shift: Annotated[
        str,
        typer.Option(
            metavar="DOWN,RIGHT",
            help="Pixels by which restored frames are known to be shifted; accepted, not corrected; default: not shifted.",
        ),
    ] = "",
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Folder for scores.csv and frames.csv; default: none are written.")
    ] = None,
    store: Annotated[
        str,
        typer.Option(help="SQLAlchemy URL of the database that keeps scores; default: scores.sqlite in $MGLD_BENCH_HOME."),
    ] = "",
    fresh: Annotated[bool, typer.Option("--fresh", help="Score everything anew, also what has been scored before.")] = False,
    colour: Colour = "",
    skip_unavailable: SkipUnavailable = False,
    cards: Cards = None,
    offline: Offline = False,
    device: Device = "",
    threads: Threads = None,
    quiet: Quiet = False,
    json_output: Json = False,
) -> None:
    """Score restored clips, against ground truth or without. Every score is kept: what was scored before takes no time.

    Example: mgld-bench score results/my-method --gt REDS4/GT --metrics psnr,lpips,dists,we

    Example: mgld-bench score results/my-method --gt UDM10/GT --protocols mgld-2024,dove-2025 --metrics all
    """
    from mgld_bench.cards.loader import load_protocol
    from mgld_bench.cli.display import progress_display
    from mgld_bench.cli.json_output import print_json
    from mgld_bench.cli.score_display import print_scores
    from mgld_bench.cli.score_files import as_json, write_csv
    from mgld_bench.clips.atomic import require_writable
    from mgld_bench.clips.colour import check_colour, colour_without_effect
    from mgld_bench.clips.places import require_outside
    from mgld_bench.engine.clip_choice import choose_clips, method_sources
    from mgld_bench.engine.kept_scores import KeptScores
    from mgld_bench.engine.machine import command_line, compute_on, provenance
    from mgld_bench.engine.metric_choice import choose_metrics, require_runnable
    from mgld_bench.engine.score_folders import ScoreRequest, new_scores, score_folders
    from mgld_bench.errors import IncompleteError

    if protocols:
        from mgld_bench.cli.score_protocols import ProtocolsWish, score_side_by_side

        exclusive = {"--protocol": protocol if protocol != DEFAULT_PROTOCOL else "", "--frames": frames}
        given = [option for option, value in exclusive.items() if value]
        if given:
            raise typer.BadParameter(f"{given[0]} and --protocols exclude each other", param_hint="--protocols")
        wish = ProtocolsWish(
            split_names(protocols), split_names(metrics), split_names(clips), limit, parse_shift(shift), colour, cards or ()
        )
        score_side_by_side(restored, gt, wish, output, store, fresh, skip_unavailable, device, quiet, json_output)
        return
    if output is not None:
        require_outside(output, [*restored, *([gt] if gt is not None else [])])
    card = load_protocol(protocol, cards or ())
    choice = choose_metrics(split_names(metrics), card, has_reference=gt is not None)
    if not skip_unavailable:
        require_runnable(choice)
    compute = compute_on(device, "float32", "")
    request = ScoreRequest(
        choice.runnable, parse_frames(frames) or card.frames, parse_shift(shift), compute.device, card.short_side
    )
    if output is not None:
        require_writable(output)
    progress = progress_display(quiet)
    with KeptScores(store, command_line(), compute, progress.log, fresh) as kept:
        chosen = choose_clips(method_sources(restored, gt), gt, split_names(clips), limit, kept.cache, check_colour(colour))
        every = [clip for pair in chosen.clips for clip in (*pair.restored.values(), pair.reference) if clip is not None]
        if note := colour_without_effect(colour, every):
            typer.echo(note, err=True)
        scores = new_scores(chosen, request)
        try:
            if choice.runnable:
                score_folders(chosen, request, kept, progress, scores)
        finally:
            if output is not None:
                write_csv(output, scores)
    if json_output:
        print_json(as_json(scores, choice, request, card.name, provenance(command_line(), compute)))
    elif scores.scores or choice.left_out:
        print_scores(scores, choice, card.name)
    scores.raise_failures()
    if choice.left_out:
        raise IncompleteError(f"incomplete: not scored: {', '.join(choice.left_out)}")


def parse_frames(text: str) -> tuple[int, ...]:
    """The frame numbers in text such as 0,50,99 or 0-5,10; none in empty text.

    >>> parse_frames("0-2, 10")
    (0, 1, 2, 10)
    """
    numbers: list[int] = []
    for part in split_names(text):
        first, dash, last = part.partition("-")
        try:
            ends = int(first), int(last if dash else first)
        except ValueError:
            ends = (1, 0)
        if ends[1] < ends[0]:
            raise typer.BadParameter(f"{part!r}: frame numbers from 0, e.g. 0,50,99 or 0-5", param_hint="--frames")
        numbers += range(ends[0], ends[1] + 1)
    if text and not numbers:
        raise typer.BadParameter(f"{text!r}: frame numbers from 0, e.g. 0,50,99 or 0-5", param_hint="--frames")
    return tuple(dict.fromkeys(numbers))


def parse_shift(text: str) -> tuple[float, float]:
    """The two numbers in text such as 0,-2; no shift in empty text.

    >>> parse_shift("0,-1.5")
    (0.0, -1.5)
    """
    if not text:
        return 0.0, 0.0
    try:
        down, right = (float(part) for part in text.split(","))
        if not abs(down) + abs(right) < 1e4:
            raise ValueError
    except ValueError:
        raise typer.BadParameter(f"{text!r}: pixels down and right, e.g. 0,-2", param_hint="--shift") from None
    return down, right

"""mgld-bench score: any folder or video, no card needed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mgld_bench.cli.options import Cards, Colour, Device, Json, Offline, SkipUnavailable, Threads, split_names

if TYPE_CHECKING:
    from mgld_bench.engine.score_folders import MetricChoice
    from mgld_bench.metrics.metric import ClipScore


def score(
    restored: Annotated[Path, typer.Argument(help="A restored clip (folder of frames, or video), or a folder of such clips.")],
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
    protocol: Annotated[str, typer.Option(help="Protocol card that defines what short metric names stand for.")] = "mgld-2024",
    frames: Annotated[str, typer.Option(help="Frame numbers from 0, separated by commas; default: those of the protocol.")] = "",
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Folder for scores.csv and frames.csv; default: none are written.")
    ] = None,
    colour: Colour = "",
    skip_unavailable: SkipUnavailable = False,
    cards: Cards = None,
    offline: Offline = False,
    device: Device = "",
    threads: Threads = None,
    json_output: Json = False,
) -> None:
    """Score restored clips, against ground truth or without.

    Example: mgld-bench score results/my-method --gt REDS4/GT --metrics psnr,lpips,dists,we
    """
    from mgld_bench.cards.loader import load_protocol
    from mgld_bench.cli.display import progress_display
    from mgld_bench.cli.score_display import print_scores
    from mgld_bench.clips.colour import check_colour
    from mgld_bench.clips.places import require_outside
    from mgld_bench.engine.machine import compute_on
    from mgld_bench.engine.score_folders import choose_metrics, require_runnable, score_folders

    if output is not None:
        require_outside(output, [restored, *([gt] if gt is not None else [])])
    card = load_protocol(protocol, cards or ())
    choice = choose_metrics(split_names(metrics), card, has_reference=gt is not None)
    if not skip_unavailable:
        require_runnable(choice)
    selected = _frames(frames) or (None if card.frames == "all" else card.frames)
    compute = compute_on(device, "float32", "")
    scores = score_folders(restored, gt, choice.runnable, selected, compute.device, progress_display(), check_colour(colour))
    if output is not None:
        _write(output, scores)
    if json_output:
        typer.echo(json.dumps(_as_json(scores, choice, protocol), indent=1))
    else:
        print_scores(scores, choice, protocol)


def _frames(text: str) -> tuple[int, ...] | None:
    try:
        return tuple(int(number) for number in split_names(text)) or None
    except ValueError:
        raise typer.BadParameter(f"{text!r}: frame numbers separated by commas, e.g. 0,50,99", param_hint="--frames") from None


def _as_json(scores: dict[str, list[ClipScore]], choice: MetricChoice, protocol: str) -> dict[str, object]:
    clips = {
        clip: {
            result.metric: {"value": result.value, "frames": dict(result.per_frame or {}), "notes": dict(result.facts)}
            for result in results
        }
        for clip, results in scores.items()
    }
    return {"protocol": protocol, "clips": clips, "left_out": dict(choice.left_out)}


def _write(folder: Path, scores: dict[str, list[ClipScore]]) -> None:
    import csv
    import io

    from mgld_bench.clips.atomic import write_bytes_atomic

    clips, frames = io.StringIO(), io.StringIO()
    clip_rows, frame_rows = csv.writer(clips), csv.writer(frames)
    clip_rows.writerow(["clip", "metric", "value"])
    frame_rows.writerow(["clip", "metric", "frame", "value"])
    for clip, results in scores.items():
        for result in results:
            clip_rows.writerow([clip, result.metric, repr(result.value)])
            frame_rows.writerows([clip, result.metric, frame, repr(value)] for frame, value in (result.per_frame or {}).items())
    folder.mkdir(parents=True, exist_ok=True)
    write_bytes_atomic(folder / "scores.csv", clips.getvalue().encode())
    write_bytes_atomic(folder / "frames.csv", frames.getvalue().encode())

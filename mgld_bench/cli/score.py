"""mgld-bench score: any folder or video, no card needed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mgld_bench.cli.options import Cards, Device, Json, split_names

if TYPE_CHECKING:
    from mgld_bench.metrics.metric import ClipScore


def score(
    restored: Annotated[Path, typer.Argument(help="A restored clip (folder of frames, or video), or a folder of such clips.")],
    gt: Annotated[Path | None, typer.Option("--gt", help="Its ground truth, likewise; clips are paired by name.")] = None,
    metrics: Annotated[str, typer.Option(help="Metrics, separated by commas: psnr,vmaf or full names (psnr.y.crop4).")] = "",
    protocol: Annotated[str, typer.Option(help="Protocol card that says what short metric names mean.")] = "mgld-2024",
    frames: Annotated[str, typer.Option(help="Frame numbers from 0, separated by commas; default: those of the protocol.")] = "",
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Also write scores.csv and frames.csv here.")] = None,
    cards: Cards = None,
    device: Device = "",
    json_output: Json = False,
) -> None:
    """Score restored clips against ground truth, or without.

    Example: mgld-bench score results/my-method --gt REDS4/GT --metrics psnr,ssim,vmaf
    """
    from mgld_bench.cards.loader import load_protocol
    from mgld_bench.cli.display import progress_display
    from mgld_bench.engine import folders
    from mgld_bench.engine.restoring import compute_on
    from mgld_bench.engine.suite import resolve_metric

    card = load_protocol(protocol, cards or ())
    chosen = split_names(metrics) or (folders.NO_REFERENCE_METRICS if gt is None else folders.REFERENCE_METRICS)
    full = [resolve_metric(name, card) for name in chosen]
    selected = _frames(frames) or (None if card.frames == "all" else card.frames)
    compute = compute_on(device, "float32", "")
    scores = folders.score_folders(restored, gt, full, selected, compute.device, progress_display())
    if output is not None:
        _write(output, scores)
    if json_output:
        typer.echo(json.dumps(_as_json(scores, protocol), indent=1))
    else:
        _print(scores, protocol)


def _frames(text: str) -> tuple[int, ...] | None:
    try:
        return tuple(int(number) for number in split_names(text)) or None
    except ValueError:
        raise typer.BadParameter(f"{text!r}: frame numbers separated by commas, e.g. 0,50,99", param_hint="--frames") from None


def _as_json(scores: dict[str, list[ClipScore]], protocol: str) -> dict[str, object]:
    clips = {
        clip: {
            result.metric: {"value": result.value, "frames": dict(result.per_frame or {}), "notes": dict(result.notes)}
            for result in results
        }
        for clip, results in scores.items()
    }
    return {"protocol": protocol, "clips": clips}


def _print(scores: dict[str, list[ClipScore]], protocol: str) -> None:
    from statistics import fmean

    from rich.box import SIMPLE
    from rich.console import Console
    from rich.table import Table

    from mgld_bench.metrics.catalogue import describe

    facts = [describe(result.metric) for result in next(iter(scores.values()))]
    caption = f"protocol {protocol}; mean over frames, then over clips"
    table = Table(box=SIMPLE, caption=caption, caption_justify="left", pad_edge=False)
    table.add_column("clip", overflow="fold")
    for fact in facts:
        table.add_column(f"{_broken(fact.name)} {'↑' if fact.direction == 'higher' else '↓'}", justify="right", overflow="fold")
    for clip, results in scores.items():
        table.add_row(clip, *(f"{result.value:.{fact.digits}f}" for result, fact in zip(results, facts, strict=True)))
    if len(scores) > 1:
        columns = zip(*([result.value for result in results] for results in scores.values()), strict=True)
        means = (f"{fmean(column):.{fact.digits}f}" for column, fact in zip(columns, facts, strict=True))
        table.add_section()
        table.add_row(f"mean of {len(scores)} clips", *means)
    Console().print(table)
    for clip, results in scores.items():
        for doubt in dict.fromkeys(result.notes["position"] for result in results if "position" in result.notes):
            typer.echo(f"note: {clip}: {doubt}")
        for result in results:
            share = result.notes.get("flat_share", 0.0)
            if isinstance(share, float) and share > 0.05:
                typer.echo(f"note: {clip}: {share:.0%} of the area is flat; {result.metric} is unsure there")


def _broken(metric: str) -> str:
    """The name with room for a line break after the family, so that six columns fit on a narrow terminal."""
    return metric.replace(".", ".\n", 1)


def _write(folder: Path, scores: dict[str, list[ClipScore]]) -> None:
    import csv
    import io

    from mgld_bench.clips.writing import write_bytes_atomic

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

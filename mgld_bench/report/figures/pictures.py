"""Every figure and strip of a report, drawn and written."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from mgld_bench.clips.atomic import write_bytes_atomic
from mgld_bench.clips.writing import encode_png
from mgld_bench.engine.progress import Progress, Silent, stage
from mgld_bench.report.collect.data import ReportData
from mgld_bench.report.figures.pictured import pictured_clips
from mgld_bench.report.figures.plots import draw_per_clip, draw_per_frame
from mgld_bench.report.figures.strips import draw_strip
from mgld_bench.report.figures.style import figure_settings, save_figure
from mgld_bench.report.file_names import file_name

PictureKind = Literal["per-frame", "per-clip", "strip", "figure"]


@dataclass(frozen=True)
class Picture:
    """One written picture."""

    kind: PictureKind
    dataset: str
    clip: str
    """Empty for a picture of the whole dataset; a figure of the card has no dataset either."""
    title: str
    description: str
    """In words, for readers who cannot see it."""
    files: tuple[Path, ...]
    """The same picture in each format; the first is shown on the page."""


def write_pictures(data: ReportData, folder: Path, progress: Progress | None = None) -> tuple[Picture, ...]:
    """Draw the kinds of pictures that the report card names into ``folder``/strips and ``folder``/plots.

    Strips and plots per frame are those of `pictured_clips`.
    """
    progress = progress or Silent()
    pictures: list[Picture] = []
    if "strip" in data.card.plots:
        pictures += _write_strips(data, folder / "strips", progress)
    if "per-clip" in data.card.plots:
        pictures += _write_per_clip(data, folder / "plots", progress)
    if "per-frame" in data.card.plots:
        pictures += _write_per_frame(data, folder / "plots", progress)
    return tuple(pictures)


def _write_strips(data: ReportData, folder: Path, progress: Progress) -> list[Picture]:
    pictures = []
    chosen = pictured_clips(data)
    sources = [source for source in data.pictures if (source.dataset, source.clip) in chosen]
    with stage(progress, "strips", len(sources), "pictures"):
        for source in sources:
            strip = draw_strip(data, source)
            path = folder / source.dataset / f"{file_name(source.clip)}.frame-{strip.frame:08d}.png"
            write_bytes_atomic(path, encode_png(strip.picture))
            title = f"{data.dataset_headings[source.dataset]}, {source.clip}, frame {strip.frame}"
            pictures.append(Picture("strip", source.dataset, source.clip, title, strip.description, (path,)))
            progress.advance(1)
    return pictures


def _write_per_clip(data: ReportData, folder: Path, progress: Progress) -> list[Picture]:
    pictures = []
    with stage(progress, "plots per clip", len(data.datasets), "plots"):
        for dataset, heading in data.dataset_headings.items():
            path = folder / dataset / "per-clip"
            description = f"Dots: the scores of {_methods(data)} on each clip of {heading}. The numbers are in the tables below."
            with figure_settings():
                figure = draw_per_clip(data, dataset)
                files = save_figure(figure, path) if figure else ()
            if files:
                pictures.append(Picture("per-clip", dataset, "", heading, description, files))
            progress.advance(1)
    return pictures


def _write_per_frame(data: ReportData, folder: Path, progress: Progress) -> list[Picture]:
    pictures = []
    scored = {(cell.dataset, clip) for cell in data.cells for clip in cell.scores}
    clips = [place for place in pictured_clips(data) if place in scored]
    with stage(progress, "plots per frame", len(clips), "plots"):
        for dataset, clip in clips:
            path = folder / dataset / f"{file_name(clip)}.per-frame"
            with figure_settings():
                figure = draw_per_frame(data, dataset, clip)
                files = save_figure(figure, path) if figure else ()
            if files:
                metrics = [data.metric_headings[name] for name, facts in data.metrics.items() if facts.per_frame]
                description = f"Lines: {', '.join(metrics)} of {_methods(data)} for each frame of {clip}."
                title = f"{data.dataset_headings[dataset]}, {clip}"
                pictures.append(Picture("per-frame", dataset, clip, title, description, files))
            progress.advance(1)
    return pictures


def _methods(data: ReportData) -> str:
    return ", ".join(data.method_headings.values())

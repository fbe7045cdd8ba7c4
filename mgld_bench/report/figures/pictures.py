"""Every plot and strip of a report's page: drawn where it is not kept from an earlier report, and put into its folder."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Literal

from mgld_bench.engine.progress import Progress, Silent
from mgld_bench.report.collect.data import Cell, PictureSource, ReportData
from mgld_bench.report.collect.highlighted import highlighted_methods
from mgld_bench.report.figures.drawings import Drawing, Drawn, keep_drawings
from mgld_bench.report.figures.pictured import pictured_clips
from mgld_bench.report.file_names import file_name
from mgld_bench.report.made_of import made_of, picture_made_of
from mgld_bench.report.middle import middle_frame
from mgld_bench.report.videos.kept import put_file

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


@dataclass(frozen=True)
class _Wanted:
    """A picture that the page is to have."""

    kind: PictureKind
    dataset: str
    clip: str
    title: str
    stem: str
    """Of its files, below the report's folder."""
    drawing: Drawing


def write_pictures(
    data: ReportData, folder: Path, progress: Progress | None = None, kept: Path | None = None
) -> tuple[Picture, ...]:
    """Put the kinds of pictures that the report card names into ``folder``/strips and ``folder``/plots.

    Strips and plots per frame are those of `pictured_clips`.

    Args:
        data: what the report shows.
        folder: that of the report.
        progress: where to report progress; default: nowhere.
        kept: where pictures are kept from report to report; None: nowhere, all are drawn.
    """
    progress = progress or Silent()
    wanted = [one for kind in ("strip", "per-clip", "per-frame") if kind in data.card.plots for one in _WANTED[kind](data)]
    if kept is None:
        with tempfile.TemporaryDirectory() as here:
            return _put(wanted, folder, Path(here), progress)
    return _put(wanted, folder, kept, progress)


def _put(wanted: list[_Wanted], folder: Path, kept: Path, progress: Progress) -> tuple[Picture, ...]:
    pictures = []
    for one, drawing in zip(wanted, keep_drawings([one.drawing for one in wanted], kept, progress, "pictures"), strict=True):
        files = []
        for ending, place in drawing.files.items():
            files.append(folder / f"{one.stem}.{ending}")
            put_file(place, files[-1])
        if files:
            pictures.append(Picture(one.kind, one.dataset, one.clip, one.title, drawing.description, tuple(files)))
    return tuple(pictures)


def _strips(data: ReportData) -> Iterator[_Wanted]:
    chosen = pictured_clips(data)
    for source in data.pictures:
        if (source.dataset, source.clip) in chosen:
            frame = middle_frame(data.protocol, source.lr.frame_count)
            title = f"{data.dataset_headings[source.dataset]}, {source.clip}, frame {frame}"
            stem = f"strips/{source.dataset}/{file_name(source.clip)}.frame-{frame:08d}"
            shown = _of_clip(data, source.dataset, source.clip)
            key = _key("strip", shown, picture_made_of(source))
            yield _Wanted("strip", source.dataset, source.clip, title, stem, Drawing(key, partial(_draw_strip, shown, source)))


def _per_clip(data: ReportData) -> Iterator[_Wanted]:
    for dataset, heading in data.dataset_headings.items():
        shown = _without_frames(replace(data, cells=tuple(cell for cell in data.cells if cell.dataset == dataset)))
        drawing = Drawing(_key("per-clip", shown), partial(_draw_per_clip, shown, dataset))
        yield _Wanted("per-clip", dataset, "", heading, f"plots/{dataset}/per-clip", drawing)


def _per_frame(data: ReportData) -> Iterator[_Wanted]:
    scored = {(cell.dataset, clip) for cell in data.cells for clip in cell.scores}
    for dataset, clip in (place for place in pictured_clips(data) if place in scored):
        shown = _of_clip(data, dataset, clip)
        title = f"{data.dataset_headings[dataset]}, {clip}"
        drawing = Drawing(_key("per-frame", shown), partial(_draw_per_frame, shown, dataset, clip))
        yield _Wanted("per-frame", dataset, clip, title, f"plots/{dataset}/{file_name(clip)}.per-frame", drawing)


_WANTED = {"strip": _strips, "per-clip": _per_clip, "per-frame": _per_frame}


def _key(kind: PictureKind, shown: ReportData, *frames: object) -> str:
    # Which cards are the user's own decides what is highlighted, and stands in no card.
    return made_of(kind, shown, sorted(highlighted_methods(shown)), *frames)


def _draw_strip(data: ReportData, source: PictureSource) -> Drawn:
    # Here and below, because a report whose pictures are kept draws none.
    from mgld_bench.clips.writing import encode_png
    from mgld_bench.report.figures.strips import draw_strip

    strip = draw_strip(data, source)
    return Drawn(strip.description, {"png": encode_png(strip.picture)})


def _draw_per_clip(data: ReportData, dataset: str) -> Drawn:
    from mgld_bench.report.figures.plots import draw_per_clip
    from mgld_bench.report.figures.style import figure_files, figure_settings

    heading = data.dataset_headings[dataset]
    with figure_settings():
        figure = draw_per_clip(data, dataset)
        files = figure_files(figure) if figure else {}
    return Drawn(f"Dots: the scores of {_methods(data)} on each clip of {heading}. The numbers are in the tables below.", files)


def _draw_per_frame(data: ReportData, dataset: str, clip: str) -> Drawn:
    from mgld_bench.report.figures.plots import draw_per_frame
    from mgld_bench.report.figures.style import figure_files, figure_settings

    with figure_settings():
        figure = draw_per_frame(data, dataset, clip)
        files = figure_files(figure) if figure else {}
    metrics = [data.metric_headings[name] for name, facts in data.metrics.items() if facts.per_frame]
    return Drawn(f"Lines: {', '.join(metrics)} of {_methods(data)} for each frame of {clip}.", files)


def _of_clip(data: ReportData, dataset: str, clip: str) -> ReportData:
    """What pictures of one clip show: its scores, and the names."""
    cells = [
        replace(cell, scores={clip: cell.scores[clip]}, expected_clips=(clip,), made={}, gap="")
        for cell in data.cells
        if cell.dataset == dataset and clip in cell.scores
    ]
    return _bare(data, tuple(cells))


def _without_frames(data: ReportData) -> ReportData:
    """The scores of clips, without those of their frames."""
    cells = [
        replace(cell, scores={clip: replace(score, per_frame=None) for clip, score in cell.scores.items()}, made={}, gap="")
        for cell in data.cells
    ]
    return _bare(data, tuple(cells))


def _bare(data: ReportData, cells: tuple[Cell, ...]) -> ReportData:
    """Only what pictures show."""
    return replace(data, cells=cells, pictures=(), runs={}, command="", footnotes=(), figure_files={}, costs=())


def _methods(data: ReportData) -> str:
    return ", ".join(data.method_headings.values())

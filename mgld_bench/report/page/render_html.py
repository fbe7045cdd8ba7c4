"""index.html: everything that can be read without scripts, and the places that scripts fill."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined

from mgld_bench.cards.schemas import MethodCard, Publication
from mgld_bench.metrics.agreement import Agreement, agreement_of, study
from mgld_bench.metrics.metric import MetricFacts
from mgld_bench.report.clip_ids import clip_id, every_clip
from mgld_bench.report.collect.data import ReportData
from mgld_bench.report.collect.origins import KINDS, places
from mgld_bench.report.figures.pictured import chosen_in_words
from mgld_bench.report.figures.pictures import Picture
from mgld_bench.report.page.gaps import gap_lines
from mgld_bench.report.tables.numbers import format_value
from mgld_bench.report.tables.table import Attribute, Heading, Table, TableCell

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; media-src 'self'; "
    "base-uri 'none'; form-action 'none'"
)
"""Nothing from outside the folder, no script or style within the page, no request by a script. Chromium takes 'self' of a page
from disk for every file there."""
STYLES = ("vendor/uPlot.min.css", "page.css", "table.css", "clips.css", "players.css")
PLAYERS = (
    "clock",
    "player_layer",
    "player_view",
    "player_panes",
    "player_controls",
    "player_keys",
    "player_magnifier",
    "player_maps",
    "player_pointer",
    "player_profile",
    "player_scores",
)
PLAYER_SCRIPTS = ("vendor/uPlot.iife.min.js", "data.js", "colours.js", *(f"{name}.js" for name in PLAYERS), "players.js")
"""All that playing a clip takes, in the order in which they build on each other; they ask `mgld.cell` what the page is about."""
SCRIPTS = (
    *PLAYER_SCRIPTS,
    *("table_model.js", "table.js", "export.js", "cell.js", "clips.js", "curves.js", "worst.js", "provenance.js"),
)
"""In the order in which they build on each other; state.js comes before all, main.js last."""
_KINDS = {"strip": "One frame of each clip", "per-clip": "Scores per clip", "per-frame": "Scores per frame", "figure": "Figures"}


@dataclass(frozen=True)
class RowGroup:
    """Rows of the table with the same first heading; one row each, where there is one level."""

    heading: Heading | None
    """Printed once for all rows; None where rows have one heading only."""
    rows: tuple[tuple[Heading, tuple[Attribute, ...], tuple[TableCell, ...]], ...]


@dataclass(frozen=True)
class ColumnGroup:
    """Columns with the same first heading."""

    heading: Heading
    count: int


@dataclass(frozen=True)
class ClipTable:
    """The scores of one dataset and metric, clip by clip."""

    title: str
    metric: str
    methods: tuple[str, ...]
    rows: tuple[tuple[str, tuple[str, ...]], ...]
    """Clip, then one printed score per method."""


@dataclass(frozen=True)
class ClipSection:
    """Everything per clip of one dataset."""

    heading: str
    tables: tuple[ClipTable, ...]


@dataclass(frozen=True)
class Shown:
    """A picture on the page."""

    title: str
    description: str
    address: str
    links: tuple[tuple[str, str], ...]
    """Format and address of each file."""
    kind: str
    clip: str
    """The clip's id; "" for a picture of more than one."""
    size: tuple[int, int] | None
    """Width and height in pixels, so that nothing moves when it is loaded."""
    frames: bool
    """Whether it has frames in it, whose colours have to stay on a dark page."""


@dataclass(frozen=True)
class Terms:
    """A method or dataset with its origin."""

    heading: str
    name: str
    notes: str
    facts: Mapping[str, object]
    publication: Publication
    leaks: tuple[str, ...] = ()
    """The datasets of this report on which the method was trained."""


@dataclass(frozen=True)
class MetricTerms:
    """A metric with its definition."""

    heading: str
    facts: MetricFacts
    agreement: Agreement | None
    """How often it agrees with people, where a study has scored it."""


def render_page(
    data: ReportData,
    table: Table,
    pictures: Sequence[Picture],
    folder: Path,
    files: Sequence[Path],
    lacking: Sequence[str] = (),
) -> str:
    """The page as HTML.

    Every name is escaped.

    Args:
        data: what the report shows.
        table: its table.
        pictures: its pictures, below ``folder``, to which the page links by relative addresses.
        folder: where the page is to be written.
        files: other files of the report, below ``folder``, to which the page links likewise.
        lacking: what figures could not show, and why.
    """
    environment = Environment(
        loader=PackageLoader("mgld_bench.report.page", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.tests["mapping"] = lambda value: isinstance(value, Mapping)
    environment.filters["counted"] = _counted
    return environment.get_template("report.html.j2").render(
        policy=POLICY,
        styles=STYLES,
        scripts=SCRIPTS,
        data=data,
        table=table,
        clip_count=len(every_clip(data)),
        column_groups=_column_groups(table),
        row_groups=_row_groups(table),
        figures=_figures(pictures, folder),
        chosen=chosen_in_words(data),
        clip_sections=_clip_sections(data, table),
        metrics=_metric_terms(data, table),
        study=study(),
        methods=_method_terms(data),
        datasets=_dataset_terms(data),
        gaps=(*gap_lines(data), *lacking),
        statements={
            "Stated by the source": table.stated,
            "Not stated by the source, and assumed here": table.assumed,
        },
        origins={f"Where the {kind} were made": places(data, kind) for kind in KINDS},
        files=[(path.name, _address(path, folder)) for path in files],
    )


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _figures(pictures: Sequence[Picture], folder: Path) -> dict[str, list[Shown]]:
    """By the heading of their kind."""
    found: dict[str, list[Shown]] = {}
    for picture in pictures:
        heading = _KINDS.get(picture.kind, picture.kind.replace("-", " ").capitalize())
        found.setdefault(heading, []).append(shown(picture, folder))
    return found


def _column_groups(table: Table) -> tuple[ColumnGroup, ...]:
    if len(table.columns[0]) == 1:
        return ()
    groups = groupby(column[0] for column in table.columns)
    return tuple(ColumnGroup(heading, len(list(members))) for heading, members in groups)


def _row_groups(table: Table) -> tuple[RowGroup, ...]:
    if len(table.row_titles) == 1:
        return (RowGroup(None, tuple((row[0], attributes, cells) for row, attributes, cells in table.lines)),)
    groups = groupby(table.lines, key=lambda line: line[0][0])
    return tuple(
        RowGroup(heading, tuple((row[1], attributes, cells) for row, attributes, cells in members)) for heading, members in groups
    )


def _metric_terms(data: ReportData, table: Table) -> list[MetricTerms]:
    return [MetricTerms(data.metric_headings[name], data.metrics[name], agreement_of(name)) for name in _shown_metrics(table)]


def _shown_metrics(table: Table) -> list[str]:
    return list(dict.fromkeys(cell.metric for row in table.cells for cell in row))


def _clip_sections(data: ReportData, table: Table) -> tuple[ClipSection, ...]:
    digits = {(cell.dataset, cell.metric): cell.digits for row in table.cells for cell in row}
    sections = []
    for dataset, heading in data.dataset_headings.items():
        metrics = [metric for name, metric in digits if name == dataset]
        tables = tuple(_clip_table(data, dataset, metric, digits[dataset, metric]) for metric in dict.fromkeys(metrics))
        sections.append(ClipSection(heading, tables))
    return tuple(sections)


def _clip_table(data: ReportData, dataset: str, metric: str, digits: int) -> ClipTable:
    cells = {cell.method: cell for cell in data.cells if (cell.dataset, cell.metric) == (dataset, metric)}
    clips = dict.fromkeys(clip for cell in cells.values() for clip in cell.expected_clips)
    rows = []
    for clip in clips:
        scores = [cells[method].scores.get(clip) if method in cells else None for method in data.methods]
        rows.append((clip, tuple(format_value(score.value if score else None, digits) for score in scores)))
    heading = Heading(data.metric_headings[metric], data.metrics[metric].direction)
    return ClipTable(heading.label, metric, tuple(data.method_headings.values()), tuple(rows))


def _method_terms(data: ReportData) -> list[Terms]:
    return [
        Terms(
            data.method_headings[name],
            name,
            card.notes,
            {
                "restorer": card.restorer,
                "weights": {part: _weights(file.model_dump()) for part, file in card.weights.items()},
                "options": card.options,
                "parameters": card.publication.parameters,
                "trained on": ", ".join(card.publication.trained_on),
            },
            card.publication,
            _leaks(data, card),
        )
        for name, card in data.methods.items()
    ]


def _weights(file: Mapping[str, Any]) -> dict[str, Any]:
    """Only what identifies a file; its path on this machine does not."""
    return {"file": Path(file["file"]).name, "sha256": file["sha256"] or "not known", "licence": file["license"]}


def _dataset_terms(data: ReportData) -> list[Terms]:
    headings = data.dataset_headings
    return [
        Terms(headings[name], name, card.notes, {"degradation": card.degradation or "none: LR as it is"}, card.publication)
        for name, card in data.datasets.items()
    ]


def _leaks(data: ReportData, card: MethodCard) -> tuple[str, ...]:
    trained_on = {title.casefold() for title in card.publication.trained_on}
    headings = data.dataset_headings
    return tuple(
        headings[name] for name, dataset in data.datasets.items() if trained_on & {name.casefold(), dataset.heading.casefold()}
    )


def shown(picture: Picture, folder: Path) -> Shown:
    """A picture as the page shows it, which is in ``folder``."""
    by_format = {path.suffix.removeprefix("."): _address(path, folder) for path in picture.files}
    address = by_format.get("svg", next(iter(by_format.values())))
    sizes = [_png_size(path) for path in picture.files if path.suffix == ".png"]
    clip = clip_id(picture.dataset, picture.clip) if picture.clip else ""
    return Shown(
        title=picture.title,
        description=picture.description,
        address=address,
        links=tuple(by_format.items()),
        kind=picture.kind,
        clip=clip,
        size=sizes[0] if sizes else None,
        frames=_has_frames(picture),
    )


def _has_frames(picture: Picture) -> bool:
    """Frames are images within an SVG file; what has none in this format is made of frames."""
    drawn = [path for path in picture.files if path.suffix == ".svg"]
    return not drawn or b"<image" in drawn[0].read_bytes()


def _png_size(path: Path) -> tuple[int, int]:
    """Width and height, which stand at the same place in every PNG file."""
    with path.open("rb") as file:
        start = file.read(24)
    return int.from_bytes(start[16:20], "big"), int.from_bytes(start[20:24], "big")


def _address(path: Path, folder: Path) -> str:
    return quote(path.relative_to(folder).as_posix())

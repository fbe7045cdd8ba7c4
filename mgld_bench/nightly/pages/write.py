"""Writing the pages of one suite and method: the index, a page for each night, its comparisons, and the badge."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from mgld_bench.clips.atomic import write_bytes_atomic
from mgld_bench.engine.store import Store
from mgld_bench.metrics.catalogue import describe
from mgld_bench.nightly.history import Night, anchor_of, reference_of
from mgld_bench.nightly.pages.badge import badge
from mgld_bench.nightly.pages.comparisons import ComparedWith
from mgld_bench.nightly.pages.trend import HEIGHT, WIDTH, Drawing, Value, draw
from mgld_bench.nightly.scores import Scores, scores_of
from mgld_bench.nightly.trends import MEASURED, steps
from mgld_bench.statistics.intervals import mean_interval
from mgld_bench.statistics.paired import differences


@dataclass(frozen=True)
class WrittenPages:
    """The files that somebody opens first."""

    index: Path
    night: Path


def write_pages(
    folder: Path, series: Sequence[Night], latest: Night, compared: Sequence[ComparedWith], store: Store
) -> WrittenPages:
    """Write the page of ``latest`` and refresh the index.

    Args:
        folder: of this suite and method.
        series: all nights of the suite and method.
        latest: the night whose page is written.
        compared: its comparisons that have pages.
        store: the results database.
    """
    marks = _marks(series)
    page, index = folder / page_name(latest), folder / "index.html"
    rows = [(night, night.id == latest.id or (folder / page_name(night)).is_file()) for night in reversed(series)]
    title = f"{latest.suite}, {latest.method}"
    text = _render(
        "index.html.j2",
        title=title,
        rows=rows,
        marks=marks,
        trends=_trends(store, series),
        width=WIDTH,
        height=HEIGHT,
        last=latest,
    )
    write_bytes_atomic(index, text.encode())
    write_bytes_atomic(folder / "badge.svg", badge(f"nightly {latest.suite}", latest.verdict).encode())
    # Last: where it is there, all of them are.
    write_night(folder, series, latest, compared)
    return WrittenPages(index, page)


def write_night(folder: Path, series: Sequence[Night], night: Night, compared: Sequence[ComparedWith]) -> None:
    """Write the page of a night; see write_pages()."""
    text = _render("night.html.j2", night=night, compared=compared, marks=_marks(series))
    write_bytes_atomic(folder / page_name(night), text.encode())


def page_name(night: Night) -> str:
    """The file of a night's page."""
    return f"night-{night.id}.html"


def _render(template: str, **values: object) -> str:
    environment = Environment(
        loader=PackageLoader("mgld_bench.nightly.pages", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(template).render(**values)


def _marks(series: Sequence[Night]) -> dict[int, str]:
    found: dict[int, list[str]] = {}
    for word, night in (("reference", reference_of(series)), ("anchor", anchor_of(series))):
        if night is not None:
            found.setdefault(night.id, []).append(word)
    return {number: ", ".join(words) for number, words in found.items()}


def _trends(store: Store, series: Sequence[Night]) -> list[Drawing]:
    """Every metric and dataset as paired differences to the anchor; then costs."""
    scores = scores_of(store, [night for night in series if night.verdict in ("accepted", "rejected")])
    anchor = anchor_of(series)
    drawings: list[Drawing | None] = []
    if anchor is not None:
        for dataset, metric in sorted(scores[anchor.id]):
            facts = describe(metric)
            better = "above 0" if facts.direction == "higher" else "below 0"
            values = [
                value
                for night in series
                if night.id in scores
                for value in _difference(night, scores[night.id], scores[anchor.id], (dataset, metric), facts.digits)
            ]
            remark = f"minus the anchor (night {anchor.id}), mean over clips with its 95 % interval; {better} is better"
            drawings.append(draw(f"{dataset}: {metric}", remark, values, facts.digits))
    found = steps(series)
    for what, title in MEASURED.items():
        scale, unit, digits = (1.0, "s", 4) if what == "seconds" else (1e6, "MB", 0)
        costs = [
            Value(night, float(night.facts["cost"][what]) / scale, None, None, f"{night.facts['cost'][what] / scale:.4g} {unit}")
            for night in series
            if (night.facts.get("cost") or {}).get(what)
        ]
        own = [step for step in found if step.what == what]
        remark = "; ".join(step.text for step in own) or f"{unit}; no step"
        drawings.append(draw(title, remark, costs, digits, [step.night for step in own]))
    return [drawing for drawing in drawings if drawing is not None]


def _difference(night: Night, scores: Scores, anchor: Scores, place: tuple[str, str], digits: int) -> Iterator[Value]:
    ours, theirs = scores.get(place, {}), anchor[place]
    clips = [clip for clip in theirs if clip in ours]
    if not clips:
        return
    found = differences([theirs[clip] for clip in clips], [ours[clip] for clip in clips])
    finite = all(map(math.isfinite, found))
    interval = mean_interval(found) if finite else None
    mean = math.fsum(found) / len(found) if finite else math.inf
    level = [ours[clip] for clip in clips]
    text = f"{mean:+.{digits + 1}f}, mean {math.fsum(level) / len(level):.{digits}f} over {len(clips)} clips"
    yield Value(night, mean, interval.low if interval else None, interval.high if interval else None, text)

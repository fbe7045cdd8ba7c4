"""What the page's scripts know of a report: its lines, names, colours, cards and runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mgld_bench.cards.schemas import Card, MethodCard
from mgld_bench.metrics.agreement import agreement_of
from mgld_bench.report.collect.data import ReportData
from mgld_bench.report.figures.style import method_styles
from mgld_bench.report.page.clip_entries import Sides, clip_entries
from mgld_bench.report.page.clip_scores import Origins
from mgld_bench.report.page.colours import for_dark
from mgld_bench.report.page.lines import table_lines
from mgld_bench.report.page.render_html import Shown
from mgld_bench.report.tables.table import Table


def report_data(
    data: ReportData,
    table: Table,
    pictures: Sequence[Shown],
    sides: Sides,
    thumbnails: Mapping[str, str],
    origins: Origins,
) -> dict[str, Any]:
    """Everything but what is loaded clip by clip.

    Args:
        data: what the report shows.
        table: its table.
        pictures: those of the page; the clips' own are shown with them.
        sides: what there is to play.
        thumbnails: by clip id, the address of its small picture.
        origins: those of the units.
    """
    headings = data.metric_headings
    return {
        "name": data.card.name,
        "title": table.title,
        "rows": data.card.table.orientation == "methods-as-rows",
        "protocol": {"name": data.protocol.name, "title": data.protocol.heading},
        "datasets": [{"name": name, "title": title} for name, title in data.dataset_headings.items()],
        "methods": _methods(data, table),
        "metrics": [
            {
                "name": name,
                "title": headings[name],
                "direction": facts.direction,
                "digits": facts.digits,
                "per_frame": facts.per_frame,
                "definition": facts.definition,
                "revision": facts.revision,
                "license": facts.license,
                "files": dict(facts.files),
                "agreement": _agreement(name),
            }
            for name, facts in data.metrics.items()
        ],
        "lines": table_lines(data, table),
        "attributes": list(table.attribute_titles),
        "baseline": next((name for name, title in data.method_headings.items() if title == table.baseline), ""),
        "footnotes": {note.mark: note.text for note in table.footnotes},
        "clips": [{**entry, "thumbnail": thumbnails.get(entry["id"], "")} for entry in clip_entries(data, sides)],
        "pictures": [
            {"clip": one.clip, "kind": one.kind, "title": one.title, "alt": one.description, "src": one.address, "size": one.size}
            for one in pictures
            if one.clip
        ],
        "cards": {
            "methods": {name: _plain(card) for name, card in data.methods.items()},
            "datasets": {name: _plain(card) for name, card in data.datasets.items()},
            "protocol": _plain(data.protocol),
        },
        "runs": {
            str(number): {"started_at": run.started_at, "report": run.report, "provenance": dict(run.provenance)}
            for number, run in data.runs.items()
        },
        "origins": origins.all(),
    }


def _agreement(metric: str) -> dict[str, Any] | None:
    found = agreement_of(metric)
    return None if found is None else {"percent": found.percent, "sentence": found.sentence}


def _methods(data: ReportData, table: Table) -> list[dict[str, Any]]:
    styles = method_styles(data)
    attributes = table.attributes or ((),) * len(data.methods)
    return [
        {
            "name": name,
            "title": title,
            "colour": [styles[name].colour, for_dark(styles[name].colour)],
            "line": styles[name].line,
            "own": styles[name].highlighted,
            "attributes": [attribute.text for attribute in of_method],
        }
        for (name, title), of_method in zip(data.method_headings.items(), attributes, strict=True)
    ]


def _plain(card: Card) -> dict[str, Any]:
    """The card as resolved; of files only their names, because their folders are those of this machine."""
    plain = card.model_dump(mode="json", exclude_defaults=True)
    if isinstance(card, MethodCard):
        for weight in plain.get("weights", {}).values():
            weight["file"] = Path(weight["file"]).name
    return plain

"""Where the numbers of a report were made, and what to warn about where they were made in several places."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from mgld_bench.engine.origins import Made, Origin, describe_parts
from mgld_bench.report.collect.data import Cell, ReportData

Kind = Literal["scores", "restored clips"]
KINDS: tuple[Kind, ...] = ("scores", "restored clips")


@dataclass(frozen=True)
class Place:
    """What was made in one place."""

    origin: Origin
    first: str
    """When the first of it was finished, ISO 8601; "" where it is not known."""
    last: str
    what: str
    """In words: "Bicubic (PSNR, VMAF on 2 of 4 clips), Real-ESRGAN (PSNR)"; for restored clips the methods alone."""

    @property
    def facts(self) -> dict[str, str]:
        """All of it by name."""
        return {"what": self.what, "first": self.first, "last": self.last, **self.origin.parts}

    @property
    def dates(self) -> str:
        """The days: "2026-11-28" or "2026-11-27 to 2026-11-28"."""
        first, last = self.first[:10], self.last[:10]
        return first if first == last else f"{first} to {last}"


def places(data: ReportData, kind: Kind) -> tuple[Place, ...]:
    """The places in which the report's scores, or their restored clips, were made; the first score's place first."""
    made: dict[Origin, list[tuple[Cell, str, Made]]] = {}
    for cell in data.cells:
        for clip, one in cell.made.items():
            made.setdefault(one.scored if kind == "scores" else one.restored, []).append((cell, clip, one))
    found = []
    for origin, parts in made.items():
        dates = sorted(filter(None, (one.scored_at if kind == "scores" else one.restored_at for _, _, one in parts)))
        of = [(cell, clip) for cell, clip, _ in parts]
        what = _scores_in_words(data, of) if kind == "scores" else _clips_in_words(data, of)
        found.append(Place(origin, *((dates[0], dates[-1]) if dates else ("", "")), what))
    return tuple(found)


def mixed(data: ReportData) -> tuple[str, ...]:
    """Warnings where scores, or restored clips, of one table were made on different machines, devices or versions."""
    warnings = []
    for kind in KINDS:
        where = places(data, kind)
        differing = differing_parts([place.origin for place in where])
        if differing:
            parts = "; ".join(f"{place.what}: {some_parts(place.origin, differing)}" for place in where)
            warnings.append(
                f"The {kind} of this table were made in {len(where)} places that differ in {', '.join(differing)}, "
                f"and numbers may differ with these: {parts}."
            )
    return tuple(warnings)


def stated(data: ReportData) -> tuple[str, ...]:
    """One line for scores and one for restored clips: where they were made, with what, and when."""
    lines = []
    for kind in KINDS:
        where = places(data, kind)
        parts = [
            f"{f'{place.what}: ' if len(where) > 1 else ''}{place.origin.text or 'not recorded'}"
            f"{f' ({place.dates})' if place.dates else ''}"
            for place in where
        ]
        if parts:
            lines.append(f"{kind.capitalize()} made on: {'; '.join(parts)}.")
    return tuple(lines)


def made_on(data: Iterable[Made], kind: Kind) -> str:
    """The places of some scores as one field of a CSV file; several are separated by " | "."""
    return " | ".join(dict.fromkeys((one.scored if kind == "scores" else one.restored).text for one in data))


def origins_record(data: ReportData) -> dict[str, Any]:
    """Where the numbers come from, for run.json."""
    newest = data.runs[max(data.runs)] if data.runs else None
    return {
        # Of the newest run among those that made the numbers; "runs" has them all.
        "provenance": {**newest.provenance, "started_at": newest.started_at} if newest else {},
        "runs": [
            {"run": number, "started_at": run.started_at, "report": run.report, "provenance": dict(run.provenance)}
            for number, run in data.runs.items()
        ],
        "made_on": {kind.replace(" ", "_"): [place.facts for place in places(data, kind)] for kind in KINDS},
        "command": data.command,
    }


def differing_parts(origins: Sequence[Origin]) -> list[str]:
    """The names of the parts in which they differ; a part that was not recorded does not count."""
    names = dict.fromkeys(name for origin in origins for name in origin.parts)
    return [name for name in names if len({origin.parts[name] for origin in origins if name in origin.parts}) > 1]


def some_parts(origin: Origin, names: Sequence[str]) -> str:
    """These parts of an origin in one line."""
    return describe_parts({name: origin.parts.get(name, "not recorded") for name in names})


def _scores_in_words(data: ReportData, cells: Sequence[tuple[Cell, str]]) -> str:
    """Which methods and metrics, and how many clips where not all of them."""
    metrics: dict[str, dict[str, int]] = {}
    for cell, _ in cells:
        of_method = metrics.setdefault(cell.method, {})
        of_method[cell.metric] = of_method.get(cell.metric, 0) + 1
    texts = []
    for method, counts in metrics.items():
        parts = [f"{data.metric_headings[metric]}{_share(data, method, metric, count)}" for metric, count in counts.items()]
        texts.append(f"{data.method_headings[method]} ({', '.join(parts)})")
    return ", ".join(texts)


def _share(data: ReportData, method: str, metric: str, count: int) -> str:
    total = sum(len(cell.made) for cell in data.cells if (cell.method, cell.metric) == (method, metric))
    return "" if count == total else f" of {count} of {total} clips"


def _clips_in_words(data: ReportData, cells: Sequence[tuple[Cell, str]]) -> str:
    """Which methods, and how many clips where not all of them."""
    here: dict[str, set[tuple[str, str]]] = {}
    for cell, clip in cells:
        here.setdefault(cell.method, set()).add((cell.dataset, clip))
    texts = []
    for method, clips in here.items():
        total = len({(cell.dataset, clip) for cell in data.cells if cell.method == method for clip in cell.made})
        share = "" if len(clips) == total else f" ({len(clips)} of {total} clips)"
        texts.append(f"{data.method_headings[method]}{share}")
    return ", ".join(texts)

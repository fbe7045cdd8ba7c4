"""mgld-bench list: what there is, and what is missing to run it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal, NoReturn, TypeVar

import typer

from mgld_bench.cli.json_output import print_json
from mgld_bench.cli.options import DEFAULT_WORKSPACE, Cards, Json, Workspace
from mgld_bench.cli.text_table import print_width, text_table

if TYPE_CHECKING:
    from mgld_bench.cards.schemas import CardKind
    from mgld_bench.metrics.agreement import Agreement

SomeCard = TypeVar("SomeCard")
COLUMNS: Final = {
    "datasets": ("name", "title", "state", "low resolution"),
    "methods": ("name", "title", "state", "to fetch", "licence", "trained on"),
    "metrics": ("name", "better", "needs", "agrees", "state", "licence"),
    "reports": ("name", "title", "protocol", "datasets"),
    "studies": ("name", "title", "methods", "clips"),
    "protocols": ("name", "title", "frames", "metrics"),
    "published": ("name", "title", "protocol", "datasets", "checked"),
}
"""What the table shows; the rest is shown for one NAME."""


def list_what(
    what: Annotated[
        Literal["datasets", "methods", "metrics", "reports", "studies", "protocols", "published"],
        typer.Argument(help="What to list."),
    ],
    name: Annotated[str, typer.Argument(metavar="[NAME]", help="Show everything about this one; default: a table of all.")] = "",
    workspace: Workspace = DEFAULT_WORKSPACE,
    cards: Cards = None,
    json_output: Json = False,
) -> None:
    """List datasets, methods, metrics, reports, studies, protocols or published numbers, and what is missing to run each.

    Example: mgld-bench list methods
    """
    from mgld_bench.errors import InputError, first_of

    makers = {
        "datasets": _datasets,
        "methods": _methods,
        "metrics": _metrics,
        "reports": _reports,
        "studies": _studies,
        "protocols": _protocols,
        "published": _published,
    }
    problems: list[str] = []
    rows = makers[what](workspace, cards or [], problems)
    if name:
        rows = [row for row in rows if row["name"] == name] or _unknown(what, name, rows)
    if json_output:
        print_json(rows)
    elif name:
        for column, text in rows[0].items():
            if text:
                typer.echo(f"{column}: {text}")
    else:
        columns = COLUMNS[what]
        for line in text_table(columns, [[row[column] for column in columns] for row in rows], print_width()):
            typer.echo(line)
        if what == "metrics":
            typer.echo(_about_agreement())
        typer.echo(f"more about one of them: mgld-bench list {what} NAME")
    if problems:
        kind = "metric" if what == "metrics" else "card"
        raise InputError(f"{len(problems)} {kind}{'s' if len(problems) > 1 else ''} left out: {first_of(problems, 3, '; ')}")


def _unknown(what: str, name: str, rows: list[dict[str, str]]) -> NoReturn:
    from mgld_bench.errors import InputError, did_you_mean

    raise InputError(
        f"{name}: no such entry in {what}; {did_you_mean(name, [row['name'] for row in rows], f'see mgld-bench list {what}')}"
    )


def _state(missing: str) -> str:
    """Ready, or what is missing in a few words."""
    if not missing:
        return "ready"
    if "is not published" in missing:
        return "not published"
    if "weight file" in missing and "missing" in missing:
        return "no weights"
    for sign, words in (
        ("Git LFS pointer", "weights: LFS pointer"),
        ("HTML page", "weights: web page"),
        ("is an empty file", "weights: empty"),
    ):
        if sign in missing:
            return words
    if any(sign in missing for sign in ("sha256", "get it again", "truncated", "bytes, but its card")):
        return "wrong weight file"
    return "files missing" if "missing" in missing else "cannot run"


def _loaded(
    kind: CardKind, load: Callable[[str, Sequence[Path]], SomeCard], cards: list[Path], problems: list[str]
) -> Iterator[SomeCard]:
    """Every card of a kind; what is wrong with one is added to ``problems`` and does not hide the others."""
    from mgld_bench.cards.loader import usable_cards
    from mgld_bench.errors import InputError

    entries, wrong = usable_cards(kind, cards)
    problems += wrong
    for entry in entries:
        try:
            card = load(entry.name, cards)
        except InputError as error:
            problems.append(str(error))
        else:
            yield card


def _datasets(workspace: Path, cards: list[Path], problems: list[str]) -> list[dict[str, str]]:
    from mgld_bench.cards.loader import load_dataset
    from mgld_bench.errors import of_system
    from mgld_bench.pairs.stored import EXISTING, list_pairs, prepared_kinds

    rows = []
    for card in _loaded("dataset", load_dataset, cards, problems):
        degradation = card.degradation or EXISTING
        try:
            kinds = [degradation, *(name for name in prepared_kinds(workspace, card.name) if name != degradation)]
            built = {name: len(list_pairs(workspace, card.name, name)) for name in kinds}
        except OSError as error:
            problems.append(f"dataset {card.name}: its pairs cannot be listed: {of_system(error)}")
            unread = {"state": "its pairs cannot be read", "to run it": ""}
            rows.append({"name": card.name, "title": card.heading, "low resolution": degradation, **unread})
            continue
        packaged = any(layout.package for layout in card.layouts)
        total = len(card.clips) or card.clip_count or "?"
        parts = [
            f"{count} of {total} clips prepared{'' if name == degradation else f' ({name} LR)'}"
            for name, count in built.items()
            if count
        ]
        state = ", ".join(parts) or ("ships with a package" if packaged else "not prepared")
        missing = "" if parts or packaged else f"mgld-bench datasets prepare {card.name} --source DIR"
        rows.append(
            {"name": card.name, "title": card.heading, "low resolution": degradation, "state": state, "to run it": missing}
        )
    return rows


def _methods(_workspace: Path, cards: list[Path], problems: list[str]) -> list[dict[str, str]]:
    from mgld_bench.cards.loader import load_method
    from mgld_bench.restoring.loading import why_not_ready
    from mgld_bench.weights.missing import fetch_size, missing_files

    rows = []
    for card in _loaded("method", load_method, cards, problems):
        missing = why_not_ready(card) or ""
        absent = missing_files(tuple(card.weights.values()))
        row = {"name": card.name, "title": card.heading, "licence": card.publication.license, "missing": missing}
        row |= {"state": _state(missing), "to fetch": fetch_size(absent), "trained on": ", ".join(card.publication.trained_on)}
        row["not pinned"] = ", ".join(weight.file for weight in card.weights.values() if not weight.sha256 and not weight.package)
        rows.append({**row, "parameters": card.publication.parameters, "source": card.publication.url, "notes": card.notes})
    return rows


def _metrics(_workspace: Path, _cards: list[Path], problems: list[str]) -> list[dict[str, str]]:
    from mgld_bench.errors import InputError
    from mgld_bench.metrics.agreement import agreement_of
    from mgld_bench.metrics.catalogue import describe, metric_names, reason_unavailable

    rows = []
    for name in metric_names():
        try:
            facts = describe(name)
        except InputError as error:
            # Of a package that is broken.
            problems.append(str(error))
            continue
        needs = "ground truth" if facts.needs_reference else ""
        better = "↑" if facts.direction == "higher" else "↓"
        missing = reason_unavailable(name) or ""
        agreement = agreement_of(name)
        row = {"name": name, "better": better, "needs": needs, "licence": facts.license}
        row |= {"agrees": "", "agreement": ""} if agreement is None else _agreement_texts(agreement)
        rows.append({**row, "missing": missing, "definition": facts.definition, "state": _state(missing)})
    return rows


def _agreement_texts(agreement: Agreement) -> dict[str, str]:
    from mgld_bench.metrics.agreement import study

    correlation = f"rank correlation within a source {agreement.srocc:.2f}"
    return {"agrees": f"{agreement.percent} %", "agreement": f"{agreement.sentence}; {correlation}; {study().caveats}"}


def _about_agreement() -> str:
    from mgld_bench.metrics.agreement import study

    return f"agrees: with people, in {study().name} ({study().url}): {study().caveats}"


def _reports(_workspace: Path, cards: list[Path], problems: list[str]) -> list[dict[str, str]]:
    from mgld_bench.cards.loader import load_report

    rows = []
    for card in _loaded("report", load_report, cards, problems):
        datasets = ", ".join(dataset.name for dataset in card.datasets)
        rows.append({"name": card.name, "title": card.heading, "protocol": card.protocol, "datasets": datasets})
    return rows


def _studies(_workspace: Path, cards: list[Path], problems: list[str]) -> list[dict[str, str]]:
    from mgld_bench.cards.loader import load_study_card

    rows = []
    for card in _loaded("study", load_study_card, cards, problems):
        clips = ", ".join(card.clips) or f"{card.spread} of {', '.join(card.datasets)}"
        row = {"name": card.name, "title": card.heading, "methods": ", ".join(card.methods), "clips": clips}
        rows.append({**row, "questions": ", ".join(question.name for question in card.questions), "notes": card.notes})
    return rows


def _protocols(_workspace: Path, cards: list[Path], problems: list[str]) -> list[dict[str, str]]:
    from mgld_bench.cards.loader import load_protocol

    rows = []
    for card in _loaded("protocol", load_protocol, cards, problems):
        row = {"name": card.name, "title": card.heading, "frames": card.selection, "metrics": ", ".join(card.metrics)}
        row["variants"] = ", ".join(f"{short}: {full}" for short, full in card.metrics.items())
        row |= {"stated": " ".join(map(str, card.stated)), "assumed": " ".join(map(str, card.assumed)), "notes": card.notes}
        rows.append(row)
    return rows


def _published(_workspace: Path, cards: list[Path], problems: list[str]) -> list[dict[str, str]]:
    from mgld_bench.report.collect.published_sets import load_published_set

    rows = []
    for one in _loaded("published", load_published_set, cards, problems):
        checked = sum(not row.unchecked for row in one.rows)
        known = {row.method: card for card, row_title in one.cards.items() for row in one.rows if row.method == row_title}
        methods = dict.fromkeys(row.method for row in one.rows)
        row = {"name": one.name, "title": one.title, "protocol": one.protocol, "datasets": ", ".join(one.datasets())}
        row |= {"checked": f"{checked} of {len(one.rows)}", "metrics": ", ".join(dict.fromkeys(row.metric for row in one.rows))}
        row["methods"] = ", ".join(f"{name} ({known[name]})" if name in known else name for name in methods)
        lr = [f"{dataset}: {facts.lr}" for dataset, facts in one.test_sets.items() if facts.lr]
        rows.append({**row, "LR clips": "; ".join(lr), "source": one.cite, "notes": one.notes})
    return rows

"""A comparison as GitHub-flavoured Markdown that fits the comment of a pull request."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from mgld_bench.comparing.comparison import Comparison, Contest, Line, SetsLine
from mgld_bench.comparing.gates.check import EXPLAINED, GateResult
from mgld_bench.comparing.show.words import (
    ALL_SETS,
    HOW_TESTED,
    MARKS,
    arrow,
    clips_text,
    contest_name,
    cost_note,
    cost_table,
    difference_text,
    matrix,
    matrix_of_sets,
    mean_text,
    p_text,
    rank_text,
    reasons,
    summary,
    title,
    trained_on_test_sets,
    wins_text,
)
from mgld_bench.comparing.standing import ClipGain, best_and_worst, flags, standings
from mgld_bench.report.tables.render_markdown import escape

MOST_CHARACTERS: Final = 65_000
"""GitHub takes 65,536 in a comment."""
_LONG: Final = 20
"""Lines from which on a table is folded: whoever reads a comment opens it where it matters."""


def render_markdown(comparison: Comparison, gate: GateResult | None = None) -> str:
    """The comparison, below what a gate saw in it.

    Where it would be too long for a comment, parts are left out from the end, and named.
    """
    several = len(comparison.contests) > 1
    parts = [f"## {escape(title(comparison))}", _gate(gate)]
    parts += [_summary(comparison)]
    parts += [_matrix(comparison) if several else _table(comparison)]
    parts += [_warnings(comparison), _ranks(comparison), _clips(comparison), _costs(comparison), _flags(comparison)]
    parts += [_reasons(comparison), "" if comparison.against_all else _differing(comparison), _how(comparison)]
    kept: list[str] = []
    for part in (part for part in parts if part):
        if sum(map(len, kept)) + len(part) > MOST_CHARACTERS:
            kept.append("*The rest is left out here, since a comment holds no more; `--output page.html` has it all.*")
            break
        kept.append(part)
    return "\n\n".join(kept) + "\n"


def _gate(gate: GateResult | None) -> str:
    if gate is None:
        return ""
    rows = [
        [
            f"**{finding.result}**" if finding.blocks or finding.result == "no result" else finding.result,
            *map(escape, (finding.metric, finding.dataset, finding.rule.text, finding.role, finding.saw)),
        ]
        for finding in gate.findings
    ]
    table = _grid(["Gate", "Metric", "Dataset", "Rule", "Role", "Saw"], rows, left=range(6))
    return f"{table}\n\n<sub>{EXPLAINED}</sub>"


def _summary(comparison: Comparison) -> str:
    said = [(contest_name(comparison, contest), summary(comparison, contest)) for contest in comparison.contests]
    if len(said) == 1:
        return "\n".join(f"- {escape(f'{dataset}: {text}')}" for dataset, text in said[0][1].items())
    datasets = list(dict.fromkeys(dataset for _, found in said for dataset in found))
    rows = [[escape(name), *(escape(found.get(dataset, "–")) for dataset in datasets)] for name, found in said]
    return _grid(["Verdict", *map(escape, datasets)], rows, left=range(len(datasets) + 1))


def _table(comparison: Comparison) -> str:
    (contest,) = comparison.contests
    heads = ["Dataset", "Metric", contest.reference.name, contest.candidate.name, "Difference [95 %]", "p", "+ / = / −", "Clips"]
    rows = []
    for line in comparison.lines:
        rows.append(
            [
                escape(comparison.heading(line.dataset)),
                escape(f"{line.metric.name} {arrow(line)}"),
                mean_text(line.reference_mean, line),
                mean_text(line.candidate_mean, line),
                _difference(line),
                p_text(line.p),
                wins_text(line),
                clips_text(line),
                f"{MARKS[line.verdict.word]} {line.verdict.word}",
            ]
        )
    for together in comparison.together:
        difference, word = _difference_of_sets(together), together.verdict.word
        name = escape(f"{together.metric.name} {arrow(together)}")
        clips = str(together.sets.clips)
        rows.append([ALL_SETS, name, "", "", difference, p_text(together.p), "", clips, f"{MARKS[word]} {word}"])
    return _folded("Metric by metric", _grid([*map(escape, heads), "Verdict"], rows, left=(0, 1, 8)), len(rows))


def _matrix(comparison: Comparison) -> str:
    """One table per dataset: a row per contest, a column per metric."""
    tables = []
    for dataset in comparison.datasets:
        metrics, found = matrix(comparison, dataset)
        rows = [
            [escape(name), *(f"{MARKS[line.verdict.word]} {_difference(line)}" if line else "–" for line in lines)]
            for name, lines in found
        ]
        heads = [escape(f"{line.metric.name} {arrow(line)}") for line in metrics]
        heading = escape(comparison.heading(dataset))
        tables.append(_folded(heading, _grid([heading, *heads], rows, left=(0,)), len(rows)))
    if comparison.together:
        of_sets, found_of_sets = matrix_of_sets(comparison)
        rows = [
            [escape(name), *(f"{MARKS[line.verdict.word]} {_difference_of_sets(line)}" if line else "–" for line in lines)]
            for name, lines in found_of_sets
        ]
        heads = [escape(f"{line.metric.name} {arrow(line)}") for line in of_sets]
        tables.append(_folded(ALL_SETS, _grid([ALL_SETS, *heads], rows, left=(0,)), len(rows)))
    legend = ", ".join(f"{mark} {word}" for word, mark in MARKS.items())
    return "\n\n".join([*tables, f"{legend}; difference [95 % interval]."])


def _difference(line: Line) -> str:
    return escape(difference_text(line.paired.mean, line.paired.interval, line.metric.digits))


def _difference_of_sets(line: SetsLine) -> str:
    return escape(difference_text(line.sets.mean, line.sets.interval, line.metric.digits))


def _warnings(comparison: Comparison) -> str:
    lines = [f"- **Missing:** {escape(text)}" for text in comparison.missing]
    lines += [f"- {escape(text[0].upper() + text[1:])}." for text in comparison.notes]
    return "\n".join(lines)


def _ranks(comparison: Comparison) -> str:
    found = {(each.dataset, each.metric): each.rank for each in standings(comparison)}
    if not found:
        return ""
    rows = [
        [
            escape(comparison.heading(dataset)),
            *(rank_text(found[dataset, name]) if (dataset, name) in found else "–" for name in comparison.metrics),
        ]
        for dataset in comparison.datasets
    ]
    most = max(rank.of for rank in found.values())
    head = f"Rank of {escape(comparison.contests[0].candidate.name)}, of {most}"
    return _grid([f"{head} (95 % interval)", *map(escape, comparison.metrics)], rows, left=(0,))


def _clips(comparison: Comparison) -> str:
    def named(chosen: Sequence[ClipGain]) -> str:
        return ", ".join(f"{comparison.heading(gain.dataset)} {gain.clip}" for gain in chosen)

    best, worst = best_and_worst(comparison)
    return f"Clips that show it best: {escape(named(best))}; worst: {escape(named(worst))}." if best else ""


def _costs(comparison: Comparison) -> str:
    heads, rows = cost_table(comparison)
    titles = ["Cost", *(head[0].upper() + head[1:] for head in heads[1:])]
    table = _folded("Costs", _grid(titles, [list(map(escape, row)) for row in rows], left=(0, 1, 6)), len(rows))
    return "\n\n".join(part for part in (table, escape(cost_note(comparison))) if part)


def _flags(comparison: Comparison) -> str:
    lines = [f"- **Warning:** {escape(text)}." for text in trained_on_test_sets(comparison)]
    licences = "; ".join(f"{escape(flag.method)}: {escape(flag.licence)}" for flag in flags(comparison) if flag.licence)
    return "\n".join([*lines, *([f"- Licences: {licences}."] if licences else [])])


def _reasons(comparison: Comparison) -> str:
    lines = []
    for contest in comparison.contests:
        head = f"{contest_name(comparison, contest)}, " if len(comparison.contests) > 1 else ""
        lines += [f"- {escape(head + text)}." for text in reasons(comparison, contest)]
    return _details("Why each verdict", "\n".join(lines))


def _differing(comparison: Comparison) -> str:
    return "\n\n".join(_differing_of(contest) for contest in comparison.contests)


def _differing_of(contest: Contest) -> str:
    names = f"{escape(contest.reference.name)} and {escape(contest.candidate.name)}"
    rows = [[escape(text) for text in (each.group, each.name, each.reference, each.candidate)] for each in contest.differing]
    if not rows:
        return f"Nothing that is recorded differs between {names}."
    heads = ["", "What", escape(contest.reference.name), escape(contest.candidate.name)]
    return _details(f"What differs between {names}", _grid(heads, rows, left=(0, 1, 2, 3)))


def _how(comparison: Comparison) -> str:
    protocol = f" Protocol {escape(comparison.protocol)}." if comparison.protocol else ""
    command = f"\n\nTo repeat it: `{comparison.command.replace('`', '')}`" if comparison.command else ""
    return f"<sub>{escape(HOW_TESTED)}{protocol}</sub>{command}"


def _folded(heading: str, table: str, count: int) -> str:
    """A table, folded where it is long."""
    return table if count <= _LONG else _details(f"{heading}: {count} lines", table)


def _details(heading: str, content: str) -> str:
    return f"<details><summary>{heading}</summary>\n\n{content}\n\n</details>"


def _grid(heads: Sequence[str], rows: Sequence[Sequence[str]], left: Sequence[int]) -> str:
    rule = ["---" if place in left else "---:" for place in range(len(heads))]
    return "\n".join(f"| {' | '.join(line)} |" for line in (heads, rule, *rows))

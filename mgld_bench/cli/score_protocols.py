"""The score verb under several protocols: the same frames, side by side, with what makes the difference."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import typer
from rich.box import SIMPLE
from rich.table import Table

from mgld_bench.cards.loader import load_protocol
from mgld_bench.cli.console import TerminalConsole
from mgld_bench.cli.display import progress_display
from mgld_bench.cli.json_output import print_json
from mgld_bench.cli.score_display import GAP, print_notes
from mgld_bench.cli.score_files import as_json, write_csv
from mgld_bench.clips.atomic import require_writable
from mgld_bench.clips.colour import check_colour
from mgld_bench.clips.places import require_outside
from mgld_bench.engine.clip_choice import choose_clips, method_sources
from mgld_bench.engine.kept_scores import KeptScores
from mgld_bench.engine.machine import command_line, compute_on, provenance
from mgld_bench.engine.metric_choice import require_runnable
from mgld_bench.engine.score_folders import ScoreRequest
from mgld_bench.engine.score_protocols import Line, SideBySide, choose_under, in_words, lines_of, score_under
from mgld_bench.errors import IncompleteError, InputError
from mgld_bench.metrics.catalogue import describe


@dataclass(frozen=True)
class ProtocolsWish:
    """What the user asks for, as typed."""

    protocols: tuple[str, ...]
    metrics: tuple[str, ...]
    clips: tuple[str, ...]
    limit: int | None
    shift: tuple[float, float]
    colour: str
    cards: Sequence[Path]


def score_side_by_side(
    restored: Sequence[Path],
    ground_truth: Path | None,
    wish: ProtocolsWish,
    output: Path | None,
    store: str,
    fresh: bool,
    skip_unavailable: bool,
    device: str,
    quiet: bool,
    json_output: bool,
) -> None:
    """Score under each protocol, and print one table; with ``output``, scores.csv and frames.csv in a folder per protocol.

    Raises:
        InputError: a protocol, metric or path is wrong, or a clip cannot be scored; everything else is then scored and kept.
        IncompleteError: a metric cannot run here, and was to be skipped.
    """
    if output is not None:
        require_outside(output, [*restored, *([ground_truth] if ground_truth is not None else [])])
    cards = [load_protocol(name, wish.cards) for name in wish.protocols]
    try:
        under = choose_under(wish.metrics, cards, ground_truth is not None)
    except InputError as error:
        raise InputError(f"--protocols: {error}") from None
    if not skip_unavailable:
        for one in under:
            require_runnable(one.choice)
    compute = compute_on(device, "float32", "")
    request = ScoreRequest((), "all", wish.shift, compute.device)
    if output is not None:
        require_writable(output)
    result = SideBySide(under)
    progress = progress_display(quiet)
    with KeptScores(store, command_line(), compute, progress.log, fresh) as kept:
        colour = check_colour(wish.colour)
        chosen = choose_clips(method_sources(restored, ground_truth), ground_truth, wish.clips, wish.limit, kept.cache, colour)
        try:
            score_under(chosen, request, kept, progress, result)
        finally:
            if output is not None:
                for one in under:
                    if one.protocol.name in result.scores:
                        write_csv(output / one.protocol.name, result.only(one))
    if json_output:
        print_json(_as_json(result, request, provenance(command_line(), compute)))
    else:
        _print(result)
    if result.failures:
        raise InputError(f"{len(result.failures)} failed; everything else is scored: {'; '.join(result.failures)}")
    if result.left_out:
        raise IncompleteError(f"incomplete: not scored: {', '.join(result.left_out)}")


def _print(result: SideBySide) -> None:
    lines = lines_of(result)
    several = len({line.method for line in lines}) > 1
    table = Table(box=SIMPLE, caption=_caption(result, lines), caption_justify="left", pad_edge=False)
    table.add_column("metric", overflow="fold")
    for one in result.under:
        table.add_column(one.protocol.name.replace("-", "-\n", 1), justify="right", overflow="fold")
    table.add_column("last minus\nfirst" if len(result.under) > 2 else "difference", justify="right", no_wrap=True)
    table.add_column("what makes it", overflow="fold")
    for index, line in enumerate(lines):
        if index and lines[index - 1].metric != line.metric:
            table.add_section()
        values = [GAP if mean is None else f"{mean:.{_digits(line)}f}" for mean in line.means]
        spread = GAP if line.spread is None else f"{line.spread:+.{_digits(line)}f}"
        variants = [variant.replace(".", ".\n", 1) or GAP for variant in line.variants]
        if not several:
            both = [f"{value}\n{variant}" if variant != GAP else GAP for value, variant in zip(values, variants, strict=True)]
            table.add_row(line.metric, *both, spread, _why(line))
            continue
        if not index or lines[index - 1].metric != line.metric:
            table.add_row(line.metric, *variants, "", _why(line))
        table.add_row(f"  {line.method}", *values, spread, "")
    TerminalConsole().print(table)
    for name, reason in result.left_out.items():
        typer.echo(f"not scored: {name}: {reason}")
    for scores in {id(scores): scores for scores in result.scores.values()}.values():
        print_notes(scores)


def _digits(line: Line) -> int:
    return max(describe(variant).digits for variant in line.variants if variant)


def _why(line: Line) -> str:
    if sum(bool(variant) for variant in line.variants) < 2:
        return "only one of the protocols has it"
    if not line.because:
        return "nothing: the same variant and frames"
    return "\n".join(f"{knob}: {' / '.join(settings)}" for knob, settings in line.because.items())


def _caption(result: SideBySide, lines: Sequence[Line]) -> str:
    counts = sorted({line.clips for line in lines})
    clips = f"{counts[0]} to {counts[-1]} clips" if len(counts) > 1 else "clip" if counts == [1] else f"{counts[0]} clips"
    frames = "; ".join(f"{one.protocol.name}: {one.protocol.selection}" for one in result.under)
    return (
        f"the same {clips} under each protocol: {frames}; averaging: mean over frames, then over clips, in all of them. "
        "What each protocol states and assumes: mgld-bench list protocols NAME"
    )


def _as_json(result: SideBySide, request: ScoreRequest, made_on: Mapping[str, object]) -> dict[str, object]:
    """The side-by-side table, and per protocol what `score --json` gives."""
    return {
        "side_by_side": [
            {
                "metric": line.metric,
                "method": line.method,
                "clips": line.clips,
                "under": {
                    one.protocol.name: {
                        "variant": variant or None,
                        "mean": _finite(mean),
                        "frames": in_words(one.protocol.frames),
                    }
                    for one, variant, mean in zip(result.under, line.variants, line.means, strict=True)
                },
                "difference": line.spread,
                "because": {knob: list(settings) for knob, settings in line.because.items()},
            }
            for line in lines_of(result)
        ],
        "protocols": {
            one.protocol.name: as_json(
                result.only(one),
                one.choice,
                ScoreRequest(one.choice.runnable, one.protocol.frames, request.shift, request.device, one.protocol.short_side),
                one.protocol.name,
                {},
            )
            for one in result.under
            if one.protocol.name in result.scores
        },
        "provenance": dict(made_on),
    }


def _finite(mean: float | None) -> float | None:
    """JSON has no infinity; the protocols' own entries state it in words."""
    return None if mean is None or mean in (float("inf"), float("-inf")) else mean

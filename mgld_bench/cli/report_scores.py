"""The report of what the score verb has kept, without any card."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from mgld_bench.cards.loader import load_protocol
from mgld_bench.cli.score import parse_frames, parse_shift
from mgld_bench.clips.atomic import require_writable
from mgld_bench.clips.clip import Clip
from mgld_bench.clips.colour import check_colour
from mgld_bench.clips.places import require_outside
from mgld_bench.engine.clip_choice import choose_clips, method_sources
from mgld_bench.engine.kept_scores import digests_of_scored, open_kept
from mgld_bench.engine.machine import command_line
from mgld_bench.engine.metric_choice import choose_metrics
from mgld_bench.engine.progress import Progress
from mgld_bench.errors import sentence
from mgld_bench.report.collect.from_kept import KeptRequest, collect_kept
from mgld_bench.report.collect.published_sets import usable_sets
from mgld_bench.report.videos.wanted import VideoWish
from mgld_bench.report.write import ReportFiles, needs_pictures, write_dated_report, write_report


@dataclass(frozen=True)
class KeptWish:
    """What the user asks for, as typed."""

    restored: Sequence[Path]
    ground_truth: Path | None
    low_resolution: Path | None
    clips: tuple[str, ...]
    limit: int | None
    metrics: tuple[str, ...]
    protocol: str
    frames: str
    shift: str
    colour: str
    cards: Sequence[Path]
    against: str = ""


def write_kept(
    wish: KeptWish,
    workspace: Path,
    store: str,
    formats: Sequence[str],
    output: Path | None,
    videos: VideoWish,
    progress: Progress,
) -> ReportFiles:
    """Write the report into ``output``, or into a dated folder of the workspace.

    Raises:
        InputError: a path, a name or the database is wrong, or nothing of what is asked for has been scored.
    """
    inputs = [*wish.restored, *(place for place in (wish.ground_truth, wish.low_resolution) if place is not None)]
    require_outside(output or workspace, inputs)
    protocol = load_protocol(wish.protocol, wish.cards)
    metrics = choose_metrics(wish.metrics, protocol, wish.ground_truth is not None).asked if wish.metrics else ()
    request = KeptRequest(protocol, parse_frames(wish.frames) or protocol.frames, parse_shift(wish.shift), metrics)
    if output is not None:
        require_writable(output)
    cache = digests_of_scored()
    sources = method_sources(wish.restored, wish.ground_truth)
    chosen = choose_clips(sources, wish.ground_truth, wish.clips, wish.limit, cache, check_colour(wish.colour))
    low = _clips(wish.low_resolution) if wish.low_resolution is not None and needs_pictures(formats) else {}
    with open_kept(store) as kept:
        data = collect_kept(chosen, wish.ground_truth, request, kept, progress, " ".join(command_line()), low)
    known, wrong = usable_sets(wish.cards)
    lines = [sentence(f"Left out of the published sets: {problem}") for problem in wrong]
    data = replace(data, published_sets=known, footnotes=(*data.footnotes, *lines))
    if output is not None:
        return write_report(data, output, formats, progress=progress, videos=videos, against=wish.against)
    return write_dated_report(data, workspace, formats, progress=progress, videos=videos, against=wish.against)


def _clips(low_resolution: Path) -> dict[str, Clip]:
    chosen = choose_clips({"LR": low_resolution}, None)
    return {clip.name: clip.restored["LR"] for clip in chosen.clips}

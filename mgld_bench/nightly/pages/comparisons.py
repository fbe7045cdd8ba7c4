"""The pages of a night's comparisons with the anchor and the night accepted before: clip by clip, with players."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from mgld_bench.clips.atomic import write_bytes_atomic
from mgld_bench.comparing.comparison import Comparison
from mgld_bench.comparing.players.played import Players
from mgld_bench.comparing.players.write import write_players
from mgld_bench.comparing.show.render_html import gains_text, render_html
from mgld_bench.comparing.standing import best_and_worst
from mgld_bench.engine.progress import Progress
from mgld_bench.errors import InputError
from mgld_bench.nightly.history import Night, anchor_of, reference_of
from mgld_bench.nightly.judging import Judging
from mgld_bench.report.videos.wanted import VideoWish


@dataclass(frozen=True)
class ChangedClip:
    """A clip that changed most, and where it is played."""

    name: str
    gains: str
    """By how much each metric changed."""
    address: str


@dataclass(frozen=True)
class ComparedWith:
    """A comparison that has a page."""

    title: str
    """With what."""
    address: str
    changed: tuple[ChangedClip, ...] = ()
    """Those that can be watched; the one that got worse most comes first."""


def write_comparisons(
    folder: Path, series: Sequence[Night], latest: Night, place: Judging, progress: Progress
) -> Iterator[ComparedWith]:
    """Write the pages of the comparisons of ``latest``.

    Args:
        folder: of the pages.
        series: all nights of the suite and method.
        latest: the night that is compared; a repetition, or one that is not complete, has no comparison.
        place: where its scores and frames are.
        progress: learns how far the videos are.

    Yields:
        Each comparison once its page is written.
    """
    if latest.kind == "identity" or not (latest.verdict in ("accepted", "rejected") or latest.facts.get("complete")):
        return
    for title, night in _references(series, latest).items():
        try:
            comparison = place.comparison(night.name, latest.name)
        except InputError:
            # What cannot be compared is the night's verdict already.
            continue
        page = folder / _file(latest, night)
        try:
            players = write_players(comparison, place.protocol, page, VideoWish(place.workspace / "videos"), progress)
        except InputError as error:
            players = Players(notes=(f"no clip is played: {error}",))
        write_bytes_atomic(page, render_html(comparison, players=players).encode())
        yield ComparedWith(title, page.name, tuple(_changed(comparison, players, page.name)))


def written_comparisons(folder: Path, series: Sequence[Night], latest: Night) -> Iterator[ComparedWith]:
    """The comparisons of ``latest`` whose pages are there."""
    for title, night in _references(series, latest).items():
        if (folder / _file(latest, night)).is_file():
            yield ComparedWith(title, _file(latest, night))


def _references(series: Sequence[Night], latest: Night) -> dict[str, Night]:
    """What ``latest`` was compared with, by what to call it; one where both are the same."""
    before = [night for night in series if night.id < latest.id]
    accepted, anchor = reference_of(before), anchor_of(before)
    found = {f"the night accepted before, night {accepted.id}": accepted} if accepted else {}
    if anchor and accepted and anchor.id != accepted.id:
        found[f"the anchor, night {anchor.id}"] = anchor
    return {title: night for title, night in found.items() if night.name != latest.name}


def _file(latest: Night, night: Night) -> str:
    return f"night-{latest.id}-with-{night.id}.html"


def _changed(comparison: Comparison, players: Players, page: str) -> Iterator[ChangedClip]:
    best, worst = best_and_worst(comparison)
    for gain in (*worst, *reversed(best)):
        played = players.clips.get((gain.dataset, gain.clip))
        if played is not None:
            frame = (played.best if gain.gain > 0 else played.worst) or 0
            name = f"{comparison.heading(gain.dataset)} {gain.clip}"
            yield ChangedClip(name, gains_text(comparison, gain), f"{page}#clip={quote(played.name)}&frame={frame}")

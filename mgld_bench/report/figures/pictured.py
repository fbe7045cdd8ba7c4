"""Which clips have strips and plots of their own: all of them, or of many clips those on which methods differ most."""

from __future__ import annotations

import math
import statistics

from mgld_bench.report.clip_ids import every_clip
from mgld_bench.report.collect.data import ReportData

MOST = 8
"""Clips with pictures of their own, unless the report card names its plots: with nine methods these take 3 MB per clip. The
page shows every clip, with its players and curves."""


def pictured_clips(data: ReportData) -> tuple[tuple[str, str], ...]:
    """Dataset and clip of each, in the order of the report."""
    clips = every_clip(data)
    if len(clips) <= MOST or "plots" in data.card.model_fields_set:
        return clips
    spread = _spread(data)
    chosen = sorted(clips, key=lambda place: -spread.get(place, 0.0))[:MOST]
    return tuple(place for place in clips if place in chosen)


def chosen_in_words(data: ReportData) -> str:
    """Which clips these are; "" where they are all."""
    every, chosen = len(every_clip(data)), len(pictured_clips(data))
    if chosen == every:
        return ""
    return (
        f"Of {chosen} of {every} clips: those on which the methods differ most in the first metric of their dataset. "
        "A report card that names its plots has them of every clip."
    )


def _spread(data: ReportData) -> dict[tuple[str, str], float]:
    """How far the methods are apart on each clip, by the first metric of its dataset, relative to the dataset's usual spread."""
    found: dict[tuple[str, str], float] = {}
    for dataset in data.datasets:
        cells = [cell for cell in data.cells if cell.dataset == dataset]
        values: dict[str, list[float]] = {}
        for cell in cells:
            if cell.metric == cells[0].metric:
                for clip, score in cell.scores.items():
                    if math.isfinite(score.value):
                        values.setdefault(clip, []).append(score.value)
        ranges = {clip: max(scores) - min(scores) for clip, scores in values.items()}
        usual = statistics.fmean(ranges.values()) if ranges else 0.0
        found |= {(dataset, clip): size / usual for clip, size in ranges.items() if usual}
    return found

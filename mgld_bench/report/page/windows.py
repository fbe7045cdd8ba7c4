"""Where one method loses most to another: the stretches of frames that a reader should look at first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from mgld_bench.report.clip_ids import clip_id
from mgld_bench.report.collect.data import Cell, ReportData

WINDOW = 8
"""Frames of a window: a third of a second, enough to see how something moves. Shorter clips are one window."""
OFFERED = 10
"""Windows per metric and pair of methods."""
_PER_CLIP = 3
"""Of these at most this many from one clip, none of which overlap."""

Values = npt.NDArray[np.float64]
Window = tuple[float, str, int, int]
"""Loss, clip id, first and last frame."""


def worst_windows(data: ReportData) -> dict[str, Any]:
    """By metric with scores per frame: for each method and each other one, the windows in which the first loses most.

    A loss is the mean over the window's frames of how much better the other one's score is, in the metric's unit. Where only
    some frames are scored, each is a window of its own. Methods are in the order of ``data.methods``; a window is [clip id,
    first frame, last frame, loss].
    """
    found = {}
    for metric, facts in data.metrics.items():
        cells = [cell for cell in data.cells if cell.metric == metric]
        if facts.per_frame and cells:
            found[metric] = _of_metric(list(data.methods), cells, 1.0 if facts.direction == "higher" else -1.0)
    return found


def _of_metric(methods: Sequence[str], cells: Sequence[Cell], sign: float) -> list[list[list[list[str | int | float]]]]:
    best: list[list[list[Window]]] = [[[] for _ in methods] for _ in methods]
    for dataset in dict.fromkeys(cell.dataset for cell in cells):
        of_dataset = {cell.method: cell for cell in cells if cell.dataset == dataset}
        for clip in dict.fromkeys(clip for cell in of_dataset.values() for clip in cell.scores):
            frames, values = _values(methods, of_dataset, clip)
            for mine, other, window in _of_clip(clip_id(dataset, clip), frames, sign * values):
                best[mine][other].append(window)
    chosen = [[sorted(windows, key=lambda window: -window[0])[:OFFERED] for windows in row] for row in best]
    return [[[[clip, first, last, float(f"{loss:.5g}")] for loss, clip, first, last in pair] for pair in row] for row in chosen]


def _values(methods: Sequence[str], cells: dict[str, Cell], clip: str) -> tuple[list[int], Values]:
    """The scored frames, and a row of values per method; NaN where there is none."""
    scored = [cells[name].scores.get(clip) if name in cells else None for name in methods]
    per_frame = [(score.per_frame or {}) if score else {} for score in scored]
    frames = sorted({frame for scores in per_frame for frame in scores})
    values = np.array([[scores.get(frame, np.nan) for frame in frames] for scores in per_frame], dtype=np.float64)
    return frames, np.where(np.isfinite(values), values, np.nan)


def _of_clip(name: str, frames: Sequence[int], gains: Values) -> list[tuple[int, int, Window]]:
    """The worst windows of one clip: the method that loses, the one that gains, and the window."""
    if not frames:
        return []
    consecutive = frames[-1] - frames[0] == len(frames) - 1
    width = min(WINDOW, len(frames)) if consecutive else 1
    means = np.lib.stride_tricks.sliding_window_view(gains, width, axis=1).mean(axis=2)
    losses = means[None, :, :] - means[:, None, :]
    losses = np.where(np.isfinite(losses) & (losses > 0), losses, 0.0)
    found = []
    starts = np.arange(losses.shape[2])
    for _ in range(_PER_CLIP):
        at = losses.argmax(axis=2)
        largest = losses.max(axis=2)
        for mine, other in zip(*np.nonzero(largest), strict=True):
            start = int(at[mine, other])
            window = (float(largest[mine, other]), name, frames[start], frames[start + width - 1])
            found.append((int(mine), int(other), window))
        losses = np.where(np.abs(starts[None, None, :] - at[:, :, None]) < width, 0.0, losses)
    return found

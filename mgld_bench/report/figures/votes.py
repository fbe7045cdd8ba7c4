"""Bars of a pairwise user study: the shares of the votes for each pair of methods (Figure 6)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mgld_bench.report.figures.pixel_page import GREY, INK, fit_label, text_width

BAR = 0.34
"""Inches from bar to bar."""
AXIS_TITLE = 0.15
"""Inches below the last panel."""
_FIRST, _TIE, _OTHER = "#0072B2", "#E6E6E6", "#E69F00"


@dataclass(frozen=True)
class PairVotes:
    """The votes for one pair of methods."""

    first: str
    """Printed names."""
    second: str
    first_votes: int
    ties: int
    second_votes: int
    bold: tuple[bool, bool] = (False, False)
    preference: tuple[float, float, float] | None = None
    """Of the first: its share with ties as halves, and the ends of its 95 % interval, where participants and clips are known.
    Else the interval is that of its share of all votes, as if these were independent."""
    known: bool = True
    """Whether there is an interval at all: not of votes that too few people gave on too few clips."""

    @property
    def count(self) -> int:
        """All votes."""
        return self.first_votes + self.ties + self.second_votes


def share_interval(votes: int, count: int) -> tuple[float, float]:
    """The 95 % interval of the share ``votes`` / ``count``, by Wilson.

    >>> [round(end, 3) for end in share_interval(8, 10)]
    [0.49, 0.943]
    """
    from scipy.stats import binomtest

    interval = binomtest(votes, count).proportion_ci(confidence_level=0.95, method="wilson")
    return float(interval.low), float(interval.high)


def draw_votes(panels: Mapping[str, Sequence[PairVotes]], width: float) -> Figure:
    """A panel per question, a bar per pair: votes for the first method, ties, votes for the second.

    The black line is the 95 % interval of the first method's share of all votes, or of its preference where that is known, which
    is a point on it; the dashed line is at a half. To be called, and saved, within figure_settings().
    """
    pairs = [pair for rows in panels.values() for pair in rows]
    heights = [0.5 + BAR * len(rows) for rows in panels.values()]
    height = sum(heights) + AXIS_TITLE
    figure = Figure(figsize=(width, height))
    side = min(0.3 * width, 0.12 + max(text_width(name, 8, bold=True) for pair in pairs for name in (pair.first, pair.second)))
    top = height
    for (question, rows), room in zip(panels.items(), heights, strict=True):
        bottom = (top - room + 0.32) / height
        panel = figure.add_axes((side / width, bottom, 1 - 2 * side / width, (room - 0.5) / height))
        _draw_panel(panel, rows, side)
        if question:
            figure.text(0.5, (top - 0.03) / height, question, ha="center", va="top", fontsize=8.5, fontweight="bold")
        top -= room
    figure.text(0.5, 0.02 / height, "share of votes in %", ha="center", va="bottom", fontsize=8)
    return figure


def _draw_panel(panel: Axes, rows: Sequence[PairVotes], side: float) -> None:
    ends = panel.get_yaxis_transform()
    for row, pair in enumerate(rows):
        left = 0.0
        parts = ((pair.first_votes, _FIRST, "", "white"), (pair.ties, _TIE, "", INK), (pair.second_votes, _OTHER, "////", INK))
        for votes, colour, hatch, ink in parts:
            share = 100 * votes / pair.count
            panel.barh(row, share, left=left, height=0.62, color=colour, hatch=hatch, edgecolor="white", linewidth=0.5)
            if share >= 9:
                # On the hatched part, on a plain ground.
                ground = {"facecolor": colour, "edgecolor": "none", "pad": 1.0} if hatch else None
                x = left + share / 2
                panel.text(x, row, f"{share:.0f} %", ha="center", va="center", fontsize=7.5, color=ink, bbox=ground)
            left += share
        _draw_interval(panel, row, pair)
        for name, bold, x, align in ((pair.first, pair.bold[0], -0.015, "right"), (pair.second, pair.bold[1], 1.015, "left")):
            label = fit_label(name, 8, side - 0.1, 2, bold)
            weight = "bold" if bold else "normal"
            panel.text(x, row - 0.08, label.text, ha=align, va="center", fontsize=label.size, fontweight=weight, transform=ends)
        panel.text(1.015, row + 0.36, f"n = {pair.count}", ha="left", va="center", fontsize=6, color=GREY, transform=ends)
    panel.axvline(50, color="black", linewidth=0.8, linestyle="--")
    panel.set_xlim(0, 100)
    panel.set_ylim(len(rows) - 0.5, -0.5)
    panel.set_yticks([])
    panel.grid(False)
    panel.tick_params(axis="x", labelsize=7.5)
    panel.spines["left"].set_visible(False)


def _draw_interval(panel: Axes, row: int, pair: PairVotes) -> None:
    """At the lower edge of the bar, where it covers no number."""
    if not pair.known:
        return
    share, *ends = pair.preference or (None, *share_interval(pair.first_votes, pair.count))
    panel.plot([100 * end for end in ends], [row + 0.24] * 2, color="black", linewidth=1.4, marker="|", markersize=5)
    if share is not None:
        panel.plot([100 * share], [row + 0.24], color="black", marker="o", markersize=3.2)

"""How much room the videos need on the screen."""

from __future__ import annotations

from typing import Final

from mgld_bench.study.folder import Study

GAP: Final = 16
"""Pixels between two videos."""
AROUND: Final = (16, 150)
"""Pixels beside and above and below the videos: labels, and the row of buttons."""


def needed_window(study: Study) -> tuple[int, int]:
    """Width and height in physical pixels of a window that shows each pair pixel by pixel."""
    side_by_side = 3 if study.card.low_resolution == "middle" else 2
    width = max(clip.size[0] for clip in study.clips)
    height = max(clip.size[1] for clip in study.clips)
    return side_by_side * width + (side_by_side - 1) * GAP + AROUND[0], height + AROUND[1]

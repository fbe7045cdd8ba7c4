"""Which frames get maps: those to which the page leads a reader, where methods differ most."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

MOST_FRAMES: Final = 60
"""Of a whole report: with nine methods, three kinds and 720p about 150 MB."""


def mapped_frames(windows: Mapping[str, Any], most: int = MOST_FRAMES) -> dict[str, list[int]]:
    """Frames by clip id, in order: the middle frames of the worst windows, those first that occur for most metrics and methods.

    Args:
        windows: As worst_windows() gives them.
        most: Of all clips together.
    """
    found: Counter[tuple[str, int]] = Counter()
    for pairs in windows.values():
        for row in pairs:
            for pair in row:
                for place, (clip, first, last, _) in enumerate(pair):
                    # The worst window counts most: it is what a reader looks at first.
                    found[clip, (first + last) // 2] += len(pair) - place
    by_clip: dict[str, list[int]] = {}
    for clip, frame in sorted(name for name, _ in sorted(found.items(), key=lambda item: (-item[1], item[0]))[:most]):
        by_clip.setdefault(clip, []).append(frame)
    return by_clip

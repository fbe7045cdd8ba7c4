"""The colours of figures on a dark page."""

from __future__ import annotations

_PAPER = 0.008
"""The relative luminance of the dark page."""
_CONTRAST = 4.5
"""At least, of a line with the page (WCAG's for text)."""


def for_dark(colour: str) -> str:
    """``colour`` (#rrggbb), with as much white mixed in as a line on the dark page needs.

    >>> for_dark("#56B4E9")
    '#56b4e9'
    >>> for_dark("#000000")
    '#808080'
    """
    channels = [int(colour[place : place + 2], 16) for place in (1, 3, 5)]
    for white in range(0, 101, 2):
        mixed = [round(value + (255 - value) * white / 100) for value in channels]
        if (_luminance(mixed) + 0.05) / (_PAPER + 0.05) >= _CONTRAST:
            break
    return "#" + "".join(f"{value:02x}" for value in mixed)


def _luminance(channels: list[int]) -> float:
    linear = [value / 255 / 12.92 if value <= 10 else ((value / 255 + 0.055) / 1.055) ** 2.4 for value in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

"""A badge: the last verdict as SVG, for a README or a dashboard."""

from __future__ import annotations

from html import escape
from typing import Final

COLOURS: Final = {"accepted": "#0a6b34", "rejected": "#a81e1e", "incomplete": "#8a6100", "": "#5b636d"}
_PER_LETTER: Final = 6.6
"""Width in pixels, on average."""


def badge(label: str, verdict: str) -> str:
    """The badge: what it is about, and the verdict."""
    shown = verdict or "not finished"
    left, right = (round(_PER_LETTER * len(text) + 12) for text in (label, shown))
    whole = left + right
    name = escape(f"{label}: {shown}", quote=True)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{whole}" height="20" role="img" aria-label="{name}">'
        f"<title>{name}</title>"
        f'<rect width="{whole}" height="20" rx="3" fill="#3a4047"/>'
        f'<rect x="{left}" width="{right}" height="20" rx="3" fill="{COLOURS[verdict]}"/>'
        '<g fill="#fff" font-family="DejaVu Sans,Verdana,sans-serif" font-size="11" text-anchor="middle">'
        f'<text x="{left / 2}" y="14">{escape(label)}</text>'
        f'<text x="{left + right / 2}" y="14">{escape(shown)}</text></g></svg>\n'
    )

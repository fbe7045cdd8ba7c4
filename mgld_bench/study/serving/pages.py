"""The page and its files, made once: no part of it depends on who asks."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined

from mgld_bench.report.page.static_files import STATIC as REPORT_STATIC
from mgld_bench.study.folder import Study
from mgld_bench.study.serving.screen import GAP, needed_window

SCRIPTS: Final = ("base.js", "clock.js", "requests.js", "screen.js", "videos.js", "player.js", "questions.js", "main.js")
"""In the order in which they build on each other."""
STYLES: Final = ("study.css",)
_STATIC: Final = Path(__file__).with_name("static")
_MEDIA_TYPES: Final = {".js": "text/javascript", ".css": "text/css"}

_MESSAGES: Final = {
    "front": ("A study of videos", "To take part, open the link that you were given."),
    "unknown": ("This link is not known", "Check that it was copied in full, or ask whoever sent it to you."),
    "expired": ("This link has expired", "The study takes no more answers from it. Thank you for your interest."),
    "too-many": ("Too many requests", "Wait a moment, then reload the page. What you have answered is kept."),
}
"""Heading and text, by the word of a refusal."""
_FAILED: Final = ("This did not work", "Wait a moment, then reload the page. What you have answered is kept.")


@dataclass(frozen=True)
class StaticFile:
    """A script or style."""

    content: bytes
    media_type: str


def static_files() -> dict[str, StaticFile]:
    """The scripts and styles by their names in addresses. The clock is that of the report's players."""
    folders = {"clock.js": REPORT_STATIC}
    return {
        name: StaticFile((folders.get(name, _STATIC) / name).read_bytes(), _MEDIA_TYPES[Path(name).suffix])
        for name in (*SCRIPTS, *STYLES)
    }


class Pages:
    """All pages of a study as HTML. Every text of the card is escaped."""

    def __init__(self, study: Study) -> None:
        environment = Environment(
            loader=PackageLoader("mgld_bench.study.serving", "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        card = study.card
        page = environment.get_template("study.html.j2").render(
            card=card,
            consent=[text.strip() for text in re.split(r"\n\s*\n", card.consent) if text.strip()],
            rate=study.rate,
            needed=needed_window(study),
            gap=GAP,
            styles=STYLES,
            scripts=SCRIPTS,
        )
        self.study = page.encode()
        self._message = environment.get_template("message.html.j2")

    def message(self, word: str, path: str) -> bytes:
        """A page with a sentence; ``word``: of a RefusedError, or front; ``path``: where it is shown."""
        heading, text = _MESSAGES.get(word, _FAILED)
        return self._message.render(heading=heading, text=text, styles=STYLES, up="../" * (path.count("/") - 1)).encode()

"""What is known of a figure once it is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class WrittenFigure:
    """One figure of the card."""

    name: str
    """Of its files."""
    kind: str
    title: str
    caption: str
    """What the card says of it, then what it states itself: frames, places, normalisation, numbers of votes."""
    files: tuple[Path, ...]
    """PNG, SVG, PDF and LaTeX; none where nothing of it could be drawn."""
    missing: tuple[str, ...]
    """What was asked for and is not shown, with the reason."""

    def record(self, folder: Path) -> dict[str, Any]:
        """What the record of a report in ``folder`` keeps of it."""
        files = [path.relative_to(folder).as_posix() for path in self.files]
        return {"kind": self.kind, "title": self.title, "caption": self.caption, "missing": list(self.missing), "files": files}

    @classmethod
    def from_record(cls, folder: Path, name: str, record: Mapping[str, Any]) -> WrittenFigure:
        """The figure of which the record of a report in ``folder`` keeps this."""
        files = tuple(folder / file for file in record["files"])
        return cls(name, record["kind"], record["title"], record["caption"], files, tuple(record["missing"]))


def missing_figures(figures: tuple[WrittenFigure, ...]) -> str:
    """What the figures lack, in one line; "" where nothing is missing."""
    parts = [
        f"figure {figure.name}{'' if figure.files else ' was not drawn'}: {'; '.join(figure.missing)}"
        for figure in figures
        if figure.missing
    ]
    return " | ".join(parts)

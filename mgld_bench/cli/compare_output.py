"""A comparison in the formats of the verb compare."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mgld_bench.clips.atomic import write_bytes_atomic
from mgld_bench.comparing.comparison import Comparison
from mgld_bench.comparing.gates.check import GateResult
from mgld_bench.comparing.gates.outcome import gate_as_json
from mgld_bench.comparing.players.played import Players
from mgld_bench.comparing.request import protocol_named
from mgld_bench.comparing.show.as_json import as_json
from mgld_bench.comparing.show.render_markdown import render_markdown
from mgld_bench.comparing.show.words import title
from mgld_bench.engine.progress import Progress
from mgld_bench.errors import InputError
from mgld_bench.report.videos.wanted import VideoChoice, VideoWish
from mgld_bench.strict_json import strict

BY_SUFFIX: Final = {".md": "md", ".json": "json", ".xml": "junit", ".html": "html"}


def rendered(comparison: Comparison, gate: GateResult | None, kind: str) -> str:
    """The comparison, with what a gate saw in it, as md, json, junit or html."""
    if kind == "md":
        return render_markdown(comparison, gate)
    if kind == "html":
        # Each only where it is asked for: what writes a page or JUnit's XML takes as long to load as the comparison itself.
        from mgld_bench.comparing.show.render_html import render_html

        return render_html(comparison, gate)
    if kind == "junit":
        from mgld_bench.comparing.show.render_junit import comparison_cases, gate_cases, render_junit

        # A gate decides what fails; without one, "worse" does.
        return render_junit(title(comparison), comparison_cases(comparison) if gate is None else gate_cases(gate))
    content = as_json(comparison) | ({} if gate is None else {"gate": gate_as_json(comparison, gate)})
    return json.dumps(strict(content), indent=1, allow_nan=False) + "\n"


@dataclass(frozen=True)
class Page:
    """What a page needs beside the comparison."""

    workspace: Path
    """Where encoded videos are kept; beside the page where there is no such workspace."""
    cards: tuple[Path, ...]
    choice: VideoChoice
    limit: int
    """Bytes that its videos may take."""
    progress: Progress


def write(comparison: Comparison, gate: GateResult | None, path: Path, page: Page) -> None:
    """Write the comparison in the format of the file's suffix; a page with its players.

    What keeps clips from being played (a frame that has changed since it was scored) takes nothing from the comparison: the page
    states it.
    """
    kind = BY_SUFFIX[path.suffix]
    if kind != "html":
        write_bytes_atomic(path, rendered(comparison, gate, kind).encode())
        return
    from mgld_bench.comparing.players.write import folder_beside, write_players
    from mgld_bench.comparing.show.render_html import render_html

    usable = os.access(page.workspace, os.W_OK)
    kept = page.workspace / "videos" if usable else folder_beside(path) / ".videos"
    protocol = protocol_named(comparison.protocol, page.cards)
    try:
        players = write_players(comparison, protocol, path, VideoWish(kept, page.choice, page.limit), page.progress)
    except InputError as error:
        players = Players(notes=(f"no clip is played: {error}",))
    for note in players.notes:
        page.progress.log(f"note: {note}")
    write_bytes_atomic(path, render_html(comparison, gate, players).encode())

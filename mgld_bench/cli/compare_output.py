"""A comparison in the formats of the verb compare, and the exit code of its gate."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from mgld_bench.clips.atomic import write_bytes_atomic
from mgld_bench.comparing.comparison import Comparison
from mgld_bench.comparing.gates.check import GateResult
from mgld_bench.comparing.players import player_addresses
from mgld_bench.comparing.show.as_json import as_json, gate_as_json
from mgld_bench.comparing.show.render_html import render_html
from mgld_bench.comparing.show.render_junit import comparison_cases, gate_cases, render_junit
from mgld_bench.comparing.show.render_markdown import render_markdown
from mgld_bench.comparing.show.words import title
from mgld_bench.errors import CheckError, IncompleteError
from mgld_bench.strict_json import strict

BY_SUFFIX: Final = {".md": "md", ".json": "json", ".xml": "junit", ".html": "html"}


def rendered(comparison: Comparison, gate: GateResult | None, kind: str) -> str:
    """The comparison, with what a gate saw in it, as md, json, junit or html."""
    if kind == "md":
        return render_markdown(comparison, gate)
    if kind == "html":
        return render_html(comparison, gate)
    if kind == "junit":
        # A gate decides what fails; without one, "worse" does.
        return render_junit(title(comparison), comparison_cases(comparison) if gate is None else gate_cases(gate))
    content = as_json(comparison) | ({} if gate is None else {"gate": gate_as_json(gate)})
    return json.dumps(strict(content), indent=1, allow_nan=False) + "\n"


def require_passed(comparison: Comparison, gate: GateResult | None) -> None:
    """Raise CheckError where a blocking rule is violated, else IncompleteError where something has no result."""
    if gate is not None and gate.failed:
        raise CheckError(f"gate failed: {'; '.join(finding.text for finding in gate.failed)}")
    missing = list(comparison.missing)
    if gate is not None:
        missing += [f"gate has no result: {finding.text}" for finding in gate.without_result]
    if missing:
        raise IncompleteError(f"incomplete: {'; '.join(dict.fromkeys(missing))}")


def write(comparison: Comparison, gate: GateResult | None, path: Path, workspace: Path) -> None:
    """Write the comparison in the format of the file's suffix; a page links to the clips in the workspace's reports."""
    kind = BY_SUFFIX[path.suffix]
    if kind == "html":
        text = render_html(comparison, gate, player_addresses(comparison, workspace, path))
    else:
        text = rendered(comparison, gate, kind)
    write_bytes_atomic(path, text.encode())

"""Options that several verbs share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def _go_offline(asked: bool) -> bool:
    if asked:
        from mgld_bench.weights.offline import go_offline

        go_offline()
    return asked


Workspace = Annotated[Path, typer.Option("--workspace", "-w", help="Folder for pairs, restored clips, results and reports.")]
StoreUrl = Annotated[str, typer.Option("--store", help="Results database (SQLAlchemy URL); default: in the workspace.")]
Cards = Annotated[list[Path] | None, typer.Option("--cards", help="Folder with cards of your own; may be repeated.")]
Device = Annotated[str, typer.Option("--device", help="cpu, cuda, cuda:1; default: cuda where there is one.")]
Precision = Annotated[str, typer.Option("--precision", help="float32, float16 or bfloat16.")]
MaxMemory = Annotated[str, typer.Option("--max-memory", help="Memory a method may use, e.g. 8G; default: half of the device's.")]
Sources = Annotated[list[str] | None, typer.Option("--source", help="DATASET=DIR: where its download lies; repeatable.")]
Offline = Annotated[
    bool,
    typer.Option("--offline", callback=_go_offline, help="Reach no other machine: fail where something would be downloaded."),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]

SkipUnavailable = Annotated[bool, typer.Option("--skip-unavailable", help="Leave out, as a gap, what cannot run here.")]

DEFAULT_WORKSPACE = Path("workspace")


def split_names(text: str) -> tuple[str, ...]:
    """Names of a comma-separated option, in order; () where it is empty."""
    return tuple(name.strip() for name in text.split(",") if name.strip())


def parse_sources(texts: list[str] | None) -> dict[str, Path]:
    """DATASET=DIR options as a mapping."""
    sources = {}
    for text in texts or []:
        name, equals, folder = text.partition("=")
        if not equals or not folder:
            raise typer.BadParameter(f"{text!r}: write DATASET=DIR", param_hint="--source")
        sources[name] = Path(folder)
    return sources

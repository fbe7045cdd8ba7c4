"""The files of every page: scripts and styles, copied from the package."""

from __future__ import annotations

from pathlib import Path

from mgld_bench.clips.atomic import write_bytes_atomic

STATIC = Path(__file__).with_name("static")


def write_static(folder: Path) -> tuple[Path, ...]:
    """Write them into ``folder``; those that are there are replaced."""
    files = sorted(path for path in STATIC.rglob("*") if path.is_file())
    written = [folder / file.relative_to(STATIC) for file in files]
    for target, file in zip(written, files, strict=True):
        write_bytes_atomic(target, file.read_bytes())
    return tuple(written)

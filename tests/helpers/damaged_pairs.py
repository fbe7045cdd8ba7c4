"""Damage to the built pair ``bunny``."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mgld_bench.clips.reading import open_clip
from mgld_bench.clips.writing import write_frame


def edit_side(built: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Change the content of its side file."""
    path = built / "bunny.json"
    side = json.loads(path.read_text())
    change(side)
    path.write_text(json.dumps(side))


def touch_up(path: Path) -> None:
    """Change one sample of a frame by one level."""
    (frame,) = open_clip(path.parent).frames(int(path.stem), int(path.stem) + 1)
    frame = frame.copy()
    frame[0, 0, 0] ^= 1
    write_frame(path, frame)


def flip_byte(path: Path) -> None:
    """Change one byte in the middle of a file."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)

"""Which files belong to a unit at the address of a workspace, by its side file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from mgld_bench.clips.writing import frame_name

_SIDES: Final = ("GT", "LQ")


def is_plain(name: str) -> bool:
    """Whether the name of a file or folder is one that the suite makes: not hidden, and no way out of its folder."""
    return bool(name) and not name.startswith(".") and not set(name) & {"/", "\\", "\0"}


def side_of(data: bytes) -> dict[str, Any] | None:
    """The content of a side file of a pair or a restored clip; None where it is none, or is not whole."""
    try:
        content = json.loads(data)
        sides = [content] if "sha256" in content else [content[side] for side in _sides(content)]
        key, frames = content["key"], [_count(side) for side in sides]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return content if isinstance(key, str) and frames and all(frames) else None


def files_of(clip: str, content: Mapping[str, Any]) -> list[str]:
    """The files of a unit beside its side file, by the content of that."""
    if "sha256" in content:
        return [f"{clip}/{frame_name(index)}" for index in range(len(content["sha256"]))]
    frames = [f"{side}/{clip}/{frame_name(index)}" for side in _sides(content) for index in range(_count(content[side]))]
    streams = [str(stream["file"]) for stream in content.get("streams", ())]
    return [*frames, *(name for name in streams if is_plain(name))]


def same_frames(one: Mapping[str, Any] | None, other: Mapping[str, Any]) -> bool:
    """Whether two side files are of one unit and the same frames."""
    if one is None:
        return False
    return _frames(one) == _frames(other)


def _frames(content: Mapping[str, Any]) -> list[Any]:
    return [content["key"], content.get("sha256"), *(content[side].get("sha256") for side in _sides(content))]


def _sides(content: Mapping[str, Any]) -> list[str]:
    return [side for side in _SIDES if side in content]


def _count(side: Mapping[str, Any]) -> int:
    return len(side["sha256"])

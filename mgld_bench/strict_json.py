"""JSON that every reader accepts (RFC 8259): it has neither infinity nor NaN."""

from __future__ import annotations

import math
from collections.abc import Mapping


def strict(value: object) -> object:
    """``value`` without infinity and NaN, which JSON does not have: null, with a field that says why beside it.

    >>> strict({"seconds": float("inf"), "frames": [1.0, float("nan")]})
    {'seconds': None, 'seconds_is': 'infinite', 'frames': [1.0, None], 'frames_are': {1: 'not a number'}}
    """
    if isinstance(value, Mapping):
        found: dict[object, object] = {}
        for name, part in value.items():
            found[name] = strict(part)
            if (reason := _not_json(part)) and f"{name}_is" not in value:
                found[f"{name}_is"] = reason
            if isinstance(part, (list, tuple)) and f"{name}_are" not in value:
                reasons = {place: reason for place, one in enumerate(part) if (reason := _not_json(one))}
                found |= {f"{name}_are": reasons} if reasons else {}
        return found
    if isinstance(value, (list, tuple)):
        return [strict(part) for part in value]
    return None if _not_json(value) else value


def _not_json(value: object) -> str:
    if not isinstance(value, float) or math.isfinite(value):
        return ""
    return "not a number" if math.isnan(value) else "infinite" if value > 0 else "minus infinite"

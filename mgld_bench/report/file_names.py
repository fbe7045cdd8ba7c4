"""Names of clips as names of files, and any text as a name that a card can have."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence


def file_name(name: str) -> str:
    """``name`` as a file name that works on every system and in addresses; names that had to be changed stay unique."""
    plain = re.sub(r"[^A-Za-z0-9._-]", "_", name)
    return plain if plain == name else f"{plain}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def card_names(titles: Sequence[str]) -> list[str]:
    """Names as cards have them, made of any text; no two are alike.

    >>> card_names(["My method", "my method", "/out/x4 (new)"])
    ['my-method', 'my-method-2', 'out-x4-new']
    """
    found: list[str] = []
    for title in titles:
        plain = re.sub(r"[^a-z0-9._]+", "-", title.casefold()).strip("-._") or "unnamed"
        number = 2
        name = plain
        while name in found:
            name, number = f"{plain}-{number}", number + 1
        found.append(name)
    return found

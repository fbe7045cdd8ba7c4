"""Names of clips as names of files."""

from __future__ import annotations

import hashlib
import re


def file_name(name: str) -> str:
    """``name`` as a file name that works on every system and in addresses; names that had to be changed stay unique."""
    plain = re.sub(r"[^A-Za-z0-9._-]", "_", name)
    return plain if plain == name else f"{plain}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"

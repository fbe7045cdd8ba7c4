"""Output that never fails because of a character that a terminal, or the encoding of a pipe, does not have."""

from __future__ import annotations

import codecs
import io
import sys

_PLAIN = {
    **{"↑": "^", "↓": "v", "→": "->", "–": "-", "—": "-", "…": "...", "±": "+-", "∞": "inf", "×": "x", "≤": "<=", "≥": ">="},
    **{"≈": "~", "✓": "yes", "✗": "no"},
}


def print_whatever_the_encoding() -> None:
    """Write characters that the encoding of stdout or stderr lacks as plain ones, or as a question mark.

    This includes file names that are not UTF-8. Files are always written as UTF-8, whatever the terminal has.
    """
    codecs.register_error("mgld_bench.plain", _plain)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="mgld_bench.plain")


def _plain(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    missing = error.object[error.start : error.end]
    return "".join(_PLAIN.get(character, "?") for character in missing), error.end

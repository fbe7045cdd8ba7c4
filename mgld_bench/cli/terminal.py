"""Output that never fails because of a character, and in which no character of a name acts on the terminal."""

from __future__ import annotations

import codecs
import io
import sys

from mgld_bench.shown_text import visible

_PLAIN = {
    **{"↑": "^", "↓": "v", "→": "->", "–": "-", "—": "-", "…": "...", "±": "+-", "∞": "inf", "×": "x", "≤": "<=", "≥": ">="},
    **{"≈": "~", "✓": "yes", "✗": "no"},
}


def print_whatever_the_encoding() -> None:
    """Write control characters out, and characters that the encoding of stdout or stderr lacks as plain ones or question marks.

    This includes file names that are not UTF-8. Files are always written as UTF-8, whatever the terminal has.
    """
    codecs.register_error("mgld_bench.plain", _plain)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout = Stream(sys.stdout)
    if isinstance(sys.stderr, io.TextIOWrapper):
        sys.stderr = Stream(sys.stderr)


class Stream(io.TextIOWrapper):
    """Standard output or error, in which nothing acts."""

    def __init__(self, stream: io.TextIOWrapper) -> None:
        stream.flush()
        self._replaced = stream  # It would close the file when it goes.
        lines = stream.line_buffering
        super().__init__(stream.buffer, stream.encoding, "mgld_bench.plain", None, lines, stream.write_through)

    def write(self, text: str) -> int:
        """Write ``text`` with its control characters written out."""
        return super().write(visible(text))

    def write_as_is(self, text: str) -> int:
        """Write ``text``, whose control characters act."""
        return super().write(text)


def _plain(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    missing = error.object[error.start : error.end]
    return "".join(_PLAIN.get(character, "?") for character in missing), error.end

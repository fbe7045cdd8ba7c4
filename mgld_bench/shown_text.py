"""Names and texts from files of others, as they are shown: in a terminal, in one line of a table, in a spreadsheet.

A name may hold anything that a file system or YAML allows, and some of that acts where it is printed: escape sequences move a
terminal's cursor and colour its text, characters for the direction of writing turn a line around, a spreadsheet runs formulas.
"""

from __future__ import annotations

import re
from typing import Final

_ACTING: Final = "\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069"
_IN_LINES: Final = re.compile(f"[{_ACTING}]")
_IN_A_NAME: Final = re.compile(f"[\t\n{_ACTING}]")
_FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r")


def visible(text: str) -> str:
    r"""``text`` with its control characters, and those for the direction of writing, written out; line breaks and tabs stay.

    >>> visible("red \x1b[31m"), visible("a\nb")
    ('red \\x1b[31m', 'a\nb')
    """
    return _IN_LINES.sub(_written_out, text)


def visible_name(name: str) -> str:
    r"""A name with all of these written out, line breaks and tabs too.

    >>> visible_name("a\nb"), visible_name("\u7d75 café")
    ('a\\nb', '絵 café')
    """
    return _IN_A_NAME.sub(_written_out, name)


def one_line(text: str) -> str:
    r"""``text`` in one line, without what acts in it.

    >>> one_line("A title\n  of two lines ")
    'A title of two lines'
    """
    return visible_name(" ".join(text.split()))


def for_spreadsheet(text: str) -> str:
    """``text``, with an apostrophe in front where a spreadsheet would take it for a formula.

    >>> for_spreadsheet("=1+1"), for_spreadsheet("ours")
    ("'=1+1", 'ours')
    """
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text


def _written_out(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape").decode("ascii")

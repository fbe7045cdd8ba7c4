"""Names of others are shown, and do nothing."""

from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from mgld_bench.shown_text import one_line, visible, visible_name


@given(st.text())
def test_nothing_in_a_name_acts_and_the_rest_of_it_stays(name: str) -> None:
    shown = visible_name(name)
    assert not any(unicodedata.category(character) in ("Cc", "Zl", "Zp") for character in shown)
    assert not {"RLO", "LRO", "RLE", "LRE", "RLI", "LRI", "PDI"} & {unicodedata.bidirectional(character) for character in shown}
    assert visible(name).splitlines() == [] or visible_name(visible(name)) == shown
    assert len(one_line(name).splitlines()) <= 1


def test_what_is_written_out_can_be_read_back() -> None:
    assert visible_name("a\x1b[0m\n\u202e\x9b") == "a\\x1b[0m\\n\\u202e\\x9b"
    assert visible("a\tb\nc\r") == "a\tb\nc\\r"
    assert visible_name("é 絵 👩‍👩‍👧") == "é 絵 👩‍👩‍👧"

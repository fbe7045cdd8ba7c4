"""doctor: short first, one topic in full, with an exit code for scripts."""

from __future__ import annotations

from tests.helpers.command import Done, call


def doctor(*arguments: str) -> Done:
    return call("doctor", *arguments)


def test_it_is_short_and_a_topic_is_shown_in_full() -> None:
    short = doctor()
    assert short.code == 0, short.err
    assert len(short.out.splitlines()) < 25
    assert "mgld-bench doctor method" in short.out
    assert doctor("bicubic").out.splitlines() == ["ok       method bicubic: can run"]
    missing = doctor("dbvsr")
    assert missing.code == 1
    assert "gaussian_e1r3.pt" in missing.out
    assert missing.err.strip() == "mgld-bench: missing or broken: method dbvsr"
    assert doctor("abacus").code == 2

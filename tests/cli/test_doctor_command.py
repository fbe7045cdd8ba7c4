"""doctor: short first, one topic in full, with an exit code for scripts."""

from __future__ import annotations

import subprocess
import sys


def doctor(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "mgld_bench", "doctor", *arguments], capture_output=True, text=True, check=False)


def test_it_is_short_and_a_topic_is_shown_in_full() -> None:
    short = doctor()
    assert short.returncode == 0, short.stderr
    assert len(short.stdout.splitlines()) < 25
    assert "mgld-bench doctor method" in short.stdout
    assert doctor("bicubic").stdout.splitlines() == ["ok       method bicubic: can run"]
    missing = doctor("dbvsr")
    assert missing.returncode == 1
    assert "gaussian_e1r3.pt" in missing.stdout
    assert missing.stderr.strip() == "mgld-bench: missing or broken: method dbvsr"
    assert doctor("abacus").returncode == 2

"""Tables of what there is: they fit, cut nothing, and show everything about one entry on demand."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mgld_bench.cli.text_table import text_table
from tests.helpers.command import Done, call


def listed(*arguments: str) -> Done:
    return call("list", *arguments)


def test_methods_are_a_table_that_fits() -> None:
    done = listed("methods")
    assert done.code == 0, done.err
    lines = done.out.splitlines()
    assert lines[0].split() == ["name", "title", "state", "to", "fetch", "licence", "trained", "on"]
    assert max(map(len, lines)) <= 100
    assert any(line.startswith("bicubic ") and " ready " in f"{line} " for line in lines)
    assert any(line.startswith("mgld-vsr-stablesr-decoder ") for line in lines)
    assert "/weights/" not in done.out


def test_one_method_is_shown_in_full() -> None:
    done = listed("methods", "dbvsr")
    assert done.code == 0, done.err
    assert "missing: weight file gaussian_e1r3.pt is missing" in done.out
    assert "not pinned: gaussian_e1r3.pt" in done.out
    unknown = listed("methods", "dbvrs")
    assert unknown.code == 2
    assert unknown.err.startswith("mgld-bench: dbvrs: no such entry in methods; did you mean dbvsr")


@pytest.mark.parametrize("width", [10, 30, 60, 200])
def test_no_name_is_cut_and_no_word_is_lost(width: int) -> None:
    rows = [["a-very-long-name-of-a-method", "words of a licence", "ready"], ["b", "", ""]]
    text = " ".join(text_table(["name", "licence", "state"], rows, width)).split()
    words = ["name", "licence", "state", "a-very-long-name-of-a-method", "words", "of", "a", "licence", "ready", "b"]
    assert sorted(text) == sorted(words)


def test_pairs_that_cannot_be_listed_are_a_line_of_their_dataset(tmp_path: Path) -> None:
    folder = tmp_path / "workspace/pairs"
    folder.mkdir(parents=True)
    # A link that leads back to itself cannot be read by anybody, root included.
    (folder / "reds4").symlink_to(folder / "reds4")
    done = listed("datasets", "--json", "--workspace", str(tmp_path / "workspace"))
    assert done.code == 2
    states = {row["name"]: row["state"] for row in json.loads(done.out)}
    assert states["reds4"] == "its pairs cannot be read"
    assert states["demo"] == "ships with a package"
    assert "dataset reds4: its pairs cannot be listed: " in done.err
    assert len(done.err.splitlines()) == 1

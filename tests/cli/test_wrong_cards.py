"""One wrong card hides no other from the lists."""

from __future__ import annotations

import json
from pathlib import Path

from tests.helpers.command import call, process


def test_a_misnamed_card_is_reported_at_the_end_and_the_rest_is_listed(tmp_path: Path) -> None:
    cards = tmp_path / "cards/baselines"
    cards.mkdir(parents=True)
    (cards / "good.yaml").write_text("name: good\nextends: bicubic\n")
    (cards / "file.yaml").write_text("name: different\nextends: bicubic\n")
    (tmp_path / "cards/unclear.yaml").write_text("title: What is this\n")
    answer = call("list", "methods", "--cards", tmp_path / "cards", "--json")
    assert answer.code == 2
    names = {row["name"] for row in json.loads(answer.out)}
    assert {"good", "bicubic", "mgld-vsr"} <= names
    assert not {"file", "different"} & names
    last = answer.err.strip().splitlines()[-1]
    assert "2 cards left out" in last
    assert "file.yaml" in last
    assert "unclear.yaml" in last


def test_a_card_from_a_stranger_can_be_listed_and_runs_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "cards/baselines"
    folder.mkdir(parents=True)
    (tmp_path / "trap.py").write_text("open('was-here', 'w').close()\n")
    (folder / "stranger.yaml").write_text("name: stranger\nrestorer: trap:Method\n")
    (folder / "dots.yaml").write_text('name: dots\nrestorer: ".:x"\n')
    (folder / "program.yaml").write_text("name: program\nrestorer: unittest.__main__:main\n")
    for verb in (("list", "methods", "--json"), ("doctor", "method"), ("weights", "list")):
        answer = process(*verb, "--cards", tmp_path / "cards", cwd=tmp_path)
        assert not (tmp_path / "was-here").exists(), verb
        assert "Traceback" not in answer.err
        shown = answer.out + answer.err
        assert "must be module:Class" in shown and "unittest.__main__ is a program" in shown
        assert verb[0] == "weights" or "stranger" in answer.out
    used = process("cards", "check", "cards", cwd=tmp_path)
    assert used.code == 2 and (tmp_path / "was-here").exists()

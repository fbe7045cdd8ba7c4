"""One wrong card hides no other from the lists."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path


def test_a_misnamed_card_is_reported_at_the_end_and_the_rest_is_listed(tmp_path: Path) -> None:
    cards = tmp_path / "cards/baselines"
    cards.mkdir(parents=True)
    (cards / "good.yaml").write_text("name: good\nextends: bicubic\n")
    (cards / "file.yaml").write_text("name: different\nextends: bicubic\n")
    (tmp_path / "cards/unclear.yaml").write_text("title: What is this\n")
    command = [sys.executable, "-m", "mgld_bench", "list", "methods", "--cards", str(tmp_path / "cards"), "--json"]
    answer = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert answer.returncode == 2
    names = {row["name"] for row in json.loads(answer.stdout)}
    assert {"good", "bicubic", "mgld-vsr"} <= names
    assert not {"file", "different"} & names
    last = answer.stderr.strip().splitlines()[-1]
    assert "2 cards left out" in last
    assert "file.yaml" in last
    assert "unclear.yaml" in last

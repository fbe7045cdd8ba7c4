"""What the campaigns found once, each by name."""

from __future__ import annotations

import json
import shutil
import struct
from pathlib import Path

import pytest

from mgld_bench.cards.loader import load_card
from mgld_bench.comparing.from_scores import read_json
from mgld_bench.errors import CheckError, InputError
from mgld_bench.pairs.stored import read_pair
from mgld_bench.weights.reading import read_state_dict
from tests.campaigns.inputs import YESTERDAY
from tests.weights.test_limits import saved


@pytest.mark.parametrize("line", ["restorer: {name}", "restorer: a:B\npublication: {name}", "extends: {name}"])
def test_a_name_of_70000_characters_does_not_fill_the_screen(tmp_path: Path, line: str) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(f"name: mine\n{line.format(name='x' * 70_000)}\n")
    with pytest.raises(InputError) as caught:
        load_card(str(path), "method")
    assert 1000 < len(str(caught.value)) < 4100
    assert "characters) …" in str(caught.value)
    assert len(str(CheckError("y" * 10_000))) < 4100


@pytest.mark.parametrize("method", [["a"], {"a": 1}])
def test_scores_of_a_method_whose_name_is_no_text(tmp_path: Path, method: object) -> None:
    path = tmp_path / "scores.json"
    path.write_text(json.dumps({"protocol": "p", "frames": "all", "metrics": {}, "method": method, "clips": {}}))
    with pytest.raises(InputError, match="not the output of mgld-bench score --json: TypeError"):
        read_json(path, "x")


@pytest.mark.parametrize("wrong", [[], 0.5, "text", {"source_names": {}}, {"source_names": [1]}, {"source_names": "00000000"}])
def test_a_side_file_whose_source_names_are_none(tmp_path: Path, wrong: object) -> None:
    shutil.copytree(YESTERDAY / "pairs", tmp_path / "pairs")
    path = tmp_path / "pairs/yesterday/realbasicvsr/bunny.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "LQ": wrong}))
    with pytest.raises(InputError, match=r"bunny\.json: LQ(\.source_names: is not a list of names|: is no mapping)"):
        read_pair(tmp_path, "yesterday", "realbasicvsr", "bunny")


def test_a_text_with_a_strange_escape_in_a_pickle_warns_nobody(tmp_path: Path) -> None:
    path = saved(tmp_path / "net.pth", b"\x80\x02S'\\T'\n.")
    with pytest.raises(InputError, match="contains no state dict"):
        read_state_dict(path)
    path.write_bytes(b"\x80\x02" + struct.pack("<B", 0x8A))
    with pytest.raises(InputError, match="refused"):
        read_state_dict(path)

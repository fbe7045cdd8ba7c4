"""A pair's side file whose parts are of a wrong kind is one line with the file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mgld_bench.errors import InputError
from mgld_bench.pairs.stored import read_side


@pytest.mark.parametrize("change", [{"facts": [1]}, {"GT": None}, {"LQ": "x"}, {"made_with": 3}, {"key": 7}])
def test_a_part_of_a_wrong_kind_is_named(tmp_path: Path, change: dict[str, object]) -> None:
    (tmp_path / "a.json").write_text(json.dumps({"key": "k", "facts": {}}))
    assert read_side(tmp_path, "a") == {"key": "k", "facts": {}}
    (tmp_path / "a.json").write_text(json.dumps({"key": "k", **change}))
    with pytest.raises(InputError, match=r"a\.json: .*delete"):
        read_side(tmp_path, "a")

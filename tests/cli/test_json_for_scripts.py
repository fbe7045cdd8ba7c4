"""Every --json is JSON that strict readers accept, and what gives scores gives means, directions and versions with them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mgld_bench.strict_json import strict
from tests.helpers.command import call


def refuse(constant: str) -> None:
    raise AssertionError(f"{constant} is no JSON")


def parse(text: str | bytes) -> object:
    return json.loads(text, parse_constant=refuse)


def test_what_json_lacks_is_null_with_its_reason_beside_it() -> None:
    value = {"a": float("nan"), "b": (1.0, float("-inf")), "c": [{"d": float("inf")}], "e_is": "mine", "e": float("inf")}
    assert strict(value) == {
        "a": None,
        "a_is": "not a number",
        "b": [1.0, None],
        "b_are": {1: "minus infinite"},
        "c": [{"d": None, "d_is": "infinite"}],
        "e_is": "mine",
        "e": None,
    }


@pytest.mark.parametrize(
    "verb",
    [
        "list methods",
        "list reports",
        "doctor",
        "weights list",
        "weights verify",
        "datasets list",
        "run demo --methods bicubic --dry-run",
        "report table1 --datasets reds4 --metrics psnr --format csv",
    ],
)
def test_every_list_is_strict_json(verb: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    done = call(*verb.split(), "--json")
    assert done.code == (3 if verb.startswith("report") else 0), done.err
    assert parse(done.out)


def test_a_card_with_a_number_that_json_lacks(tmp_path: Path) -> None:
    (tmp_path / "odd.yaml").write_text("name: odd\nextends: realbasicvsr\nsalt: .nan\n", encoding="utf-8")
    done = call("cards", "check", tmp_path, "--json")
    assert done.code == 2
    assert parse(done.out)

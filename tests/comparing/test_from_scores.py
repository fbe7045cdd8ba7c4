"""Outputs of `mgld-bench score` as the sides of a comparison."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mgld_bench.errors import InputError
from tests.comparing.conftest import Compared


def output(**changed: Any) -> dict[str, Any]:
    """What score --json prints of one method."""
    found: dict[str, Any] = {
        "protocol": "mgld-2024",
        "frames": "all",
        "metrics": {"psnr.rgb": {"revision": 1, "files": {}}},
        "method": "mine",
        "clips": {"a": {"psnr.rgb": {"value": 30.0, "frames": {"0": 30.0}}}, "b": {"psnr.rgb": {"value": 31.0}}},
        "ground_truth": {"a": "1" * 64, "b": "2" * 64},
        "provenance": {},
    }
    return {**found, **changed}


def write(path: Path, content: object) -> str:
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return str(path)


def test_two_outputs_are_compared(tmp_path: Path, compared: Compared) -> None:
    old = write(tmp_path / "old.json", output())
    infinite = {"a": {"psnr.rgb": {"value": None, "value_is": "infinite: identical frames"}}, "b": {"psnr.rgb": {"value": 31.0}}}
    new = write(tmp_path / "new.json", output(clips=infinite))
    found = compared(old, new)
    assert [line.candidate for line in found.lines] == [f"mine ({new})"]
    assert found.lines[0].wins == 1
    assert found.heading("") == "clips"


def test_one_of_several_methods_is_named(tmp_path: Path, compared: Compared) -> None:
    both = {name: {"clips": {"a": {"psnr.rgb": {"value": value}}}} for name, value in (("x", 30.0), ("y", 31.0))}
    content = output(methods=both)
    path = write(tmp_path / "both.json", content)
    assert compared(f"{path}:x", f"{path}:y").lines[0].paired.mean == 1
    with pytest.raises(InputError, match="holds x, y: name one, as"):
        compared(path, f"{path}:x")
    with pytest.raises(InputError, match="no scores of z: there are x, y"):
        compared(f"{path}:x", f"{path}:z")


def test_other_ground_truth_and_other_revisions_are_refused(tmp_path: Path, compared: Compared) -> None:
    old = write(tmp_path / "old.json", output())
    truth = write(tmp_path / "truth.json", output(ground_truth={"a": "1" * 64, "b": "3" * 64}))
    with pytest.raises(InputError, match=r"not given the same pairs \(ground truth: b\)"):
        compared(old, truth)
    revision = write(tmp_path / "revision.json", output(metrics={"psnr.rgb": {"revision": 2, "files": {}}}))
    with pytest.raises(InputError, match="different revisions of the metric"):
        compared(old, revision)


def test_csv_folders_are_compared_and_say_what_they_do_not_record(tmp_path: Path, compared: Compared) -> None:
    for name, value in (("old", 30.0), ("new", 31.5)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "scores.csv").write_text(f"clip,metric,value,method,note\na,psnr.rgb,{value},mine,\n")
    found = compared(str(tmp_path / "old"), str(tmp_path / "new"))
    assert found.lines[0].paired.mean == 1.5
    assert sum("not recorded" in note for note in found.notes) == 2


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("x.json", "{", "not the output of mgld-bench score --json"),
        ("x.json", "[1]", "it lacks protocol"),
        ("x.json", json.dumps(output(clips={"a": {"psnr.rgb": {"value": None}}})), "must be a number, not None"),
        ("x.json", json.dumps(output(clips=[])), "not the output"),
        ("x.csv", "clip,value\na,1\n", "it has no column metric"),
        ("x.csv", "clip,metric,value\n", "holds no scores"),
        ("x.csv", "clip,metric,value\na,psnr.rgb,nan\n", r"x\.csv:2: the score is nan"),
        ("x.csv", "clip,metric,value\na,psnr.rgb,-inf\n", r"x\.csv:2: the score is -inf"),
        ("x.csv", "clip,metric,value\na,psnr.rgb,good\n", "must be a number, not 'good'"),
        ("x.csv", "clip,metric,value\na,psnr.rgb,1\na,psnr.rgb,2\n", r"x\.csv:3: a second score of a by psnr"),
    ],
)
def test_damaged_files_are_named_with_their_line(
    tmp_path: Path, compared: Compared, name: str, content: str, message: str
) -> None:
    good = write(tmp_path / "good.json", output())
    with pytest.raises(InputError, match=message):
        compared(good, write(tmp_path / name, content))

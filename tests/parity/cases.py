"""Finds the parity fixtures below a folder and compares what our code gives with what they expect."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.parity.fixture import Fixture
from tests.parity.runners import RUNNERS, video_compression

SHIPPED = Path(__file__).parent / "fixtures"


@dataclass(frozen=True)
class Case:
    """One test: a name, what it needs, and the check that returns its problems."""

    name: str
    network: str
    case: str
    check: Callable[[], list[str]] | None
    """None: no runner serves it."""


def find_cases(folder: Path) -> list[Case]:
    """Every fixture below ``folder``, in order of the path. A folder without any is an error: nothing would be tested."""
    cases = [case for path in sorted(folder.rglob("*.json")) for case in cases_of(path, folder)]
    if not cases:
        raise pytest.UsageError(f"--reference {folder}: no parity fixture below this folder")
    return cases


def cases_of(path: Path, folder: Path) -> list[Case]:
    """The cases of one file: parity-*.json with arrays, or a table of video compressions, which has a form of its own."""
    if path.name.startswith("parity-"):
        return array_cases(path, folder)
    facts = json.loads(path.read_text())
    if isinstance(facts, dict) and (facts.get("network"), facts.get("case")) == ("degradation", "video"):
        return video_cases(path, folder, facts)
    return []


def video_cases(path: Path, folder: Path, facts: Mapping[str, Any]) -> list[Case]:
    """One case per row of a table of video compressions."""
    name = path.relative_to(folder).with_suffix("").as_posix()
    return [
        Case(
            f"{name}/{row['source']}-{row['frames']}-{row['codec']}-{row['bit_rate']}",
            facts["network"],
            facts["case"],
            partial(video_compression.row_problems, facts, row),
        )
        for row in facts["rows"]
    ]


def array_cases(path: Path, folder: Path) -> list[Case]:
    """The one case of a fixture with arrays."""
    facts = json.loads(path.read_text())
    runner = RUNNERS.get((facts["network"], facts["case"]))
    name = path.relative_to(folder).with_suffix("").as_posix()
    check = None if runner is None else lambda: problems(Fixture(path), runner)
    return [Case(name, facts["network"], facts["case"], check)]


def problems(fixture: Fixture, runner: Callable[[Fixture], Mapping[str, np.ndarray]]) -> list[str]:
    """What is wrong with the outputs that the runner gives; results that it does not give are wrong too."""
    given = runner(fixture)
    found: list[str | None] = []
    for name, output in fixture.facts["outputs"].items():
        full = given.get(output.get("of", name), given.get(name))
        if full is None:
            if output.get("result"):
                found.append(f"{name}: is a result, but the runner did not return it")
            continue
        found.append(fixture.problem(name, cut(np.asarray(full), output)))
    return [problem for problem in found if problem is not None]


def cut(full: np.ndarray, output: Mapping[str, Any]) -> np.ndarray:
    """The part of a full tensor that an output holds: first ``take`` (indices on the first axis), then ``slice`` per axis."""
    part = full[output["take"]] if "take" in output else full
    return part[tuple(slice(*bounds) for bounds in output["slice"])] if "slice" in output else part

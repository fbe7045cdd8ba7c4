"""The parity tests themselves: what has no runner, and what a runner leaves out, is not passed over."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.parity.cases import SHIPPED, problems
from tests.parity.fixture import Fixture

FOLDER = Path(__file__).parent


@pytest.fixture
def reference(tmp_path: Path) -> Path:
    """A fixture with a runner, one of a network without, and files that are no fixtures."""
    for suffix in (".json", ".npz"):
        shutil.copy(SHIPPED / "degradation" / f"parity-walk-noise{suffix}", tmp_path)
    np.savez(tmp_path / "parity-other.npz", output=np.zeros(2))
    facts = {"network": "unknown", "case": "forward", "outputs": {"output": {"tolerance": {"exact": True}, "result": True}}}
    (tmp_path / "parity-other.json").write_text(json.dumps(facts))
    (tmp_path / "notes.json").write_text("[1, 2]")
    return tmp_path


def run_parity(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", str(FOLDER / "test_parity.py"), "-q", "-p", "no:cacheprovider", *arguments]
    return subprocess.run(command, capture_output=True, text=True)


def test_a_named_fixture_without_a_runner_fails(reference: Path) -> None:
    done = run_parity("--reference", str(reference))
    assert done.returncode == 1
    assert "no runner for network unknown, case forward" in done.stdout
    assert "1 failed, 2 passed" in done.stdout


def test_a_reference_without_fixtures_is_an_error(tmp_path: Path) -> None:
    done = run_parity("--reference", str(tmp_path))
    assert done.returncode == pytest.ExitCode.INTERRUPTED
    assert "no parity fixture below this folder" in done.stderr + done.stdout


def test_results_that_are_not_returned_and_wrong_values_are_problems() -> None:
    fixture = Fixture(SHIPPED / "degradation" / "parity-usm.json")
    right = {name: fixture.arrays[name] for name in ("sharpened", "kernel1d")}
    assert problems(fixture, lambda _: right) == []
    assert problems(fixture, lambda _: {"kernel1d": right["kernel1d"]}) == [
        "sharpened: is a result, but the runner did not return it"
    ]
    (wrong,) = problems(fixture, lambda _: right | {"sharpened": right["sharpened"] + np.float32(0.1)})
    assert wrong.startswith("sharpened: differs by 0.1")

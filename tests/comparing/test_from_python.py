"""mgld_bench.compare: the same as the command, as a table."""

from __future__ import annotations

from pathlib import Path

import pytest

import mgld_bench
from mgld_bench.errors import InputError


def test_a_comparison_is_a_table(example: Path) -> None:
    # Twice: the room of comparisons does not take the function's name.
    for _ in range(2):
        table = mgld_bench.compare("bicubic", "mine", metrics="psnr", workspace=example)
    assert list(table.columns[:4]) == ["dataset", "metric", "reference", "candidate"]
    assert list(table["dataset"]) == ["reds4", "spmcs", "udm10"]
    assert list(table["verdict"]) == ["cannot tell", "better", "better"]
    assert bool((table["low"] < table["difference"]).all())
    assert table.attrs["notes"][0].startswith("REDS4 alone cannot decide")
    against = mgld_bench.compare("mine", baselines=True, margins={"psnr": 5.0}, datasets=["udm10"], workspace=str(example))
    assert set(against["reference"]) == {"bicubic", "realesrgan", "realbasicvsr", "stablesr"}


def test_wrong_arguments_are_named(example: Path) -> None:
    with pytest.raises(InputError, match=r"margins\['psnr'\]: must be a number above 0"):
        mgld_bench.compare("bicubic", "mine", margins={"psnr": 0}, workspace=example)
    with pytest.raises(InputError, match="sides: must be text"):
        mgld_bench.compare("bicubic", 7, workspace=example)  # type: ignore[arg-type]  # on purpose
    with pytest.raises(InputError, match="one side is missing"):
        mgld_bench.compare("bicubic", workspace=example)


def test_a_gate_has_the_outcome_of_the_command(example: Path) -> None:
    rules: dict[str, object] = {"reference": "accepted", "rules": [{"metric": "psnr", "datasets": ["udm10"], "max_drop": 0.1}]}
    passed = mgld_bench.gate_outcome(mgld_bench.compare("bicubic", "mine", workspace=example, gate=rules))
    assert (passed.outcome, passed.exit_code, passed.passed) == ("passed", 0, True)
    failed = mgld_bench.gate_outcome(mgld_bench.compare("mine", "bicubic", workspace=example, gate=rules))
    assert (failed.outcome, failed.exit_code, failed.findings[0].blocks) == ("failed", 1, True)
    assert failed.findings[0].saw.startswith("drop of 0.3")
    incomplete = mgld_bench.gate_outcome(mgld_bench.compare("bicubic", "mine", workspace=example, gate="nightly"))
    assert (incomplete.outcome, incomplete.exit_code) == ("incomplete", 3)
    assert any("gate has no result: dover.fused" in line for line in incomplete.missing)
    with pytest.raises(InputError, match=r"gate: rules\.0\.max_dorp"):
        mgld_bench.compare("mine", "bicubic", gate={**rules, "rules": [{"metric": "psnr", "max_dorp": 1}]}, workspace=example)
    with pytest.raises(InputError, match="no gate was checked"):
        mgld_bench.gate_outcome(mgld_bench.compare("mine", "bicubic", metrics="psnr", workspace=example))

"""The profile verb and the benchmark of methods, in processes of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "methods.py"
SRVGG = "realesr-animevideov3"
TINY = ("--size", "20x12", "--frames", "2", "--device", "cpu")
FLOPS = 2 * 9 * (3 * 64 + 16 * 64 * 64 + 64 * 48) * 20 * 12
"""Of SRVGG on a frame of 20x12: 3x3 convolutions at the size of the input, 2 per multiply-add."""


def run(*command: str | Path, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | variables
    return subprocess.run([sys.executable, *map(str, command)], capture_output=True, text=True, timeout=300, env=environment)


def profile(*arguments: str) -> subprocess.CompletedProcess[str]:
    return run("-m", "mgld_bench", "profile", *arguments)


def test_a_table_with_a_row_for_each_method() -> None:
    told = profile(SRVGG, "bicubic", *TINY)
    assert told.returncode == 0, told.stderr
    heading, network, bicubic, *facts = told.stdout.splitlines()
    assert heading.split() == ["method", "parameters", "trained", "GFLOPs/frame", "s/frame", "memory", "process"]
    assert network.split()[:4] == [SRVGG, "0.62M", "0.62M", f"{FLOPS / 1e9:.2f}"]
    assert bicubic.split()[:4] == ["bicubic", "0", "0", "-"]
    assert float(network.split()[4]) > 0
    text = "\n".join(facts)
    assert f"{SRVGG}: weights: those of its card" in text
    assert "input: 2 frames of 20x12 (a moving texture), output 80x48; cpu" in text
    assert "2 per multiply-add" in text
    assert f"{SRVGG}: timed run 1:" in told.stderr


def test_json_for_scripts() -> None:
    told = profile("bsrgan", *TINY, "--json", "--max-memory", "60M")
    assert told.returncode == 0, told.stderr
    (row,) = json.loads(told.stdout)
    assert row["method"] == "bsrgan"
    assert row["weights"] == "random but fixed, since BSRGAN.pth is not here"
    assert row["parameters"] == row["trained"] == {"network": 16_697_987}
    assert row["flops_per_frame"] > 0
    assert row["seconds_per_frame"] > 0
    assert row["peak_resident"] > row["resident_increase"] >= 0
    assert (row["width"], row["height"], row["frames"], row["peak_gpu"]) == (20, 12, 2, None)


def test_wrong_use_is_one_line() -> None:
    for arguments, reason in (
        (("bicubik",), 'did you mean "bicubic"'),
        (("bicubic", "--size", "128"), "--size 128: write WIDTHxHEIGHT"),
        (("bicubic", "--frames", "0"), "--frames"),
        (("results",), "finished results of another program"),
        (("bicubic", "--precision", "float8"), "--precision"),
        (("bicubic", "--device", "cpu", "--precision", "float16"), "a CPU computes in float32"),
        (("bicubic", "--max-memory", "plenty"), "--max-memory"),
    ):
        told = profile(*arguments)
        assert told.returncode == 2, (arguments, told.stderr)
        assert "Traceback" not in told.stderr
        assert reason in told.stderr
        assert told.stdout == ""


@pytest.fixture
def cards(tmp_path: Path) -> dict[str, str]:
    """Variables that make a method known whose process dies."""
    (tmp_path / "dying.py").write_text(
        "import os\nfrom mgld_bench.methods.restorer import Restorer\n\n\n"
        "class Dying(Restorer):\n    def restore(self, clip, start=0):\n        os._exit(9)\n"
    )
    (tmp_path / "cards/baselines").mkdir(parents=True)
    (tmp_path / "cards/baselines/dying.yaml").write_text("name: dying\nrestorer: dying:Dying\n")
    return {"MGLD_BENCH_CARDS": str(tmp_path / "cards"), "PYTHONPATH": str(tmp_path)}


def test_what_is_measured_is_shown_although_another_method_fails(cards: dict[str, str]) -> None:
    told = run("-m", "mgld_bench", "profile", "bicubic", "dying", *TINY, **cards)
    assert told.returncode == 2
    assert told.stdout.splitlines()[1].startswith("bicubic")
    assert "mgld-bench: method dying: its process was killed" in told.stderr


def test_the_benchmark_goes_on_after_a_failure_and_tells_it(cards: dict[str, str]) -> None:
    told = run(BENCHMARK, "--methods", f"dying,{SRVGG},bicubic", *TINY, **cards)
    assert told.returncode == 1, told.stderr
    rows = {line.split()[0]: line for line in told.stdout.splitlines() if line}
    assert "failed: method dying: its process was killed" in rows["dying"]
    assert rows[SRVGG].split()[1:3] == ["0.62M", f"{FLOPS / 1e9:.1f}"]
    assert rows["bicubic"].split()[1:3] == ["0", "-"]
    assert run(BENCHMARK, "--methods", "bicubic", *TINY).returncode == 0
    assert "bicubik" in run(BENCHMARK, "--methods", "bicubik").stderr

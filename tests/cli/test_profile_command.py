"""The profile verb, and the benchmark of methods that stands on it; the methods run in processes of their own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import methods
import pytest

from mgld_bench.cards.loader import list_cards, load_method
from mgld_bench.cli.main import app
from mgld_bench.engine.kept_profiles import kept_profiles, profile_identity
from mgld_bench.engine.profiling import ProfileInput
from mgld_bench.engine.store import open_store

BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "methods.py"
SRVGG = "realesr-animevideov3"
TINY = ("--size", "20x12", "--frames", "2", "--device", "cpu")
FLOPS = 2 * 9 * (3 * 64 + 16 * 64 * 64 + 64 * 48) * 20 * 12
"""Of SRVGG on a frame of 20x12: 3x3 convolutions at the size of the input, 2 per multiply-add."""


def profile(*arguments: str) -> int:
    """The verb's exit code; what it prints goes to the test's own outputs."""
    with pytest.raises(SystemExit) as ended:
        app(["profile", *arguments])
    return int(ended.value.code or 0)


@pytest.fixture(autouse=True)
def methods_of_their_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No weights beyond those of packages; a method that takes its process with it."""
    monkeypatch.setenv("MGLD_BENCH_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("MGLD_BENCH_CARDS", str(tmp_path / "cards"))
    (tmp_path / "cards/baselines").mkdir(parents=True)
    (tmp_path / "cards/baselines/dying.yaml").write_text("name: dying\nrestorer: dying_method:Dying\n")
    (tmp_path / "dying_method.py").write_text(
        "import os\nfrom mgld_bench.methods.restorer import Restorer\n\n\n"
        "class Dying(Restorer):\n    def restore(self, clip, start=0):\n        os._exit(9)\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    # Results are kept in ./workspace.
    monkeypatch.chdir(tmp_path)


def test_a_table_with_a_row_for_each_method(capfd: pytest.CaptureFixture[str]) -> None:
    assert profile(SRVGG, "bicubic", *TINY) == 0
    answer = capfd.readouterr()
    heading, network, bicubic, *facts = answer.out.splitlines()
    assert heading.split() == ["method", "parameters", "trained", "GFLOPs/frame", "s/frame", "memory", "process"]
    assert network.split()[:4] == [SRVGG, "0.62M", "0.62M", f"{FLOPS / 1e9:.2f}"]
    assert bicubic.split()[:4] == ["bicubic", "0", "0", "-"]
    assert float(network.split()[4]) > 0
    text = "\n".join(facts)
    assert f"{SRVGG}: weights: those of its card" in text
    assert "input: 2 frames of 20x12 (a moving texture), output 80x48; cpu" in text
    assert "2 per multiply-add" in text
    assert f"{SRVGG}: timed run 1:" in answer.err
    assert f"{SRVGG}: first frame after" in text
    card = load_method(SRVGG)
    with open_store("", Path("workspace"), create=False) as store:
        (kept,) = kept_profiles(store, [profile_identity(card, ProfileInput(20, 12, 2))])
        assert kept_profiles(store, [profile_identity(card, ProfileInput(20, 12, 3))]) == []
    assert (kept.result.total_parameters, kept.weights, kept.random) == (621_424, "those of its card", False)
    assert 0 < (kept.result.seconds_to_first_frame or 0) <= 2 * max(kept.result.seconds)
    assert kept.origin.parts["device"] == "cpu"


def test_json_for_scripts(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "cards/baselines/gone.yaml").write_text(
        f"name: gone\nextends: {SRVGG}\nweights: {{network: {{file: gone.pth}}}}\n"
    )
    assert profile("gone", "--size", "64x60", "--frames", "1", "--device", "cpu", "--max-memory", "5M", "--json") == 0
    (row,) = json.loads(capfd.readouterr().out)
    assert (row["method"], row["weights"]) == ("gone", "random but fixed, because gone.pth is missing")
    assert row["parameters"] == row["trained"] == {"network": row["total_parameters"]}
    assert row["seconds_per_frame"] > 0
    assert row["peak_resident"] > row["resident_increase"] >= 0
    assert (row["width"], row["height"], row["frames"], row["peak_gpu"]) == (64, 60, 1, None)
    # 5 MB hold a tile and not the frame; what tiles see twice is computed twice.
    assert row["notes"]["tile"].startswith("32 px")
    assert row["flops_per_frame"] > FLOPS / (20 * 12) * (64 * 60)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("bicubik",), "did you mean bicubic"),
        (("bicubic", "--size", "128"), "--size 128: write WIDTHxHEIGHT"),
        (("bicubic", "--frames", "0"), "--frames"),
        (("results",), "finished results of another program"),
        (("bicubic", "--precision", "float8"), "--precision float8"),
        (("bicubic", "--device", "cpu", "--precision", "float16"), "a CPU computes in float32"),
        (("bicubic", "--max-memory", "plenty"), "--max-memory plenty"),
    ],
)
def test_wrong_use_is_one_line(arguments: tuple[str, ...], reason: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert profile(*arguments) == 2
    answer = capfd.readouterr()
    assert reason in answer.err
    assert "Traceback" not in answer.err
    assert answer.out == ""


def test_what_is_measured_is_shown_although_another_method_fails(capfd: pytest.CaptureFixture[str]) -> None:
    assert profile("bicubic", "dying", *TINY) == 2
    answer = capfd.readouterr()
    assert answer.out.splitlines()[1].startswith("bicubic")
    assert "mgld-bench: method dying: its process was killed" in answer.err
    assert "Traceback" not in answer.err


def test_the_benchmark_continues_after_a_failure_and_reports_it(tmp_path: Path) -> None:
    command = [sys.executable, str(BENCHMARK), "--methods", "dying,bicubic", *TINY]
    path = os.pathsep.join(filter(None, (str(tmp_path), os.environ.get("PYTHONPATH"))))
    found = os.environ | {"PYTHONPATH": path}
    answer = subprocess.run(command, capture_output=True, text=True, timeout=300, env=found)
    assert answer.returncode == 1, answer.stderr
    rows = {line.split()[0]: line for line in answer.stdout.splitlines() if line}
    assert "failed: method dying: its process was killed" in rows["dying"]
    assert rows["bicubic"].split()[1:3] == ["0", "-"]
    assert "bicubic (2 of 2)" in answer.stderr


def test_the_benchmark_stands_for_every_method_that_is_neither_diffusion_nor_finished() -> None:
    chosen = methods.chosen_cards("")
    names = {name for first, others in chosen.items() for name in (first.name, *others)}
    left_out = {entry.name for entry in list_cards("method")} - names
    assert {"results", "mgld-vsr", "stablesr"} <= left_out
    assert all(name == "results" or name.startswith(("mgld-vsr", "stablesr")) for name in left_out)
    assert {"realesrgan", "realesrgan-official", "bsrgan"} <= names
    assert sum(first.restorer.endswith(":RRDBNetRestorer") for first in chosen) == 1
    assert [card.name for card in methods.chosen_cards("bicubic, bsrgan")] == ["bicubic", "bsrgan"]


def test_an_interruption_shows_what_is_measured_and_does_not_promise_to_resume() -> None:
    # As long a clip as nobody waits for. A session of its own, whose processes all get the signal, as at a terminal.
    command = [sys.executable, "-m", "mgld_bench", "profile", "bicubic", SRVGG, "--size", "320x180", "--frames", "50"]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)
    assert child.stderr is not None
    while f"{SRVGG}: first run" not in (line := child.stderr.readline()):
        assert line, "it ended by itself"
    os.killpg(child.pid, signal.SIGINT)
    shown, answer = child.communicate(timeout=60)
    assert child.returncode == 130
    assert "what was measured is printed below" in answer
    assert "resume" not in answer
    assert "bicubic" in shown

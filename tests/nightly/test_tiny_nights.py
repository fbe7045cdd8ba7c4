"""Nights on checkpoints of mgld-vsr-tiny, one of them damaged and one broken; the long form on the demo's clips, by processes."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mgld_bench.methods.tiny_checkpoint import write_tiny_checkpoint
from tests.helpers.command import call
from tests.helpers.night_suite import write_night_cards
from tests.helpers.project import ROOT
from tests.helpers.run_state import files
from tests.helpers.stand_ins import write_program

TINY = ("--method", "mgld-vsr-tiny", "--role", "decoder", "--device", "cpu", "--quiet")


def aged(path: Path, seconds: float) -> Path:
    """The file as one that was written some time ago, which no night waits for."""
    moment = path.stat().st_mtime - seconds
    os.utime(path, (moment, moment))
    return path


def test_a_damaged_checkpoint_is_rejected_and_a_broken_file_passed_over(tmp_path: Path) -> None:
    cards, folder = write_night_cards(tmp_path / "cards", ["bunny-left"]), tmp_path / "checkpoints"
    arguments = ("nightly", "watch", "--checkpoint", folder, *TINY, "--cards", cards, "--workspace", tmp_path / "workspace")
    aged(write_tiny_checkpoint(folder / "step1.safetensors", 1), 300)
    first = call(*arguments)
    assert first.code == 0, first.err
    aged(write_tiny_checkpoint(folder / "step2.safetensors", 2, damage=0.02), 200)
    damaged = call(*arguments, "--confirm", "0")
    assert damaged.code == 1
    assert "worse than the accepted night 1 (worse on 1 of 1 clips)" in damaged.err
    before = files(tmp_path / "workspace")
    whole = (folder / "step1.safetensors").read_bytes()
    aged(folder / "step2.safetensors", 0).write_bytes(whole[: len(whole) // 2])
    aged(folder / "step2.safetensors", 200)
    again = call(*arguments)
    assert again.code == 0
    assert "passed over: step2.safetensors" in again.out + again.err
    assert "nothing new: this checkpoint had its night already, night 1" in again.out
    assert files(tmp_path / "workspace") == before


@pytest.mark.slow
def test_three_nights_on_the_demo_with_kill_9_and_the_same_night_twice(tmp_path: Path) -> None:
    workspace, folder = tmp_path / "workspace", tmp_path / "checkpoints"
    command = [sys.executable, "-m", "mgld_bench", "nightly", "demo", "--checkpoint", str(folder), *TINY]
    command += ["--workspace", str(workspace)]

    def night() -> subprocess.CompletedProcess[str]:
        return subprocess.run(command, capture_output=True, text=True, timeout=900, check=False)

    aged(write_tiny_checkpoint(folder / "step1.safetensors", 1), 300)
    first = night()
    assert first.returncode == 0, first.stderr
    aged(write_tiny_checkpoint(folder / "step2.safetensors", 2, damage=0.02), 200)
    damaged = night()
    assert damaged.returncode == 1
    assert "demo psnr.rgb" in damaged.stderr
    assert "worse on 2 of 2 clips" in damaged.stderr
    assert "(confirmed by a second run)" in damaged.stderr
    aged(write_tiny_checkpoint(folder / "step3.safetensors", 3), 100)
    # Still being written, and later than all.
    whole = (folder / "step3.safetensors").read_bytes()
    (folder / "step4.safetensors").write_bytes(whole[:1_000_000])
    done = set((workspace / "restored/demo").glob("*/*.json"))
    killed = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    deadline = time.monotonic() + 300
    while set((workspace / "restored/demo").glob("*/*.json")) == done:
        assert killed.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.02)
    os.killpg(killed.pid, signal.SIGKILL)
    killed.wait()
    third = night()
    assert third.returncode == 0, third.stderr
    assert "step3.safetensors: accepted" in third.stdout
    again = night()
    assert (again.returncode, "nothing new" in again.stdout) == (0, True)
    history = json.loads(call("nightly", "history", "demo", "--workspace", workspace, "--json").out)
    assert [entry["verdict"] for entry in history] == ["accepted", "rejected", "accepted"]
    assert [entry["is"] for entry in history] == [["anchor"], [], ["reference"]]


@pytest.mark.slow
def test_what_the_document_lets_a_reader_try_ends_as_printed(tmp_path: Path) -> None:
    text = (ROOT / "docs/nightly.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"^## Try it\n.*?^```\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    lines = [re.sub(r"# (\d): .*", r"; [ $? = \1 ] || exit 9", line) for line in block.splitlines()]
    assert sum("exit 9" in line for line in lines) == 4
    program, place = write_program(tmp_path / "bin", ROOT), tmp_path / "here"
    place.mkdir()
    environment = {**os.environ, "PATH": f"{program}{os.pathsep}{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        ["bash", "-c", "\n".join(lines)], cwd=place, env=environment, capture_output=True, text=True, timeout=900, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "passed over: step4.safetensors" in done.stdout

"""Nights on which something is wrong: the method crashes, gives other frames or takes long; the disk fills."""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.command import Done, call
from tests.helpers.moody_method import MOOD
from tests.helpers.night_suite import write_checkpoint, write_night_cards
from tests.helpers.project import ROOT


@dataclass(frozen=True)
class Site:
    """Where the nights of a test happen: one clip, a method with moods."""

    top: Path

    @property
    def arguments(self) -> list[str]:
        here = self.top
        return [
            *("nightly", "watch", "--checkpoint", str(here / "checkpoints"), "--cards", str(here / "cards")),
            *("--workspace", str(here / "workspace"), "--device", "cpu", "--quiet"),
        ]

    @property
    def command(self) -> str:
        """For a shell."""
        return f"PYTHONPATH={ROOT} {shlex.join([sys.executable, '-m', 'mgld_bench', *self.arguments])}"

    def night(self, *more: str, mood: str = "", step: int = 0) -> Done:
        """A night, on a new checkpoint where ``step`` is given."""
        if step:
            write_checkpoint(self.top / "checkpoints" / f"step{step}.pth", step, age=1000 - step)
        if mood:
            (self.top / "mood").write_text(mood)
        return call(*self.arguments, *more)

    def last(self) -> dict[str, Any]:
        nights: list[dict[str, Any]] = json.loads(
            call("nightly", "history", "watch", "--workspace", self.top / "workspace", "--json").out
        )
        return nights[-1]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    write_night_cards(tmp_path / "cards", ["bunny-left"], "tests.helpers.moody_method:Moody")
    monkeypatch.setenv(MOOD, str(tmp_path / "mood"))
    return Site(tmp_path)


def test_trouble_is_an_incomplete_night_and_the_next_one_goes_on(here: Site) -> None:
    assert here.night(step=1).code == 0

    crashed = here.night(step=2, mood="crash")
    assert crashed.code == 3
    assert "RuntimeError: out of luck" in crashed.err
    assert "Traceback" not in crashed.err
    assert (here.last()["verdict"], here.last()["is"]) == ("incomplete", [])

    other = here.night(mood="inverted")
    assert other.code == 3
    assert "not repeatable: a second run of the same checkpoint raises no alarm, the first did: quality:" in other.err
    assert (here.last()["night"], here.last()["verdict"]) == (2, "incomplete")

    assert here.night(step=3).code == 0
    slow = here.night(step=4, mood="slow")
    assert slow.code == 3
    assert "times as long per frame as usual, look at the machine; its scores are complete: not worse than" in slow.err
    assert (here.last()["verdict"], here.last()["is"]) == ("incomplete", [])


def test_a_disk_that_fills_leaves_a_night_that_resumes(here: Site) -> None:
    """As far as the database: it may not grow any more. Needs no rights."""
    assert here.night(step=1).code == 0
    write_checkpoint(here.top / "checkpoints/step2.pth", 2)
    blocks = (here.top / "workspace/results.sqlite").stat().st_size // 1024
    # A measurement of coverage would write its own file, and fail too.
    full = shell(f"unset COVERAGE_PROCESS_START COVERAGE_PROCESS_CONFIG; ulimit -f {blocks}; {here.command}")
    assert full.returncode == 3, full.stderr
    assert "is incomplete" in full.stderr
    assert "Traceback" not in full.stderr
    assert here.night().code == 0
    assert (here.last()["night"], here.last()["verdict"]) == (2, "accepted")


@pytest.mark.slow
@pytest.mark.parametrize("free", [0, 16, 40, 64])
def test_a_file_system_of_its_own_that_is_full(here: Site, free: int) -> None:
    if shell("unshare -rm mount -t tmpfs -o size=64k tmpfs /mnt").returncode:
        pytest.skip("this kernel lets no user mount anything")
    assert here.night(step=1).code == 0
    write_checkpoint(here.top / "checkpoints/step2.pth", 2)
    shutil.move(here.top / "workspace", here.top / "first")
    (here.top / "workspace").mkdir()
    done = shell(
        f"""unshare -rm bash -c '
        mount -t tmpfs -o size=64m tmpfs workspace && cp -a first/. workspace
        mount -o remount,size=$(($(df --output=used -k workspace | tail -1) + {free}))k workspace
        {here.command}; echo first $?
        mount -o remount,size=64m workspace
        {here.command}; echo second $?; ls workspace/nightly/watch/compact'""",
        here.top,
    )
    # With 64 KB, only the pages have no room: they are written later.
    assert f"first {0 if free == 64 else 3}\n" in done.stdout, done.stderr
    assert "second 0\n" in done.stdout, done.stderr
    assert "night-2.html" in done.stdout
    assert "Traceback" not in done.stderr


def shell(command: str, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=300, check=False, cwd=folder)


def test_different_pairs_leave_a_night_that_somebody_can_accept(here: Site) -> None:
    assert here.night(step=1).code == 0
    card = here.top / "cards/datasets/street.yaml"
    card.write_text(card.read_text().replace("first_frame: 20", "first_frame: 60"))
    shutil.rmtree(here.top / "workspace/pairs")
    done = here.night(step=2)
    assert done.code == 3
    assert "were not given the same pairs" in done.err
    assert "where that is meant: mgld-bench nightly accept 2" in done.err
    assert call("nightly", "accept", "2", "--why", "new pairs", "--workspace", here.top / "workspace").code == 0
    assert here.last()["is"] == ["reference", "anchor"]

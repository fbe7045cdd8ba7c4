"""Nights as a user has them: real processes, real clips, real checkpoints, one of them damaged."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.command import Done, call
from tests.helpers.night_suite import write_checkpoint, write_night_cards
from tests.helpers.resealed import reseal


@dataclass(frozen=True)
class Site:
    """Where the nights of a test happen."""

    cards: Path
    workspace: Path
    checkpoints: Path

    @property
    def arguments(self) -> list[str]:
        return [
            *("nightly", "watch", "--checkpoint", str(self.checkpoints), "--cards", str(self.cards)),
            *("--workspace", str(self.workspace), "--device", "cpu", "--quiet"),
        ]

    def night(self, *more: str) -> Done:
        return call(*self.arguments, *more)

    def history(self) -> list[dict[str, Any]]:
        found = call("nightly", "history", "watch", "--workspace", self.workspace, "--json")
        nights: list[dict[str, Any]] = json.loads(found.out)
        return nights


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> tuple[Site, Done]:
    """The first night, by a process of its own."""
    folder = tmp_path_factory.mktemp("first")
    here = Site(write_night_cards(folder / "cards"), folder / "workspace", folder / "checkpoints")
    write_checkpoint(here.checkpoints / "step1.pth", 1, age=300)
    done = subprocess.run([sys.executable, "-m", "mgld_bench", *here.arguments], capture_output=True, text=True, timeout=300)
    return here, Done(done.returncode, done.stdout, done.stderr)


def copy(first: tuple[Site, Done], folder: Path) -> Site:
    """The same after its first night, to go on from."""
    here, done = first
    assert done.code == 0, done.err
    copied = Site(folder / "cards", folder / "workspace", folder / "checkpoints")
    for name in ("cards", "workspace", "checkpoints"):
        shutil.copytree(getattr(here, name), getattr(copied, name))
    return copied


@pytest.fixture(scope="module")
def three(first: tuple[Site, Done], tmp_path_factory: pytest.TempPathFactory) -> tuple[Site, list[Done]]:
    """Three nights, the second on a damaged checkpoint."""
    here, done = copy(first, tmp_path_factory.mktemp("three")), [first[1]]
    write_checkpoint(here.checkpoints / "step2.pth", 2, damage=0.05, age=200)
    done.append(here.night())
    write_checkpoint(here.checkpoints / "step3.pth", 3, age=100)
    # Still being written.
    (here.checkpoints / "step4.pth").write_bytes((here.checkpoints / "step3.pth").read_bytes()[:500])
    done.append(here.night("--json"))
    return here, done


def test_the_first_complete_night_is_the_reference_the_damaged_one_is_rejected_the_third_accepted(
    three: tuple[Site, list[Done]],
) -> None:
    here, (first, second, third) = three
    assert (first.code, second.code, third.code) == (0, 1, 0), first.err + second.err + third.err
    assert "the first complete night" in first.out
    assert "street psnr.rgb" in second.err
    assert "worse than the accepted night 1" in second.err
    assert "worse on 4 of 4 clips" in second.err
    assert "confirmed by a second run" in second.err
    assert json.loads(third.out)["checkpoint"].endswith("step3.pth")
    nights = here.history()
    assert [night["verdict"] for night in nights] == ["accepted", "rejected", "accepted"]
    assert [night["is"] for night in nights] == [["anchor"], [], ["reference"]]
    assert all(night["run"] for night in nights)


def test_the_same_night_again_does_nothing_new(three: tuple[Site, list[Done]]) -> None:
    here, _ = three
    before = units(here)
    again = here.night()
    assert again.code == 0
    assert "nothing new" in again.out
    assert units(here) == before
    assert len(here.history()) == 3


def test_the_index_shows_every_night_and_links_to_its_page(three: tuple[Site, list[Done]]) -> None:
    here, (_, second, _) = three
    folder = here.workspace / "nightly/watch/compact"
    index = (folder / "index.html").read_text()
    assert "street: psnr.rgb" in index
    assert index.count('class="rejected"><title>night 2, rejected') == 4
    for number in (1, 2, 3):
        assert f'href="night-{number}.html"' in index
        assert (folder / f"night-{number}.html").is_file()
    assert "accepted" in (folder / "badge.svg").read_text()
    page = (folder / "night-2.html").read_text()
    assert "confirmed by a second run" in page
    assert (folder / "night-2-with-1.html").is_file()
    assert 'href="night-2-with-1.html"' in page
    assert 'href="night-2-with-1.html#clip=street/bikes-' in page.replace("%2F", "/")
    assert "bikes-left" in (folder / "night-2-with-1.files/data/report.js").read_text()
    assert "http" not in index.replace("http-equiv", "")
    assert f"page: {folder / 'night-2.html'}" in second.out


def test_clean_states_what_it_would_free_and_keeps_reference_and_anchor(three: tuple[Site, list[Done]], tmp_path: Path) -> None:
    here = copy((three[0], three[1][0]), tmp_path)
    folders = set((here.workspace / "restored/street").iterdir())
    pages = here.workspace / "nightly/watch/compact"
    # A second name of what a page plays, as on a disk that is not copied.
    played = next(path for path in (pages / "night-2-with-1.files").rglob("*.mp4"))
    kept = here.workspace / "videos/zz/kept.mp4"
    kept.parent.mkdir()
    kept.hardlink_to(played)
    arguments = ("nightly", "clean", "watch", "--keep", "0", "--workspace", str(here.workspace))
    stated = call(*arguments)
    assert "would free" in stated.out
    assert f"night 2: {pages / 'night-2-with-1.files'}: " in stated.out
    assert set((here.workspace / "restored/street").iterdir()) == folders
    assert "freed:" in call(*arguments, "--yes").out
    assert not kept.exists()
    assert not [path.name for path in pages.iterdir() if path.name.startswith("night-2-with")]
    assert "night-2-with-1" not in (pages / "night-2.html").read_text()
    assert (pages / "night-3-with-1.files").is_dir()
    names = {night["night"]: night["name"] for night in here.history()}
    left = {path.name for path in (here.workspace / "restored/street").iterdir()}
    assert left == {names[1], names[3]}
    assert "nothing to free" in call(*arguments).out


def test_a_night_that_took_twice_as_long_is_incomplete_until_somebody_accepts_it(
    three: tuple[Site, list[Done]], tmp_path: Path
) -> None:
    here = copy((three[0], three[1][0]), tmp_path)
    with closing(sqlite3.connect(here.workspace / "results.sqlite")) as database, database:
        database.execute("UPDATE nights SET facts = json_set(facts, '$.cost.seconds', 1e-5)")
    database.close()
    write_checkpoint(here.checkpoints / "step5.pth", 5)
    slow = here.night()
    assert slow.code == 3
    assert "times as long per frame as usual, look at the machine; its scores are complete: not worse than" in slow.err
    assert call("nightly", "accept", "4", "--why", "a new machine", "--workspace", str(here.workspace)).code == 0
    assert here.history()[-1]["is"] == ["reference", "anchor"]


def test_the_scores_of_a_night_are_found_by_its_units(three: tuple[Site, list[Done]]) -> None:
    here, _ = three
    with closing(sqlite3.connect(here.workspace / "results.sqlite")) as database, database:
        for (text,) in database.execute("SELECT units FROM nights").fetchall():
            keys = json.loads(text)
            assert len(keys) == 8
            marks = ",".join("?" * len(keys))
            (count,) = database.execute(f"SELECT count(*) FROM clip_scores WHERE unit IN ({marks})", keys).fetchone()
            assert count == 8


def test_a_repetition_on_the_same_machine_finds_the_same_scores(three: tuple[Site, list[Done]]) -> None:
    here, _ = three
    again = here.night("--again", "--json")
    assert again.code == 0, again.err
    found = json.loads(again.out)
    assert found["kind"] == "identity"
    assert found["why"].startswith("identity: every score is as in night 3")
    assert [night["night"] for night in here.history() if "reference" in night["is"]] == [3]


def units(here: Site) -> list[Any]:
    with closing(sqlite3.connect(here.workspace / "results.sqlite")) as database, database:
        return database.execute("SELECT key, finished_at FROM units ORDER BY key").fetchall()


def test_a_score_that_moved_is_an_identity_alarm_that_names_what_is_different(first: tuple[Site, Done], tmp_path: Path) -> None:
    here = copy(first, tmp_path)
    with closing(sqlite3.connect(here.workspace / "results.sqlite")) as database, database:
        # As if another driver and another torch had made them, before scores had seals.
        (text,) = database.execute("SELECT facts FROM nights").fetchone()
        facts = json.loads(text)
        facts["environment"]["driver"] = "NVIDIA 550.1"
        facts["environment"]["versions"]["torch"] = "2.5.0"
        database.execute("UPDATE nights SET facts = ?", [json.dumps(facts)])
        database.execute(
            "UPDATE clip_scores SET value = value + 0.01, notes = json_remove(notes, '$.seal') "
            "WHERE unit IN (SELECT key FROM units WHERE metric = 'psnr.rgb')"
        )
    reseal(here.workspace / "results.sqlite")
    alarm = here.night()
    assert alarm.code == 1
    assert "identity: 4 scores of the same checkpoint are not as in night 1" in alarm.err
    assert "different since: versions torch, driver" in alarm.err.replace("driver, versions torch", "versions torch, driver")
    assert "the restored frames are the same bytes, the scores are not" in alarm.err
    assert "confirmed by a second run" in alarm.err
    assert [night["is"] for night in here.history()] == [["reference", "anchor"], []]


def test_accepting_a_rejected_night_by_hand_makes_it_the_reference_and_the_anchor(
    first: tuple[Site, Done], tmp_path: Path
) -> None:
    here = copy(first, tmp_path)
    write_checkpoint(here.checkpoints / "step2.pth", 2, damage=0.05, age=200)
    assert here.night("--confirm", "0").code == 1
    assert call("nightly", "accept", "7", "--why", "x", "--workspace", here.workspace).code == 2
    assert call("nightly", "accept", "2", "--why", " ", "--workspace", here.workspace).code == 2
    done = call("nightly", "accept", "2", "--why", "sharper by choice", "--workspace", here.workspace)
    assert done.code == 0, done.err
    nights = here.history()
    assert [night["is"] for night in nights] == [[], ["reference", "anchor"]]
    assert nights[1]["why"].startswith("by hand: sharper by choice; before: rejected: quality:")
    assert "[reference, anchor] accepted: by hand" in call("nightly", "history", "--workspace", here.workspace).out


def test_a_gate_of_the_users_own_rejects_or_leaves_the_night_incomplete(first: tuple[Site, Done], tmp_path: Path) -> None:
    here = copy(first, tmp_path)
    write_checkpoint(here.checkpoints / "step2.pth", 2)
    gate = tmp_path / "gate.yaml"
    gate.write_text("reference: bicubic\nrules: [{metric: ssim, max_drop: 1}]\n")
    assert "its reference is bicubic" in here.night("--gate", str(gate)).err
    gate.write_text("reference: accepted\nrules: [{metric: nothing, max_drop: 1}]\n")
    assert here.night("--gate", str(gate)).code == 2
    gate.write_text("reference: accepted\nrules: [{metric: dover.fused, max_drop: 1}]\n")
    incomplete = here.night("--gate", str(gate))
    assert incomplete.code == 3
    assert "gate: dover" in incomplete.err
    gate.write_text("reference: accepted\nrules: [{metric: ssim, max_drop: 0.5}]\n")
    accepted = here.night("--gate", str(gate))
    assert accepted.code == 0, accepted.err
    assert "gate, against the accepted night 1: kept: ssim.rgb" in accepted.out
    # A loss that the quality alarm tolerates, and the gate does not.
    write_checkpoint(here.checkpoints / "step3.pth", 3, damage=0.003)
    gate.write_text("reference: accepted\nrules: [{metric: psnr, max_drop: 0, confidence: 0.9}]\n")
    violated = here.night("--gate", str(gate))
    assert violated.code == 1, violated.err
    assert "quality: gate, against the accepted night 2: psnr.rgb" in violated.err
    assert "(confirmed by a second run)" in violated.err


def test_a_night_that_is_killed_resumes_as_the_same_night(first: tuple[Site, Done], tmp_path: Path) -> None:
    here = copy(first, tmp_path)
    write_checkpoint(here.checkpoints / "step2.pth", 2)
    before = set((here.workspace / "restored").glob("street/*/*.json"))
    process = subprocess.Popen(
        [sys.executable, "-m", "mgld_bench", *here.arguments],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    deadline = time.monotonic() + 120
    while set((here.workspace / "restored").glob("street/*/*.json")) == before:
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    night = here.history()[-1]
    assert (night["night"], night["verdict"]) == (2, "")
    kept = {path: path.stat().st_mtime_ns for path in (here.workspace / "restored").glob("street/*/*.json")}
    assert here.night().code == 0
    night = here.history()[-1]
    assert (night["night"], night["verdict"]) == (2, "accepted")
    assert {path: path.stat().st_mtime_ns for path in kept} == kept


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("--method", "bicubic"), "its card has no weight files"),
        (("--role", "vae"), "compact has no such weight file"),
        (("--method", "nothing"), "nothing"),
    ],
)
def test_wrong_use_is_one_line_and_leaves_nothing(arguments: tuple[str, ...], reason: str, tmp_path: Path) -> None:
    here = Site(write_night_cards(tmp_path / "cards"), tmp_path / "workspace", tmp_path / "checkpoints")
    write_checkpoint(here.checkpoints / "step1.pth", 1)
    done = here.night(*arguments)
    assert done.code == 2
    assert reason in done.err
    assert "Traceback" not in done.err
    assert not here.workspace.exists()


def test_a_night_without_all_results_is_incomplete_and_the_next_one_goes_on(first: tuple[Site, Done], tmp_path: Path) -> None:
    here = copy(first, tmp_path)
    write_checkpoint(here.checkpoints / "step2.pth", 2)
    good = (here.cards / "reports/watch.yaml").read_text()
    (here.cards / "reports/watch.yaml").write_text(good.replace("- ssim", "- ssim\n  - musiq"))
    (here.cards / "reports/protocols/plain.yaml").write_text(
        "name: plain\ntitle: Plain\nmetrics: {psnr: psnr.rgb, ssim: ssim.rgb, musiq: musiq.koniq}\n"
    )
    done = here.night()
    assert done.code == 3
    assert "musiq" in done.err
    night = here.history()[-1]
    assert (night["verdict"], night["is"]) == ("incomplete", [])
    (here.cards / "reports/watch.yaml").write_text(good)
    assert here.night().code == 0
    night = here.history()[-1]
    assert (night["night"], night["verdict"], night["is"]) == (2, "accepted", ["reference"])

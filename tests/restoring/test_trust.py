"""Programs of cards: refused until trusted, and then remembered; those of the suite's own cards are trusted with the suite."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from mgld_bench.cards.loader import load_method
from mgld_bench.clips.reading import open_clip
from mgld_bench.clips.writing import write_frame
from mgld_bench.methods.compute import Compute
from mgld_bench.restoring.loading import why_unavailable
from mgld_bench.restoring.trust import trust_cards
from tests.helpers.clip_samples import make_frames
from tests.helpers.command import call

FAKE = Path(__file__).parents[1] / "helpers" / "fake_program.py"


@pytest.fixture
def cards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MGLD_BENCH_HOME", str(tmp_path / "home"))
    # As if unset, and unset again afterwards whatever the test does.
    monkeypatch.setenv("MGLD_BENCH_TRUST_CARDS", "")
    monkeypatch.delenv("MGLD_BENCH_TRUST_CARDS")
    folder = tmp_path / "cards"
    folder.mkdir()
    command = f"[{sys.executable}, {FAKE}, well, '{{lr}}', '{{out}}']"
    (folder / "theirs.yaml").write_text(
        f"name: theirs\nrestorer: mgld_bench.methods.program:Program\noptions: {{command: {command}, files: [{FAKE}]}}\n"
    )
    return folder


def test_a_program_runs_only_once_trusted_and_then_for_good(cards: Path, tmp_path: Path) -> None:
    frames = make_frames(count=2, height=8, width=8)
    for index, frame in enumerate(frames):
        write_frame(tmp_path / "lr" / f"{index}.png", frame)
    arguments = ("restore", "theirs", tmp_path / "lr", tmp_path / "out", "--cards", cards, "--quiet")
    refused = call(*arguments)
    assert refused.code == 2
    assert f"method theirs: its card would execute: {sys.executable} {FAKE} well {{lr}} {{out}}" in refused.err
    assert not (tmp_path / "out" / "lr").exists()

    trusted = call(*arguments, "--trust-cards")
    assert trusted.code == 0, trusted.err
    assert "trusted from now on: method theirs executes" in trusted.err
    restored = np.stack(list(open_clip(tmp_path / "out" / "lr").frames()))
    np.testing.assert_array_equal(restored, frames.repeat(4, 1).repeat(4, 2))


def test_trust_is_in_what_is_executed_and_not_in_a_name(cards: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trust_cards()
    assert why_unavailable(load_method("theirs", [cards]), Compute()) is None
    monkeypatch.delenv("MGLD_BENCH_TRUST_CARDS")
    assert why_unavailable(load_method("theirs", [cards]), Compute()) is None
    card = cards / "theirs.yaml"
    card.write_text(card.read_text().replace("well", "crash"))
    assert "crash" in (why_unavailable(load_method("theirs", [cards]), Compute()) or "")


def test_cards_of_the_suite_need_no_trust_and_a_checkout_elsewhere_does(cards: Path, tmp_path: Path) -> None:
    assert "the program's folder is not there" in (why_unavailable(load_method("dove"), Compute()) or "")
    (cards / "mine.yaml").write_text(f"name: mine\nextends: dove\noptions: {{folder: {tmp_path}}}\n")
    assert "inference_script.py --input_dir {lr_folder} --model_path pretrained_models/DOVE" in (
        why_unavailable(load_method("mine", [cards]), Compute()) or ""
    )

"""What version 0.1.0 left behind is found again: the keys of its units, and a whole workspace of it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from mgld_bench.cards.loader import load_dataset, load_degradation, load_method, load_protocol
from mgld_bench.cards.schemas import WeightFile
from mgld_bench.clips.ffmpeg import ffmpeg_identity
from mgld_bench.engine import keys
from mgld_bench.metrics.catalogue import describe
from mgld_bench.pairs.planning import pair_key
from tests.helpers.command import Done, call
from tests.helpers.run_state import database, files

YESTERDAY = Path(__file__).parent / "yesterday"
KEYS = json.loads((YESTERDAY / "keys.json").read_text())
"""Keys that 0.1.0 gave. A key that changes means that finished work is done again: raise the revision of what changed, note it in
the changelog, and change the line here."""

ENCODER = "0d709a0bed1a43f24cd2c420878c63afea4580671b6949ad19ed124572f3bc3d"
"""sha256 of the ffmpeg with which they were made; it is part of a pair's key, and another one on other systems."""
same_encoder = pytest.mark.skipif(ffmpeg_identity().sha256 != ENCODER, reason="the keys were made with another build of ffmpeg")

UNCHANGED = "psnr,ssim,vmaf"
"""Metrics of its protocol whose scores mean what they meant in 0.1.0; the others, NIQE and BRISQUE, have a higher revision."""


def pinned_or_named(weight: WeightFile) -> str:
    """Stands in for the sha256 of a weight file that is not here."""
    return weight.sha256 or f"sha256 of {weight.file}"


@pytest.mark.parametrize("method", KEYS["restore"])
def test_keys_of_restored_clips(method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys, "weight_sha256", pinned_or_named)
    assert keys.restore_key("pair", "reds4", "000", load_method(method), "float32") == KEYS["restore"][method]


@pytest.mark.parametrize("metric", KEYS["score"])
def test_keys_of_scores(metric: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys, "weight_sha256", pinned_or_named)
    name, _, protocol = metric.partition(", ")
    assert keys.score_key("restored", describe(name), load_protocol(protocol or "mgld-2024")) == KEYS["score"][metric]


@same_encoder
@pytest.mark.parametrize("name", KEYS["pair"])
def test_keys_of_pairs(name: str) -> None:
    kind, _, rest = name.partition(" ")
    if rest:
        assert pair_key("source", "reds4", "000", load_degradation(rest)) == KEYS["pair"][name]
        return
    degradation = load_dataset(kind).degradation
    assert pair_key("source", kind, "000", load_degradation(degradation) if degradation else None) == KEYS["pair"][name]


def resume(workspace: Path, *more: str) -> Done:
    cards = YESTERDAY / "cards"
    return call("run", "yesterday", "--device", "cpu", "--workspace", workspace, "--cards", cards, *more)


@same_encoder
def test_a_workspace_of_the_version_before_is_resumed_without_doing_anything_again(tmp_path: Path) -> None:
    workspace = tmp_path / "workspace"
    shutil.copytree(YESTERDAY / "workspace", workspace)
    before = database(workspace), files(workspace)
    frames = list(workspace.rglob("*.png"))
    times = [path.stat().st_mtime_ns for path in frames]
    done = resume(workspace, "--metrics", UNCHANGED)
    assert done.code == 0, done.err
    assert "0 pair units, 0 restore units, 0 score units done now" in done.out
    assert (database(workspace), files(workspace)) == before
    assert [path.stat().st_mtime_ns for path in frames] == times


@same_encoder
def test_only_the_scores_whose_meaning_has_changed_are_made_again(tmp_path: Path) -> None:
    workspace = tmp_path / "workspace"
    shutil.copytree(YESTERDAY / "workspace", workspace)
    done = resume(workspace)
    assert done.code == 0, done.err
    assert "0 pair units, 0 restore units, 6 score units done now" in done.out


@same_encoder
def test_a_restored_clip_that_is_gone_is_made_again_as_it_was(tmp_path: Path) -> None:
    workspace = tmp_path / "workspace"
    shutil.copytree(YESTERDAY / "workspace", workspace)
    before = files(workspace)
    shutil.rmtree(workspace / "restored/yesterday/yesterday-compact")
    (workspace / "results.sqlite").unlink()
    done = resume(workspace, "--methods", "yesterday-compact", "--metrics", "psnr")
    assert done.code == 0, done.err
    names = [name for name in before if name.endswith(".png")]
    after = files(workspace)
    assert {name: after[name] for name in names} == {name: before[name] for name in names}

"""Pairs that a different command or machine has built, and LR clips that came with a set: runs and reports find them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from mgld_bench.clips.writing import frame_name, write_frame
from mgld_bench.engine.session import Session
from mgld_bench.errors import InputError
from mgld_bench.pairs.choice import choose_lr
from mgld_bench.pairs.planning import pair_key, plan_pairs
from mgld_bench.pairs.prepare import prepare_pairs
from mgld_bench.report.collect.data import ReportData
from mgld_bench.report.collect.from_store import collect
from tests.helpers.clip_samples import make_frames
from tests.helpers.run_state import database

CARDS = {
    "datasets/street.yaml": (
        "name: street\ntitle: Street\ndegradation: realbasicvsr\nsize: [96, 64]\nclips: [{name: a, frames: 2}]\n"
        'layouts: [{name: common, ground_truth: "GT/{clip}", low_resolution: "LQ/{clip}"}]\n'
    ),
    "reports/walk.yaml": (
        "name: walk\nprotocol: mgld-2024\nmethods: [bicubic]\ndatasets: [{name: street, metrics: [psnr]}]\n"
        "table: {orientation: methods-as-rows}\n"
    ),
}


@pytest.fixture
def top(tmp_path: Path) -> Path:
    """Cards and a download with ground truth and LR."""
    for name, text in CARDS.items():
        (tmp_path / "cards" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "cards" / name).write_text(text)
    for index, frame in enumerate(make_frames(2, 64, 96)):
        write_frame(tmp_path / "download/GT/a" / frame_name(index), frame)
        write_frame(tmp_path / "download/LQ/a" / frame_name(index), np.ascontiguousarray(frame[::4, ::4]))
    return tmp_path


def session(top: Path, degradation: str = "") -> Session:
    return Session.open("walk", workspace=top / "w", cards=[top / "cards"], device="cpu", degradation=degradation)


def prepare(top: Path, existing: bool = False) -> None:
    with session(top, "existing" if existing else "realbasicvsr") as opened:
        suite = opened.suite
    planned = plan_pairs(suite.datasets["street"], suite.degradations["street"], top / "download", top / "w")
    assert len(list(prepare_pairs(planned, top / "w", 1))) == 1


def value(top: Path, degradation: str = "") -> float:
    with session(top, degradation) as opened:
        opened.run(["test"])
        return opened.scores()[0][1].value


def shown(top: Path, degradation: str = "") -> ReportData:
    with session(top, degradation) as opened:
        return collect(opened.plan(), opened.workspace, opened.store, "test")


def test_prepared_pairs_are_built_for_a_run_without_their_source(top: Path) -> None:
    prepare(top)
    shutil.rmtree(top / "download")
    with session(top) as opened:
        assert [unit.kind for unit in opened.plan().units if unit.done] == ["pair"]
        opened.run(["test"])
        assert len(opened.scores()) == 1
    kinds = sorted(row[1] for row in database(top / "w")["units"])
    assert kinds == ["pair", "restore", "score"]


def test_a_source_that_was_moved_is_not_needed(top: Path) -> None:
    prepare(top)
    shutil.move(top / "download", top / "elsewhere")
    given = Session.open("walk", workspace=top / "w", cards=[top / "cards"], device="cpu", sources={"street": top / "download"})
    with given as opened:
        plan = opened.run(["test"])
        assert "its source" in plan.remarks[0]
        assert len(opened.scores()) == 1


def test_pairs_of_another_encoder_are_used_as_they_are(top: Path) -> None:
    prepare(top)
    side = top / "w/pairs/street/realbasicvsr/a.json"
    record = json.loads(side.read_text())
    with session(top) as opened:
        degradation = opened.suite.degradations["street"]
    record["made_with"]["ffmpeg_sha256"] = "0" * 64
    record["key"] = pair_key(record["facts"]["source"], "street", "a", degradation, "0" * 64)
    side.write_text(json.dumps(record))
    for source in (None, top / "download"):
        planned = plan_pairs(opened.suite.datasets["street"], degradation, source, top / "w")
        assert [(pair.key, pair.built) for pair in planned] == [(record["key"], True)]


def test_scores_are_shown_when_pairs_and_restored_clips_are_gone(top: Path) -> None:
    prepare(top)
    kept = value(top)
    for folder in ("pairs/street/realbasicvsr/GT", "pairs/street/realbasicvsr/LQ", "restored"):
        shutil.rmtree(top / "w" / folder)
    assert next(iter(shown(top).cells)).scores["a"].value == kept


def test_existing_lr_is_used_where_only_it_is_there_and_is_never_mixed(top: Path) -> None:
    prepare(top, existing=True)
    existing = value(top)
    data = shown(top)
    assert data.dataset_headings == {"street": "Street (existing LR)"}
    assert any("only the LR that came with the set" in note for note in data.footnotes)
    prepare(top)
    built = value(top)
    assert built != existing
    assert shown(top).dataset_headings == {"street": "Street"}
    assert shown(top).cells[0].scores["a"].value == built
    assert shown(top, "existing").cells[0].scores["a"].value == existing
    assert shown(top, "existing").dataset_headings == {"street": "Street (existing LR)"}


def test_a_source_or_a_wish_decides_against_existing_lr(top: Path) -> None:
    prepare(top, existing=True)
    with session(top) as opened:
        card = opened.suite.datasets["street"]
    assert choose_lr(card, top / "w").name == "existing"
    assert choose_lr(card, top / "w", can_build=True).name == "realbasicvsr"
    assert choose_lr(card, top / "w", asked="realbasicvsr").name == "realbasicvsr"
    with pytest.raises(InputError, match="nonsense"):
        session(top, "nonsense")

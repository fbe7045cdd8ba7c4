"""What cannot run never holds up the rest, is named at the end, and stays a gap in the report."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from mgld_bench.cards.loader import load_method
from mgld_bench.engine.session import Outcome, Session
from mgld_bench.errors import IncompleteError, InputError
from mgld_bench.report.collect.data import Cell
from mgld_bench.report.collect.from_store import collect
from mgld_bench.restoring.record import read_record
from mgld_bench.weights.locate import locate
from tests.helpers.command import call
from tests.helpers.run_state import database
from tests.helpers.suite_cards import write_cards


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with cards and a finished run of Bicubic, and its frames as finished results of ``mine``, beside the card."""
    top = tmp_path_factory.mktemp("finished")
    cards = write_cards(top / "cards")
    (cards / "baselines/mine.yaml").write_text("name: mine\nextends: results\noptions: {folder: ../../out/mine}\n")
    (cards / "baselines/broken.yaml").write_text(
        "name: broken\nextends: realesr-animevideov3\nweights: {network: {file: ./broken.pth}}\n"
    )
    (cards / "baselines/broken.pth").write_bytes(b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 5\n")
    (cards / "baselines/misspelt.yaml").write_text("name: misspelt\nextends: realesr-animevideov3\noptions: {tiles: 24}\n")
    run(top, "bicubic")
    shutil.copytree(top / "w/restored/tiny/bicubic", top / "out/mine")
    return top


@pytest.fixture
def top(finished: Path, tmp_path: Path) -> Path:
    """A copy of it that may be spoilt."""
    return Path(shutil.copytree(finished, tmp_path / "top"))


def opened(top: Path, methods: str) -> Session:
    return Session.open(
        "small", workspace=top / "w", cards=[top / "cards"], device="cpu", methods=methods.split(","), metrics=["psnr"]
    )


def run(top: Path, methods: str, skip: bool = False) -> Outcome:
    with opened(top, methods) as session:
        return session.attempt(["test"], skip_unavailable=skip)


def cells(top: Path, methods: str) -> dict[str, Cell]:
    with opened(top, methods) as session:
        return {cell.method: cell for cell in collect(session.plan(), session.workspace, session.store, "test").cells}


def scored(top: Path) -> set[tuple[str, str]]:
    return {(row[4], row[3]) for row in database(top / "w")["units"] if row[1] == "score"}


def test_a_method_that_cannot_run_does_not_hold_up_the_others(top: Path) -> None:
    outcome = run(top, "broken,misspelt,mine,bicubic")
    assert {("mine", "bunny"), ("mine", "bikes")} <= scored(top)
    assert "broken.pth" in outcome.missing
    assert "tiles" in outcome.missing
    assert run(top, "misspelt,mine", skip=True).missing == ""
    with opened(top, "misspelt") as session, pytest.raises(IncompleteError, match="tiles"):
        session.run(["test"], skip_unavailable=True)


def test_a_missing_clip_of_finished_results_is_a_gap_and_no_more(top: Path) -> None:
    shutil.rmtree(top / "out/mine/bikes")
    outcome = run(top, "mine")
    assert "tiny bikes: no finished results of clip bikes" in outcome.missing
    assert ("mine", "bunny") in scored(top)
    assert ("mine", "bikes") not in scored(top)
    assert run(top, "mine", skip=True).missing == ""
    cell = cells(top, "mine,bicubic")["mine"]
    assert cell.expected_clips == ("bunny", "bikes")
    assert list(cell.scores) == ["bunny"]
    assert "no finished results of clip bikes" in cell.gap


def test_scores_are_shown_after_the_results_have_moved(top: Path) -> None:
    run(top, "mine")
    before = cells(top, "mine")["mine"].scores
    shutil.move(top / "out/mine", top / "out/gone")
    assert cells(top, "mine")["mine"].scores == before
    with opened(top, "mine") as session:
        assert any("mine: no finished results" in remark for remark in session.plan().remarks)
        assert session.attempt(["test"]).missing == ""


def test_other_results_in_their_place_are_not_the_old_ones(top: Path) -> None:
    run(top, "mine")
    shutil.copy(top / "out/mine/bunny/00000000.png", top / "out/mine/bunny/00000001.png")
    with opened(top, "mine") as session:
        assert {(unit.kind, unit.clip) for unit in session.plan().units if not unit.done} == {
            ("restore", "bunny"),
            ("score", "bunny"),
        }


def test_scores_are_shown_after_a_checkpoint_was_deleted(top: Path) -> None:
    shipped = load_method("realesr-animevideov3").weights["network"]
    own = top / "cards/baselines/own.bin"
    shutil.copy(locate(shipped), own)
    (top / "cards/baselines/own.yaml").write_text("name: own\nextends: compact\nweights: {network: {file: ./own.bin}}\n")
    assert run(top, "own").missing == ""
    record = read_record(top / "w/restored/tiny/own/bunny.json")
    assert record is not None
    assert record.facts["not_pinned"] == {str(own): "not pinned"}
    with opened(top, "own,bicubic") as session:
        notes = collect(session.plan(), session.workspace, session.store, "test").footnotes
    assert f"own: weight file {own}: not pinned." in notes
    assert sum("not pinned" in note for note in notes) == 1
    before = cells(top, "own")["own"].scores
    assert len(before) == 2
    own.rename(top / "kept.pth")
    assert cells(top, "own")["own"].scores == before
    own.write_bytes(b"another checkpoint")
    assert cells(top, "own")["own"].scores == {}


def test_a_relative_folder_starts_from_the_card_wherever_the_command_runs(top: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(top, "mine")
    monkeypatch.chdir(top / "w")
    with opened(top, "mine") as session:
        assert session.plan().todo("score") == []
        assert session.plan().remarks == ()


def test_a_name_that_does_not_exist_is_wrong_use(top: Path) -> None:
    with opened(top, "bicubic,nonsense") as session, pytest.raises(InputError, match="nonsense") as caught:
        session.run(["test"])
    assert not isinstance(caught.value, IncompleteError)


def test_json_has_means_directions_and_versions(top: Path) -> None:
    asked = ("small", "-w", top / "w", "--cards", top / "cards", "--methods", "bicubic", "--metrics", "psnr", "--json")
    report, again = call("report", *asked, "--format", "csv"), call("run", *asked, "--device", "cpu")
    assert (report.code, again.code) == (0, 0), report.err + again.err
    shown = json.loads(report.out)
    (number,) = shown["numbers"]
    assert number["mean"] == pytest.approx(sum(score.value for score in cells(top, "bicubic")["bicubic"].scores.values()) / 2)
    assert (number["metric"], number["direction"], number["clips"]) == ("psnr.rgb", "higher is better", 2)
    assert shown["metrics"]["psnr.rgb"]["revision"] >= 1
    assert shown["provenance"]["versions"]["torch"]
    assert json.loads(again.out)["scores"]["numbers"] == [number]

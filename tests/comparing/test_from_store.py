"""Which clips and scores of a database are compared, and what is refused."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mgld_bench.clips.writing import write_frame
from mgld_bench.comparing.comparison import Comparison
from mgld_bench.engine.store import Store
from mgld_bench.errors import InputError
from tests.comparing.conftest import Compared
from tests.helpers.compared import PROVENANCE, Filler, card

PSNR = ("reds4", "psnr.rgb")
CLIPS = ("000", "011", "015", "020")
Scores = Mapping[tuple[str, str], Mapping[str, float]]


def psnr(level: float, clips: tuple[str, ...] = CLIPS, dataset: str = "reds4") -> Scores:
    return {(dataset, "psnr.rgb"): {clip: level + place for place, clip in enumerate(clips)}}


@pytest.fixture
def filler(tmp_path: Path) -> Iterator[Filler]:
    with Store(f"sqlite:///{tmp_path / 'results.sqlite'}") as store:
        yield Filler(store)


def mean(comparison: Comparison) -> float:
    return comparison.lines[0].paired.mean


def test_the_latest_state_is_compared_and_earlier_ones_by_their_run(filler: Filler, compared: Compared) -> None:
    filler.run("bicubic", psnr(25))
    first = filler.run("mine", psnr(26), checkpoint="1")
    filler.run("mine", psnr(28), checkpoint="2")
    latest = compared("bicubic", "mine")
    assert mean(latest) == pytest.approx(3)
    assert latest.notes[-1] == f"mine: 4 scores of earlier states are not used; the latest of them is mine@{first}"
    assert mean(compared("bicubic", f"mine@{first}")) == pytest.approx(1)
    both = compared(f"mine@{first}", "mine")
    assert mean(both) == pytest.approx(2)
    (weights,) = both.contests[0].differing
    assert (weights.group, weights.name) == ("weights", "network")
    assert weights.reference != weights.candidate


def test_clips_are_paired_by_name_in_any_order(filler: Filler, compared: Compared) -> None:
    filler.run("bicubic", {PSNR: {"000": 20.0, "011": 30.0}})
    filler.run("mine", {PSNR: {"011": 30.5, "000": 20.5}})
    line = compared("bicubic", "mine").lines[0]
    assert (line.clips, line.paired.differences) == (("000", "011"), (0.5, 0.5))


def test_what_an_older_checkpoint_alone_was_scored_by_is_missing_not_mixed_in(filler: Filler, compared: Compared) -> None:
    filler.run("bicubic", {PSNR: {"000": 20.0}, ("reds4", "ssim.rgb"): {"000": 0.5}})
    filler.run("mine", {PSNR: {"000": 20.0}, ("reds4", "ssim.rgb"): {"000": 0.6}}, checkpoint="1")
    filler.run("mine", {PSNR: {"000": 21.0}}, checkpoint="2")
    found = compared("bicubic", "mine")
    assert found.metrics == ("psnr.rgb",)
    assert "not compared: only bicubic has ssim.rgb of reds4" in found.notes


def test_a_run_that_stopped_halfway_is_refused(filler: Filler, compared: Compared) -> None:
    filler.run("bicubic", psnr(25))
    filler.run("mine", psnr(26), checkpoint="1")
    filler.run("mine", {PSNR: {"000": 28.0}}, checkpoint="2")
    with pytest.raises(InputError, match=r"mine were not all restored by the same card and weights.*reds4 000.*mine@RUN"):
        compared("bicubic", "mine")


def test_missing_clips_are_named_and_the_rest_is_compared(filler: Filler, compared: Compared) -> None:
    filler.run("bicubic", psnr(25))
    filler.run("mine", psnr(26, CLIPS[:3]))
    found = compared("bicubic", "mine")
    assert found.lines[0].clips == CLIPS[:3]
    assert found.missing == ("psnr.rgb of reds4: 3 of 4 clips have both scores; missing: 020 of mine",)


Change = Callable[[Filler], Any]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda filler: filler.run("mine", psnr(26), pair="other"), r"not given the same pairs \(reds4: 000, 011"),
        (lambda filler: filler.run("mine", psnr(26), protocol="smoke"), "different protocols, mgld-2024 and smoke"),
        (lambda filler: filler.run("mine", psnr(26), revision=2), "different revisions of the metric.*1 and 2"),
        (lambda filler: filler.run("mine", psnr(26), frames=(0, 1)), "different frames scored.*3 frames .* and 2 frames"),
        (lambda filler: filler.run("mine", psnr(26, dataset="udm10")), "nothing in common.*bicubic has reds4.*mine has udm10"),
    ],
)
def test_what_was_not_done_alike_is_refused_by_name(filler: Filler, compared: Compared, change: Change, message: str) -> None:
    filler.run("bicubic", psnr(25))
    change(filler)
    with pytest.raises(InputError, match=message):
        compared("bicubic", "mine")


def test_several_protocols_have_to_be_chosen_from(filler: Filler, compared: Compared) -> None:
    filler.run("bicubic", psnr(25))
    filler.run("mine", psnr(26))
    filler.run("mine", psnr(27), protocol="smoke")
    with pytest.raises(InputError, match=r"several protocols \(mgld-2024, smoke\): choose one with --protocol"):
        compared("bicubic", "mine")
    assert mean(compared("bicubic", "mine", protocol="mgld-2024")) == pytest.approx(1)


def test_what_differs_is_listed_from_cards_to_machines(tmp_path: Path, compared: Compared) -> None:
    with Store(f"sqlite:///{tmp_path / 'results.sqlite'}") as store:
        Filler(store).run("bicubic", psnr(25), card_of=card("bicubic", options={"tile": 0, "deep": {"a": 1}}))
        elsewhere = {**PROVENANCE, "device": "cuda:0 NVIDIA H100", "versions": {**PROVENANCE["versions"], "torch": "2.15.0"}}
        Filler(store, elsewhere).run("mine", psnr(26), card_of=card("bicubic", options={"tile": 24, "deep": {"a": 2}}))
    texts = [each.text for each in compared("bicubic", "mine").contests[0].differing]
    assert texts[:2] == ["method: options.tile: 0 → 24", "method: options.deep.a: 1 → 2"]
    assert "restored on: device: cpu → cuda NVIDIA H100" in texts
    assert "scored on: torch: 2.14.1 → 2.15.0" in texts


def test_two_workspaces_are_compared_method_by_method(tmp_path: Path, compared: Compared) -> None:
    for name, gain in (("before", 0.0), ("after", 0.5)):
        (tmp_path / name).mkdir()
        with Store(f"sqlite:///{tmp_path / name / 'results.sqlite'}") as store:
            filler = Filler(store)
            filler.run("bicubic", psnr(25))
            filler.run("mine", psnr(26 + gain), checkpoint=name)
    before, after = str(tmp_path / "before"), str(tmp_path / "after")
    found = compared(before, after)
    assert [(line.candidate, line.paired.mean) for line in found.lines] == [
        (f"bicubic ({after})", 0.0),
        (f"mine ({after})", 0.5),
    ]
    assert found.lines[0].verdict.word == "equivalent"
    assert "identical" in found.lines[0].verdict.because
    assert mean(compared(f"{before}:mine", f"sqlite:///{after}/results.sqlite:mine")) == pytest.approx(0.5)
    with pytest.raises(InputError, match="holds bicubic, mine: name one"):
        compared(f"{before}:mine", after)


def test_a_database_of_before_pairs_and_cards_were_recorded_is_compared_with_what_it_knows(
    filler: Filler, compared: Compared, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.helpers.compared.LEGACY", True)
    filler.run("bicubic", psnr(25))
    filler.run("mine", psnr(26))
    found = compared("bicubic", "mine")
    assert mean(found) == pytest.approx(1)
    assert "bicubic and mine: whether both had the same pairs of reds4 is not recorded" in found.notes
    assert found.costs["mine"].seconds_per_frame == pytest.approx(1.0)


def test_infinite_scores_tie_or_count_as_a_win(filler: Filler, compared: Compared) -> None:
    filler.run("bicubic", {PSNR: {"000": math.inf, "011": 30.0}, ("udm10", "psnr.rgb"): {"a": 30.0, "b": 31.0}})
    filler.run("mine", {PSNR: {"000": math.inf, "011": 31.0}, ("udm10", "psnr.rgb"): {"a": math.inf, "b": 31.0}})
    tie, win = compared("bicubic", "mine").lines
    assert (tie.paired.mean, tie.paired.ties, tie.candidate_mean) == (0.5, 1, math.inf)
    assert (win.paired.mean, win.wins, win.paired.interval, win.verdict.word) == (math.inf, 1, None, "cannot tell")
    assert any("both are infinite are ties" in note for note in compared("bicubic", "mine").notes)


@pytest.mark.parametrize(
    ("sides", "message"),
    [
        (("bicubic",), "one side is missing"),
        (("bicubic", "bicubic"), "is the same as bicubic"),
        (("bicubic", "bicubik"), "no scores of bicubik: did you mean bicubic"),
        (("bicubic", ""), "a side of the comparison is empty"),
        (("bicubic", "results/old.json"), "no such file or folder"),
        (("bicubic", "sqlite:///no-such.sqlite:mine"), "no-such.sqlite: there is no such file"),
        (("bicubic@0", "mine"), "the first run with scores of bicubic is 1"),
    ],
)
def test_sides_that_stand_for_nothing(example: Path, compared: Compared, sides: tuple[str, ...], message: str) -> None:
    with pytest.raises(InputError, match=message):
        compared(*sides, workspace=example)


def test_a_folder_of_several_methods_is_none(tmp_path: Path, compared: Compared) -> None:
    for method in ("one", "two"):
        frame = tmp_path / "out" / method / "clip" / "00000000.png"
        frame.parent.mkdir(parents=True)
        write_frame(frame, np.zeros((64, 64, 3), np.uint8))
    with pytest.raises(InputError, match="out: holds folders of clips of one, two: name one of these"):
        compared(str(tmp_path / "out"), str(tmp_path / "out" / "one"), metrics=("niqe",))


def test_a_workspace_without_results_is_named(compared: Compared) -> None:
    with pytest.raises(InputError, match=r"workspace .* has no results: run a suite first"):
        compared("bicubic", "mine")


def test_a_name_that_is_a_folder_and_a_method_is_unclear(
    example: Path, compared: Compared, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mine").mkdir()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=r"write \./mine for the folder"):
        compared("bicubic", "mine", workspace=example)

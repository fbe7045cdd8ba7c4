"""What the clips show, in one word, and why."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mgld_bench.comparing.comparison import Line
from mgld_bench.comparing.standing import clip_gains, flags, standings
from mgld_bench.comparing.verdict import DEFAULT_MARGINS, Evidence, judge
from mgld_bench.engine.store import Store
from mgld_bench.statistics.paired import compare_pairs
from tests.comparing.conftest import Compared
from tests.helpers.compared import Filler


def verdict_of(differences: list[float], margin: float | None = None, higher: bool = True, tests: int = 1) -> tuple[str, str]:
    paired = compare_pairs([0.0] * len(differences), differences)
    evidence = Evidence(
        paired.differences, paired.mean, paired.interval, min(1.0, tests * paired.p), paired.deviation, tests, higher, margin, 2
    )
    found = judge(evidence)
    return found.word, found.because


def test_better_and_worse_follow_the_metric_s_direction() -> None:
    gains = [0.3, 0.2, 0.4, 0.3, 0.2, 0.5, 0.3]
    assert verdict_of(gains) == ("better", "p 0.0156 over 7 clips")
    assert verdict_of(gains, higher=False)[0] == "worse"
    assert verdict_of([-gain for gain in gains])[0] == "worse"
    assert verdict_of([-gain for gain in gains], higher=False)[0] == "better"


@pytest.mark.parametrize(("change", "word"), [(1e-13, "equivalent"), (2e-4, "equivalent"), (1e-2, "better")])
def test_a_systematic_difference_within_the_precision_is_no_difference(
    change: float, word: str, tmp_path: Path, compared: Compared
) -> None:
    before = {f"clip {number}": 25.0 + number for number in range(8)}
    after = {clip: score + change for clip, score in before.items()}
    with Store(f"sqlite:///{tmp_path / 'results.sqlite'}") as store:
        filler = Filler(store)
        filler.run("bicubic", {("udm10", "psnr.rgb"): before})
        filler.run("mine", {("udm10", "psnr.rgb"): after})
    (line,) = compared("bicubic", "mine", margins={}).lines
    assert line.verdict.word == word
    assert ("differs beyond the metric's precision of 1e-05" in line.verdict.because) == (word == "equivalent")


def test_one_infinite_loss_does_not_turn_nine_wins_into_a_verdict() -> None:
    wins = [1.0 + place / 10 for place in range(9)]
    reason = "an infinite difference on few clips, and differences of the opposite sign on most"
    assert verdict_of([*wins, float("-inf")]) == ("cannot tell", reason)
    assert verdict_of([*wins, float("inf")])[0] == "better"


def test_four_clips_cannot_decide_and_corrected_tests_need_more() -> None:
    assert verdict_of([1.0, 1.1, 1.2, 1.3]) == (
        "cannot tell",
        "4 clips cannot decide: no p is below 0.125; it takes 6 clips or more",
    )
    assert verdict_of([1.0 + place / 10 for place in range(8)], tests=8) == (
        "cannot tell",
        "8 clips cannot decide: no p is below 0.00781; it takes 9 clips or more for 8 tests together",
    )
    assert verdict_of([1.0])[0] == "cannot tell"


def test_the_default_margins_are_those_that_the_document_states() -> None:
    # docs/statistics.md
    assert DEFAULT_MARGINS == {"psnr": 0.1, "ssim": 0.005, "lpips": 0.005, "dists": 0.005, "vmaf": 1.0}


def test_equivalent_needs_a_margin_or_identical_scores() -> None:
    small = [0.01, -0.02, 0.0, 0.015, -0.01, 0.02, -0.015, 0.005]
    assert verdict_of(small, margin=0.1) == ("equivalent", "within ±0.10, p < 0.0001")
    assert verdict_of(small)[0] == "cannot tell"
    assert verdict_of([0.0]) == ("equivalent", "the scores of 1 clip are identical")
    assert verdict_of([0.02] * 7 + [0.021], margin=0.1) == ("better", "p 0.00781 over 8 clips, though within the margin of 0.10")


def test_cannot_tell_says_what_the_clips_could_show_and_how_many_it_would_take() -> None:
    values = [float(value) for value in np.random.default_rng(2).normal(0.05, 0.3, 12)]
    word, because = verdict_of(values)
    assert word == "cannot tell"
    assert because.startswith("these 12 clips could show 0.")
    assert because.endswith("clips")


def line(lines: tuple[Line, ...], dataset: str, metric: str) -> Line:
    return next(each for each in lines if (each.dataset, each.metric.name) == (dataset, metric))


def test_a_realistic_comparison(example: Path, compared: Compared) -> None:
    found = compared("bicubic", "mine", workspace=example)
    words = {(each.dataset, each.metric.name): each.verdict.word for each in found.lines}
    assert {word for (dataset, _), word in words.items() if dataset == "reds4"} == {"cannot tell"}
    assert {word for (dataset, _), word in words.items() if dataset == "spmcs"} == {"better"}
    assert found.notes[0].startswith("REDS4 alone cannot decide which is better: with 4 clips no two-sided p is below 0.125")
    assert [each.verdict.word for each in found.together] == ["better"] * 3
    assert found.together[0].sets.clips == 44
    lpips = line(found.lines, "spmcs", "lpips.alex")
    assert lpips.paired.mean < 0 < next(iter(lpips.gains.values()))
    assert (lpips.wins, lpips.losses) == (lpips.paired.lower, lpips.paired.higher)
    # Three datasets are tested by each metric: Holm over three.
    assert {each.tests for each in found.lines} == {3}


def test_margins_are_stated_by_short_or_full_name(example: Path, compared: Compared) -> None:
    wide = compared("bicubic", "mine", workspace=example, margins={"psnr": 2.0})
    assert line(wide.lines, "reds4", "psnr.rgb").verdict.word == "equivalent"
    assert line(wide.lines, "reds4", "ssim.rgb").margin == 0.005


def test_against_all_methods_there_are_ranks_and_flags(example: Path, compared: Compared) -> None:
    found = compared("mine", workspace=example, against_all=True)
    assert [contest.reference.name for contest in found.contests] == ["bicubic", "realesrgan", "realbasicvsr", "stablesr"]
    ranks = {(each.dataset, each.metric): each.rank for each in standings(found)}
    assert (ranks["reds4", "psnr.rgb"].best, ranks["reds4", "psnr.rgb"].worst) == (1, 5)
    assert ranks["spmcs", "psnr.rgb"].worst == 3
    by_method = {flag.method: flag for flag in flags(found)}
    assert by_method["stablesr"].trained_on == ("REDS4",)
    assert by_method["mine"].trained_on == ()
    gains = clip_gains(found)
    assert len(gains) == 44
    assert gains[0].gain > 0 > gains[-1].gain
    assert standings(compared("bicubic", "mine", "stablesr", workspace=example)) == ()


def test_names_of_metrics_that_are_not_there_are_missing(example: Path, compared: Compared) -> None:
    found = compared("bicubic", "mine", workspace=example, metrics=("psnr", "dists"), datasets=("reds4", "reds5"))
    assert found.metrics == ("psnr.rgb",)
    assert [text.partition(" (")[0] for text in found.missing] == [
        "mine against bicubic: nothing of reds5",
        "mine against bicubic: nothing by dists",
    ]


@pytest.mark.parametrize("clips", [1, 2, 3, 5])
def test_few_clips_never_decide(compared: Compared, clips: int, tmp_path: Path) -> None:
    from mgld_bench.engine.store import Store
    from tests.helpers.compared import Filler

    with Store(f"sqlite:///{tmp_path / 'results.sqlite'}") as store:
        for method, level in (("a", 20.0), ("b", 30.0)):
            Filler(store).run(method, {("set", "psnr.rgb"): {str(place): level + place / 9 for place in range(clips)}})
    found = compared("a", "b")
    assert found.lines[0].verdict.word == "cannot tell"
    assert "alone cannot decide" in found.notes[0]

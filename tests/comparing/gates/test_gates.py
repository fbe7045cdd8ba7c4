"""Gates: the file, and what each rule sees."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

from mgld_bench.cards.schemas import MethodCard
from mgld_bench.comparing.comparison import Comparison
from mgld_bench.comparing.gates.check import Finding, GateResult
from mgld_bench.comparing.gates.gate import Gate, load_gate
from mgld_bench.comparing.request import CompareRequest, gate_sides, run_gate
from mgld_bench.comparing.show.render_html import render_html
from mgld_bench.comparing.show.render_junit import gate_cases, render_junit
from mgld_bench.comparing.show.render_markdown import render_markdown
from mgld_bench.comparing.show.words import cost_note, cost_rows
from mgld_bench.engine.kept_profiles import keep_profile
from mgld_bench.engine.profiling import MethodProfile
from mgld_bench.engine.progress import Silent
from mgld_bench.engine.store import Store
from mgld_bench.errors import InputError
from mgld_bench.restoring.profiling import ProfileResult
from tests.helpers.compared import PROVENANCE, Filler, card

Check = Callable[..., tuple[Comparison, GateResult]]


def gate(*rules: dict[str, Any], reference: str = "accepted") -> Gate:
    return Gate.model_validate({"reference": reference, "rules": rules})


@pytest.fixture
def filler(tmp_path: Path) -> Filler:
    return Filler(Store(f"sqlite:///{tmp_path / 'results.sqlite'}"))


@pytest.fixture
def check(tmp_path: Path) -> Check:
    def run(rules: Gate, *sides: str) -> tuple[Comparison, GateResult]:
        return run_gate(CompareRequest(sides or ("old", "new"), workspace=tmp_path), rules, Silent())

    return run


def fill(
    filler: Filler, differences: Sequence[float], dataset: str = "set", metric: str = "psnr.rgb", seconds: float = 1.0
) -> None:
    before = {str(place): 20.0 + place for place in range(len(differences))}
    filler.run("old", {(dataset, metric): before})
    after = {clip: before[clip] + change for clip, change in zip(before, differences, strict=True)}
    filler.run("new", {(dataset, metric): after}, seconds=seconds)


def only(result: tuple[Comparison, GateResult]) -> Finding:
    (finding,) = result[1].findings
    return finding


DROP = gate({"metric": "psnr", "max_drop": 0.1})


@pytest.mark.parametrize(
    ("differences", "result", "saw"),
    [
        ([-0.3, -0.35, -0.4, -0.3], "violated", "drop of 0.34, limit 0.10; 95 % sure that it is over 0.28, by 4 clips"),
        ([-0.3, 0.1, -0.4, -0.3], "open", "limit 0.10; over it, but not confirmed by 4 clips"),
        ([0.0, 0.2, -0.2, 0.1], "open", "within it, but not shown by 4 clips"),
        ([0.01, 0.0, -0.02, 0.0], "kept", "95 % sure that it is below"),
        ([-0.1, -0.1, -0.1], "kept", "limit 0.10"),
        ([0.0, 0.0, 0.0], "kept", "identical on 3 clips"),
        ([0.0], "kept", "identical on 1 clip"),
        ([-3.0], "no result", "1 clip cannot confirm anything"),
        ([-3.0, -3.5], "violated", "by 2 clips"),
        ([-math.inf, 0.0], "violated", "infinite on 2 clips"),
        ([math.inf, -3.0], "kept", "infinite on 2 clips"),
    ],
)
def test_a_drop_is_kept_violated_open_or_nothing(
    filler: Filler, check: Check, differences: list[float], result: str, saw: str
) -> None:
    if -math.inf in differences:
        filler.run("old", {("set", "psnr.rgb"): {"0": math.inf, "1": 20.0}})
        filler.run("new", {("set", "psnr.rgb"): {"0": 40.0, "1": 20.0}})
    else:
        fill(filler, differences)
    finding = only(check(DROP))
    assert finding.result == result
    # An infinite reference has no mean to state a share of; a plain limit needs none.
    assert saw in finding.saw
    assert finding.blocks == (result == "violated")


def test_lower_is_better_by_rise_and_shares_are_of_the_reference(filler: Filler, check: Check) -> None:
    fill(filler, [0.01, 0.012, 0.011, 0.009], metric="lpips.alex")
    assert only(check(gate({"metric": "lpips", "max_rise": 0.005}))).result == "violated"
    share = only(check(gate({"metric": "lpips", "max_rise": "50%", "role": "advisory"})))
    assert (share.result, share.blocks) == ("kept", False)
    assert "limit 10.75" in share.saw


def test_each_dataset_by_itself_with_one_confidence(filler: Filler, check: Check) -> None:
    for dataset, change in (("a", 0.0), ("b", -1.0)):
        fill(filler, [change, change - 0.1, change + 0.1, change], dataset=dataset)
    _, result = check(DROP)
    assert [(finding.dataset, finding.result) for finding in result.findings] == [("a", "kept"), ("b", "violated")]
    assert [finding.dataset for finding in result.failed] == ["b"]
    _, named = check(gate({"metric": "psnr", "datasets": ["a"], "max_drop": 0.1}))
    assert [finding.dataset for finding in named.findings] == ["a"]


def test_what_has_no_result_is_named_and_never_passes(filler: Filler, check: Check) -> None:
    fill(filler, [0.0, 0.0, 0.1])
    rules = gate(
        {"metric": "psnr", "datasets": ["set", "reds5"], "max_drop": 0.1},
        {"metric": "dists", "max_rise": 0.1, "role": "advisory"},
    )
    _, result = check(rules)
    assert [(finding.dataset, finding.saw) for finding in result.without_result] == [
        ("reds5", "no scores of old and new"),
        ("", "no scores of old and new"),
    ]


def test_missing_clips_leave_a_rule_without_result_unless_it_is_violated_anyway(filler: Filler, check: Check) -> None:
    filler.run("old", {("set", "psnr.rgb"): {str(place): 20.0 for place in range(4)}})
    filler.run("new", {("set", "psnr.rgb"): {str(place): 20.0 for place in range(3)}})
    finding = only(check(DROP))
    assert (finding.result, "3 of 4 clips, without 3 of new" in finding.saw) == ("no result", True)
    filler.run("new", {("set", "psnr.rgb"): {str(place): 10.0 + place / 9 for place in range(3)}}, checkpoint="2")
    assert only(check(DROP)).result == "violated"


def test_costs_are_limited_where_they_were_measured_alike(tmp_path: Path, filler: Filler, check: Check) -> None:
    fill(filler, [0.0, 0.0, 0.0], seconds=1.5)
    slower = gate({"metric": "seconds_per_frame", "max_rise": "20%"})
    finding = only(check(slower))
    assert finding.result == "violated"
    assert finding.saw.startswith("rise of 0.5 s, limit 0.2 s")
    assert only(check(gate({"metric": "peak_memory", "max_rise": 0}))).result == "kept"
    other = {**PROVENANCE, "device": "cuda:0 NVIDIA H200"}
    Filler(filler.store, other).run("new", {("set", "psnr.rgb"): {str(place): 20.0 for place in range(3)}}, checkpoint="2")
    elsewhere = only(check(slower))
    assert elsewhere.result == "no result"
    assert (
        "different machines or devices (cpu, 2 cores, Linux x86_64 Example CPU; cuda NVIDIA H200, Linux x86_64 Example CPU)"
        in elsewhere.saw
    )


def test_the_outputs_show_what_every_rule_saw(filler: Filler, check: Check) -> None:
    fill(filler, [-1.0, -1.1, -0.9])
    comparison, result = check(gate({"metric": "psnr", "max_drop": 0.1}, {"metric": "vmaf", "max_drop": 1.0}))
    markdown = render_markdown(comparison, result)
    assert "| **violated** | psnr.rgb | set | max\\_drop 0.1 | blocking | drop of 1.00, limit 0.10;" in markdown
    page = render_html(comparison, result)
    assert "Gate: failed" in page
    assert "no scores of old and new" in page
    root = ElementTree.fromstring(render_junit("gate", gate_cases(result)))
    assert (root.get("failures"), root.get("errors"), root.get("tests")) == ("1", "1", "2")


def test_the_reference_of_the_gate_comes_first() -> None:
    assert gate_sides(("mine",), "bicubic") == ("bicubic", "mine")
    assert gate_sides(("bicubic", "mine"), "bicubic") == ("bicubic", "mine")
    with pytest.raises(InputError, match="reference is bicubic, but the first side is rvrt"):
        gate_sides(("rvrt", "mine"), "bicubic")
    with pytest.raises(InputError, match="compare does not: name it first, as mgld-bench compare ACCEPTED mine --gate"):
        gate_sides(("mine",), "accepted")


def test_the_shipped_gate_and_wrong_names() -> None:
    shipped = load_gate("nightly")
    assert [rule.metric for rule in shipped.rules] == ["psnr", "lpips", "dover", "seconds_per_frame"]
    assert shipped.rules[0].datasets == ("reds4", "udm10")
    assert shipped.rules[3].limit_for(2.0) == pytest.approx(0.4)
    with pytest.raises(InputError, match="--gate nightli: there is no such file; did you mean nightly"):
        load_gate("nightli")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "reference: a\nrules:\n  - {metric: psnr, max_drop: 0.1, max_rise: 1}",
            r"gate\.yaml:3: rules\[0\]: write one of max_drop",
        ),
        ("reference: a\nrules:\n  - {metric: psnr}", "one of max_drop and max_rise"),
        ("reference: a\nrules:\n  - {metric: psnr, max_drop: -1}", "a limit is a number from 0 on"),
        ("reference: a\nrules:\n  - {metric: psnr, max_drop: 1 dB}", "a limit is a number from 0 on"),
        (
            "reference: a\nrules:\n  - {metric: psnr, max_dorp: 1}",
            r"gate\.yaml:3: rules\[0\]\.max_dorp: unknown field; did you mean",
        ),
        ("reference: a\nrules:\n  - {metric: psnr, max_drop: 1, confidence: 95}", r"rules\[0\]\.confidence"),
        ("reference: a\nrules:\n  - {metric: psnr, max_drop: 1, role: soft}", r"rules\[0\]\.role"),
        ("reference: a\nrules: []", "a gate needs at least one rule"),
        ("rules:\n  - {metric: psnr, max_drop: 1}", "reference: is missing"),
        ("reference: a\nreference: b", "gate.yaml"),
    ],
)
def test_a_wrong_file_is_named_with_line_and_field(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "gate.yaml"
    path.write_text(text)
    with pytest.raises(InputError, match=message):
        load_gate(str(path))


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ({"metric": "lpips", "max_drop": 0.1}, "lower is better, so a drop is an improvement: write max_rise"),
        ({"metric": "psnr", "max_rise": 0.1}, "higher is better, so a rise is an improvement: write max_drop"),
        ({"metric": "seconds_per_frame", "max_drop": 1}, "a drop is an improvement"),
        ({"metric": "second_per_frame", "max_rise": 1}, "costs are seconds_per_frame, peak_memory"),
    ],
)
def test_rules_that_limit_nothing_bad_are_refused(filler: Filler, check: Check, rule: dict[str, Any], message: str) -> None:
    fill(filler, [0.0])
    with pytest.raises(InputError, match=message):
        check(gate(rule))


def test_a_rule_is_rarely_violated_by_chance_and_finds_what_is_over_its_limit(filler: Filler, check: Check) -> None:
    """Made-up nights of 10 clips at the limit itself, and 0.3 dB over it."""
    random = np.random.default_rng(1)
    nights = {
        f"{kind}-{night}": -0.1 - over + 0.15 * random.standard_normal(10)
        for kind, over in (("at", 0.0), ("over", 0.3))
        for night in range(20)
    }
    clips = [str(clip) for clip in range(10)]
    filler.run("old", {(name, "psnr.rgb"): dict.fromkeys(clips, 20.0) for name in nights})
    after = {name: [20.0 + float(change) for change in changes] for name, changes in nights.items()}
    filler.run("new", {(name, "psnr.rgb"): dict(zip(clips, values, strict=True)) for name, values in after.items()})
    rules = gate(*({"metric": "psnr", "datasets": [name], "max_drop": 0.1} for name in nights))
    _, result = check(rules)
    violated = {finding.dataset for finding in result.failed}
    assert sum(name.startswith("at") for name in violated) <= 4
    assert sum(name.startswith("over") for name in violated) == 20


def test_seconds_are_limited_by_profiles_where_clips_were_restored_elsewhere(filler: Filler, check: Check) -> None:
    fill(filler, [0.0, 0.0, 0.0])
    other = {**PROVENANCE, "device": "cuda:0 NVIDIA H200"}
    Filler(filler.store, other).run("new", {("set", "psnr.rgb"): {str(place): 20.0 for place in range(3)}}, checkpoint="2")
    for method, factor in (("old", 1.0), ("new", 1.5)):
        seconds = tuple(factor * each for each in (0.100, 0.101, 0.099, 0.100))
        result = ProfileResult({}, 16_700_000, {}, None, seconds, 0, 10**9, None, "cpu, 2 cores", "float32", 480, 270, 10, 4, {})
        keep_profile(filler.store, MethodCard.model_validate(card(method)), MethodProfile(method, method, "its own", result))
    comparison, result_of_gate = check(gate({"metric": "seconds_per_frame", "max_rise": "20%"}))
    (finding,) = result_of_gate.findings
    assert finding.result == "violated"
    assert finding.saw.startswith("rise of 0.05 s, limit 0.02 s; 95 % sure that it is over 0.0")
    assert "by 4 timed runs; profiles of 480x270, 10 frames, on cpu, 2 cores" in finding.saw
    rows = [(row.of, row.seconds, row.hardware.split(",")[0]) for row in cost_rows(comparison)]
    assert rows == [
        ("3 clips", "1", "cpu"),
        ("profile of 480x270, 10 frames", "0.1", "cpu"),
        ("3 clips", "1", "cuda NVIDIA H200"),
        ("profile of 480x270, 10 frames", "0.15", "cpu"),
    ]
    assert "their costs cannot be compared" in cost_note(comparison)

"""Which metrics are scored, and what stands in the way of others."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mgld_bench.cards.loader import load_protocol
from mgld_bench.engine.metric_choice import choose_metrics, require_runnable
from mgld_bench.errors import InputError
from tests.helpers.command import Done, call
from tests.helpers.suite_cards import write_cards

PROTOCOL = load_protocol("mgld-2024")


@pytest.fixture(autouse=True)
def no_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MGLD_BENCH_HOME", str(tmp_path / "home"))


def test_without_names_those_that_need_no_weights() -> None:
    assert choose_metrics((), PROTOCOL, has_reference=True).asked[:3] == ("psnr.rgb", "ssim.rgb", "vmaf.v0.6.1neg")
    assert choose_metrics((), PROTOCOL, has_reference=False).runnable == ("niqe.pyiqa", "brisque.pyiqa")


def test_all_is_every_metric_of_the_protocol_that_the_clips_allow() -> None:
    assert set(choose_metrics(("all",), PROTOCOL, has_reference=True).asked) == set(PROTOCOL.metrics.values())
    alone = choose_metrics(("all", "niqe"), PROTOCOL, has_reference=False)
    assert alone.asked.count("niqe.pyiqa") == 1
    assert "psnr.rgb" not in alone.asked
    assert {"musiq.koniq", "dover.fused", "we.gmflow.l1"} <= set(alone.left_out)


def test_what_cannot_run_is_listed_with_its_reason() -> None:
    choice = choose_metrics(("psnr", "lpips", "dover"), PROTOCOL, has_reference=True)
    assert choice.runnable == ("psnr.rgb",)
    assert "alexnet-owt-7be5be79.pth is missing" in choice.left_out["lpips.alex"]
    with pytest.raises(InputError, match=r"metric lpips\.alex: .*missing.*metric dover\.fused: .*--skip-unavailable"):
        require_runnable(choice)
    require_runnable(choose_metrics(("psnr",), PROTOCOL, has_reference=True))


def test_names_that_do_not_exist_and_a_missing_ground_truth_are_errors() -> None:
    with pytest.raises(InputError, match=r"metric psnr\.rbg does not exist"):
        choose_metrics(("psnr.rbg",), PROTOCOL, has_reference=True)
    with pytest.raises(InputError, match=r"metric psnr\.rgb needs ground truth"):
        choose_metrics(("psnr",), PROTOCOL, has_reference=False)


REPORT = """
name: gaps
protocol: mgld-2024
methods: [bicubic]
datasets: [{name: tiny, metrics: [psnr, lpips, dover]}]
"""


def test_a_run_with_gaps_is_incomplete_unless_they_are_wanted_and_the_table_shows_them(tmp_path: Path) -> None:
    cards, workspace = write_cards(tmp_path / "cards"), tmp_path / "workspace"
    (cards / "reports/gaps.yaml").write_text(REPORT)

    def bench(*arguments: str) -> Done:
        return call(*arguments, "--cards", cards, "--workspace", workspace)

    incomplete = bench("run", "gaps", "--device", "cpu")
    assert incomplete.code == 3
    assert "metric lpips.alex: " in incomplete.err
    assert "metric dover.fused: " in incomplete.err
    assert "Traceback" not in incomplete.err
    done = bench("run", "gaps", "--device", "cpu", "--skip-unavailable", "--json")
    assert done.code == 0, done.err
    assert [gap["name"] for gap in json.loads(done.out)["left_out"]] == ["lpips.alex", "dover.fused"]
    shown = bench("report", "gaps", "--format", "md")
    assert shown.code == 3, shown.err
    table = (workspace / "reports/gaps/table.md").read_text()
    (line,) = [line for line in table.splitlines() if line.startswith("| ") and "LPIPS" in line]
    assert "–" in line
    assert "Not scored: metric lpips.alex" in table

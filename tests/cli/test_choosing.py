"""Choosing clips, metrics and a protocol on the command line, and names that are misspelt."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mgld_bench.clips.writing import frame_name, write_frame
from tests.helpers.clip_samples import make_frames
from tests.helpers.command import Done, call
from tests.helpers.suite_cards import write_cards

LOUD = """
name: loud
title: Loud
protocol: few
methods: [bicubic]
datasets: [{name: tiny, metrics: [Niqe, PSNR.rgb, SSIM.RGB]}]
"""
OTHER = "name: other\nmetrics: {psnr: PSNR.Y.crop4}\nframes: [0]\n"


@pytest.fixture(scope="module")
def top(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Cards, and a workspace in which one of the two clips has been scored."""
    top = tmp_path_factory.mktemp("choosing")
    cards = write_cards(top / "cards")
    (cards / "reports/loud.yaml").write_text(LOUD)
    (cards / "reports/protocols/other.yaml").write_text(OTHER)
    done = on(top, "run", "loud", "--metrics", "PSNR", "--clips", "bikes", "--device", "cpu", "--quiet", "--json")
    assert (done.code, done.err) == (0, "")
    assert json.loads(done.out)["done"] == {"pair": 1, "restore": 1, "score": 1}
    return top


def on(top: Path, *arguments: str) -> Done:
    return call(*arguments, "--cards", top / "cards", "-w", top / "w")


def planned(top: Path, *arguments: str) -> dict[str, set[tuple[str, str, bool]]]:
    done = on(top, "run", "loud", "--dry-run", "--json", *arguments)
    assert done.code == 0, done.err
    units = json.loads(done.out)["units"]
    return {
        kind: {(unit["clip"], unit.get("metric", ""), unit["done"]) for unit in units if unit["kind"] == kind}
        for kind in ("pair", "score")
    }


def test_the_rest_is_done_when_all_clips_are_asked_for(top: Path) -> None:
    assert planned(top, "--metrics", "psnr") == {
        "pair": {("bunny", "", False), ("bikes", "", True)},
        "score": {("bunny", "psnr.rgb", False), ("bikes", "psnr.rgb", True)},
    }
    assert planned(top, "--metrics", "psnr", "--limit", "1")["pair"] == {("bunny", "", False)}


def test_a_report_of_some_clips_is_complete_and_names_the_choice(top: Path) -> None:
    some = on(top, "report", "loud", "--metrics", "psnr", "--clips", "bikes", "--format", "md")
    assert (some.code, some.err) == (0, "")
    assert "Tiny: 1 of 2 clips, as asked." in " ".join(some.out.split())
    assert on(top, "report", "loud", "--metrics", "psnr", "--format", "md", "--quiet").code == 3


def test_a_protocol_in_place_of_the_cards(top: Path) -> None:
    assert planned(top, "--metrics", "psnr", "--clips", "bikes", "--protocol", "other")["score"] == {
        ("bikes", "psnr.y.crop4", False)
    }
    both = on(top, "report", "loud", "--protocol", "other", "--against", "paper")
    assert both.code == 2
    assert "exclude each other" in both.err


def test_metric_names_of_cards_in_any_case_and_in_the_cards_order(top: Path) -> None:
    assert {metric for _, metric, _ in planned(top)["score"]} == {"niqe.pyiqa", "psnr.rgb", "ssim.rgb"}
    shown = on(top, "report", "loud", "--clips", "bikes", "--json", "--format", "md")
    assert [number["metric"] for number in json.loads(shown.out)["numbers"]] == ["niqe.pyiqa", "psnr.rgb", "ssim.rgb"]


def test_clips_to_prepare_and_to_restore(top: Path, tmp_path: Path) -> None:
    workspace = tmp_path / "w"
    done = call("datasets", "prepare", "tiny", "--clips", "bunny", "--cards", top / "cards", "-w", workspace, "--quiet")
    assert (done.code, done.err) == (0, "")
    assert sorted(path.name for path in (workspace / "pairs/tiny/realbasicvsr/GT").iterdir()) == ["bunny"]
    for name in ("a", "b", "c"):
        for index, frame in enumerate(make_frames(count=1, height=16, width=16)):
            write_frame(tmp_path / "lr" / name / frame_name(index), frame)
    restored = call("restore", "bicubic", tmp_path / "lr", tmp_path / "out", "--clips", "a,c", "--limit", "1", "--quiet")
    assert (restored.code, restored.err) == (0, "")
    assert sorted(path.name for path in (tmp_path / "out").iterdir() if path.is_dir()) == ["a"]


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        ("run demo --metrics pnsr --dry-run", "demo: metric pnsr does not exist in this version: did you mean psnr, xpsnr"),
        ("run demo --methods bicubi", 'demo: there is no method "bicubi"; did you mean bicubic?'),
        ("report demo --methods nope", 'demo: there is no method "nope"; see mgld-bench list methods'),
        ("profile nope", 'there is no method "nope"; see mgld-bench list methods'),
        (
            "weights add BSRGAM.pth",
            "BSRGAM.pth: no card uses a weight file of this name (name it with --as); did you mean BSRGAN.pth",
        ),
        ("run demo --clips bike --dry-run", "clip bike does not exist: did you mean bikes?"),
        ("datasets prepare demo --clips bike", "clip bike does not exist: did you mean bikes?"),
        ("run demo --protocol smok", 'there is no protocol "smok"; did you mean smoke?'),
    ],
)
def test_a_misspelt_name_is_one_line_with_the_nearest(
    arguments: str, line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = call(*arguments.split())
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(f"mgld-bench: {line}")
    assert done.err.count("\n") == 1
    assert "?." not in done.err

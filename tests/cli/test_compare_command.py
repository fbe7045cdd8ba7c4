"""mgld-bench compare in a process of its own: what it prints and writes, and its exit codes."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from mgld_bench.clips.clip import ArrayClip
from mgld_bench.clips.writing import frame_name, write_frame
from mgld_bench.engine.store import Store
from tests.helpers.command import Done, call
from tests.helpers.compared import Filler, example_store


def bench(*arguments: str | Path, home: Path | None = None) -> Done:
    return call("compare", *arguments, environment={"COLUMNS": "120", **({"MGLD_BENCH_HOME": str(home)} if home else {})})


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return example_store(tmp_path_factory.mktemp("compared") / "workspace")


def test_a_comparison_is_printed_and_written(workspace: Path, tmp_path: Path) -> None:
    files = [tmp_path / f"verdict{suffix}" for suffix in (".md", ".json", ".xml", ".html")]
    outputs = [text for file in files for text in ("--output", str(file))]
    done = bench("bicubic", "mine", "--workspace", workspace, "--metrics", "psnr,lpips", *outputs)
    assert done.code == 0, done.err
    assert "mine against bicubic" in done.out
    assert "REDS4 alone cannot decide" in done.out
    assert done.out.count("written: ") == 4
    assert files[0].read_text().startswith("## mine against bicubic")
    lines = json.loads(files[1].read_text())["lines"]
    assert {line["metric"] for line in lines} == {"psnr.rgb", "lpips.alex"}
    assert ElementTree.parse(files[2]).getroot().get("tests") == "6"
    assert files[3].read_text().startswith("<!doctype html>")


def test_what_is_missing_ends_with_3_after_everything_else(tmp_path: Path) -> None:
    with Store(f"sqlite:///{tmp_path / 'results.sqlite'}") as store:
        for method, count in (("a", 3), ("b", 2)):
            Filler(store).run(method, {("set", "psnr.rgb"): {str(place): 30.0 for place in range(count)}})
    done = bench("a", "b", "--workspace", tmp_path, "--json")
    assert done.code == 3, done.err
    assert json.loads(done.out)["lines"][0]["clips"] == 2
    assert "mgld-bench: incomplete: psnr.rgb of set: 2 of 3 clips have both scores; missing: 2 of b" in done.err


def test_wrong_use_is_one_line(workspace: Path) -> None:
    done = bench("bicubic", "nothing", "--workspace", workspace)
    assert (done.code, done.err.count("\n")) == (2, 1)
    assert "no scores of nothing" in done.err


def test_a_violated_gate_ends_with_1(workspace: Path, tmp_path: Path) -> None:
    file = tmp_path / "gate.yaml"
    file.write_text("reference: mine\nrules:\n  - {metric: psnr, datasets: [udm10], max_drop: 0.1}\n")
    done = bench("bicubic", "--gate", file, "--workspace", workspace, "--output", tmp_path / "gate.xml")
    assert done.code == 1, done.err
    assert "gate: violated: psnr.rgb on UDM10" in done.out
    assert "mgld-bench: gate failed: psnr.rgb on UDM10" in done.err
    assert ElementTree.parse(tmp_path / "gate.xml").getroot().get("failures") == "1"


def test_a_gate_that_measured_nothing_ends_with_3(workspace: Path) -> None:
    done = bench("bicubic", "mine", "--gate", "nightly", "--workspace", workspace)
    assert done.code == 3, done.err
    assert "gate has no result: dover.fused" in done.err


def test_two_folders_of_frames_are_scored_and_compared(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    for clip in ("one", "two"):
        truth = random.integers(60, 200, (2, 96, 96, 3), dtype=np.uint8)
        for folder, noise in (("GT", 0), ("good", 2), ("bad", 20)):
            frames = np.clip(truth + random.normal(0, noise, truth.shape), 0, 255).astype(np.uint8) if noise else truth
            for index, frame in enumerate(ArrayClip(clip, frames).frames()):
                path = tmp_path / folder / clip / frame_name(index)
                path.parent.mkdir(parents=True, exist_ok=True)
                write_frame(path, frame)
    sides = (tmp_path / "bad", tmp_path / "good", "--gt", tmp_path / "GT", "--metrics", "psnr", "--json", "--quiet")
    done = bench(*sides, home=tmp_path / "home")
    assert done.code == 0, done.err
    (line,) = json.loads(done.out)["lines"]
    assert (line["reference"], line["candidate"], line["wins"]) == ("bad", "good", 2)
    assert line["difference"] > 10

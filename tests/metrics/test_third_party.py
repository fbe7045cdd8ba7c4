"""A metric of somebody else's package, from the entry point to what readers see of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from mgld_bench.clips.writing import frame_name, write_frame
from tests.helpers.suite_cards import write_cards

PACKAGE = """
from mgld_bench.metrics.metric import ClipScore, ClipScorer, Metric, MetricFacts

class Brightness(Metric):
    facts = MetricFacts("brightness.mean", "Brightness", "higher", False, True, 1, 1, "mean", shown_facts=("sensor",))

    def __init__(self, device):
        pass

    def start(self, clip):
        return Scorer()

class Scorer(ClipScorer):
    def __init__(self):
        self.values = {}

    def add(self, restored, reference):
        self.values |= {index: float(frame.mean()) for index, frame in zip(restored.indices, restored.frames)}

    def finish(self):
        value = sum(self.values.values()) / len(self.values)
        facts = {"sensor": "none", "brightest": max(self.values.values())}
        return ClipScore("brightness.mean", value, self.values, ("the lights were off",), facts)
"""
PROTOCOL = "name: bright\nmetrics: {brightness: brightness.mean}\n"
REPORT = """
name: bright
title: Bright
protocol: bright
methods: [bicubic]
datasets: [{name: tiny, metrics: [brightness]}]
"""


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A folder with the package as a wheel would install it."""
    info = tmp_path / "site/brightness_metric-1.0.dist-info"
    info.mkdir(parents=True)
    (info.parent / "brightness_metric.py").write_text(PACKAGE)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: brightness-metric\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[mgld_bench.metrics]\nbrightness.mean = brightness_metric:Brightness\n")
    return info.parent


def bench(package: Path, *arguments: str | Path) -> str:
    command = [sys.executable, "-m", "mgld_bench", *map(str, arguments)]
    path = os.pathsep.join([str(package), *filter(None, [os.environ.get("PYTHONPATH")])])
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, env={**os.environ, "PYTHONPATH": path})
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_score_prints_the_notes_and_the_facts_that_it_asks_for(package: Path, tmp_path: Path) -> None:
    for index in range(2):
        write_frame(tmp_path / "clip" / frame_name(index), np.full((16, 16, 3), 10 + index, np.uint8))
    printed = " ".join(bench(package, "score", tmp_path / "clip", "--metrics", "brightness.mean").split())
    assert "note: clip clip: the lights were off" in printed
    assert "note: brightness.mean: sensor none" in printed
    assert "brightest" not in printed
    found = json.loads(bench(package, "score", tmp_path / "clip", "--metrics", "brightness.mean", "--json"))
    assert found["clips"]["clip"]["brightness.mean"]["notes"] == {"sensor": "none", "brightest": 11.0}


def test_a_report_prints_the_notes(package: Path, tmp_path: Path) -> None:
    cards, workspace = write_cards(tmp_path / "cards"), tmp_path / "workspace"
    (cards / "reports/protocols/bright.yaml").write_text(PROTOCOL)
    (cards / "reports/bright.yaml").write_text(REPORT)
    bench(package, "run", "bright", "--cards", cards, "--workspace", workspace, "--device", "cpu")
    bench(package, "report", "bright", "--cards", cards, "--workspace", workspace, "--format", "md")
    table = (workspace / "reports/bright/table.md").read_text()
    assert "- tiny, bicubic, clips bunny, bikes: the lights were off." in table

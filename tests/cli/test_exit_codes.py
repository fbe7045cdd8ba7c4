"""What was asked for and has no result ends with exit code 3, and everything that is there is shown."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from mgld_bench.clips.writing import frame_name, write_frame
from tests.helpers.clip_samples import make_frames
from tests.helpers.command import call


@pytest.fixture
def clip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MGLD_BENCH_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    for index, frame in enumerate(make_frames(count=1, height=48, width=64)):
        write_frame(tmp_path / "clip" / frame_name(index), frame)
    return tmp_path / "clip"


def test_a_score_that_cannot_be_taken(clip: Path) -> None:
    asked = ("score", clip, "--gt", clip, "--skip-unavailable", "--json", "--metrics")
    nothing = call(*asked, "lpips,dists")
    assert nothing.code == 3
    assert nothing.err.endswith("mgld-bench: incomplete: not scored: lpips.alex, dists\n")
    some = call(*asked, "lpips,psnr")
    assert some.code == 3
    assert list(json.loads(some.out)["means"]) == ["psnr.rgb"]
    assert list(json.loads(some.out)["left_out"]) == ["lpips.alex"]
    refused = call("score", clip, "--gt", clip, "--metrics", "lpips,psnr")
    assert (refused.code, refused.out) == (2, "")


def test_a_report_of_nothing_but_gaps_shows_what_was_published(clip: Path) -> None:
    done = call("report", "table1", "--against", "paper", "--datasets", "udm10", "--metrics", "psnr", "--format", "csv")
    assert done.code == 3
    assert "nothing is scored yet" in done.err
    assert "25.78" in done.out
    with (clip.parent / "workspace/reports/table1/table.csv").open(encoding="utf-8", newline="") as file:
        published = [row["published"] for row in csv.DictReader(file)]
    assert len(published) == 9
    assert "25.99" in published


def test_a_figure_without_its_data_is_named_and_the_others_are_written(clip: Path) -> None:
    card = clip.parent / "cards" / "reports" / "study.yaml"
    card.parent.mkdir(parents=True)
    figures = "figures:\n  - {kind: votes, votes: there.csv, name: there}\n  - {kind: votes, votes: away.csv, name: away}\n"
    card.write_text(f"name: study\nprotocol: smoke\ndatasets: []\nmethods: []\n{figures}")
    (card.parent / "there.csv").write_text("method_a,method_b,choice\none,other,a\n")
    done = call("report", "study", "--cards", clip.parent / "cards")
    assert done.code == 3
    assert "study: figure away was not drawn: the votes away.csv are not there" in done.err
    written = {path.name for path in (clip.parent / "workspace/reports/study/latest/figures").iterdir()}
    assert written == {"there.png", "there.svg", "there.pdf", "there.tex"}
    (clip.parent / "workspace" / "away.csv").write_text("method_a,method_b,choice\none,other,tie\n")
    assert call("report", "study", "--cards", clip.parent / "cards").code == 0

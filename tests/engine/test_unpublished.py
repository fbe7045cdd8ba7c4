"""A method that nobody can run, because something of it was never published, is named with the reason and missing to nobody."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import pytest

from mgld_bench.cards.loader import load_method
from mgld_bench.engine.session import Session
from mgld_bench.weights.locate import locate
from tests.helpers.command import call
from tests.helpers.suite_cards import write_cards

REASON = "the authors kept the decoder <b>"
ABLATION = """
name: ablation
protocol: few
methods: [gone, bicubic]
datasets: [{name: tiny, metrics: [psnr]}]
table: {orientation: methods-as-rows, attributes: [lost, year]}
plots: []
"""


@pytest.fixture(scope="module")
def top(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A user's ablation: one card for the table, one for the method that was never published; run."""
    top = tmp_path_factory.mktemp("unpublished")
    cards = write_cards(top / "cards")
    (cards / "reports/ablation.yaml").write_text(ABLATION)
    (cards / "baselines/gone.yaml").write_text(
        f"name: gone\ntitle: Gone\nextends: compact\nweights: {{network: {{file: gone.pth, unpublished: '{REASON}'}}}}\n"
        "attributes: {lost: true, year: 2024}\n"
    )
    return top


@pytest.fixture
def home(top: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MGLD_BENCH_HOME", str(top / "home"))
    return top / "home"


def test_it_stands_in_the_table_with_its_reason_and_the_run_is_complete(top: Path, home: Path) -> None:
    places = ("--cards", str(top / "cards"), "--workspace", str(top / "w"))
    dry = call("run", "ablation", "--dry-run", "--device", "cpu", *places)
    assert "once what is missing" not in dry.out
    done = call("run", "ablation", "--device", "cpu", *places)
    assert done.code == 0, done.err
    assert f"left out: method gone: not published: {REASON}" in done.err
    shown = call("report", "ablation", "--format", "md,csv,tex", *places)
    assert shown.code == 0, shown.err
    newest = top / "w/reports/ablation"
    markdown = (newest / "table.md").read_text()
    assert "| Gone | ✓ | 2024 | – <sup>a</sup> |" in markdown
    assert "- <sup>a</sup> Not published: the authors kept the decoder &lt;b&gt;." in markdown
    lines = {line["method"]: line for line in csv.DictReader((newest / "table.csv").read_text().splitlines())}
    assert lines["gone"]["why_missing"] == f"not published: {REASON}"
    assert (lines["gone"]["attribute lost"], lines["bicubic"]["attribute lost"]) == ("true", "")
    assert lines["bicubic"]["value"]


def test_alone_it_leaves_nothing_to_do(top: Path, home: Path) -> None:
    only = ("--cards", str(top / "cards"), "--workspace", str(top / "alone"), "--methods", "gone")
    done = call("run", "ablation", "--device", "cpu", *only)
    assert done.code == 3
    assert f"method gone: not published: {REASON}; nothing can be done" in done.err


def test_whoever_has_the_file_runs_it(top: Path, home: Path) -> None:
    (home / "weights").mkdir(parents=True, exist_ok=True)
    shutil.copyfile(locate(next(iter(load_method("realesr-animevideov3").weights.values()))), home / "weights/gone.pth")
    with Session.open("ablation", workspace=top / "w2", cards=[top / "cards"], device="cpu") as session:
        assert "gone" not in session.suite.unpublished
    (home / "weights/gone.pth").unlink()


def test_it_is_listed_as_such(top: Path, home: Path) -> None:
    cards = ("--cards", str(top / "cards"))
    assert "not published" in next(line for line in call("list", "methods", *cards).out.splitlines() if line.startswith("gone "))
    assert f"from nowhere: {REASON}" in call("weights", "list", *cards).out


@pytest.mark.parametrize(
    ("layout", "reason"),
    [
        ("{attributes: [year]}", "table.attributes: are headings of rows: set orientation: methods-as-rows"),
        (
            "{orientation: methods-as-rows, attributes: [lst]}",
            "table.attributes[0]: no method of this report has an attribute 'lst'; did you mean lost?",
        ),
        ("{by: scene}", "table.by: no clip of these datasets has a tag 'scene'; there are: none"),
    ],
)
def test_a_layout_that_asks_for_what_is_not_there_is_one_line(top: Path, home: Path, layout: str, reason: str) -> None:
    card = ABLATION.replace("ablation", "wrong").replace("{orientation: methods-as-rows, attributes: [lost, year]}", layout)
    (top / "cards/reports/wrong.yaml").write_text(card)
    answer = call("run", "wrong", "--device", "cpu", "--workspace", str(top / "w3"), "--cards", str(top / "cards"))
    assert answer.code == 2
    assert reason in answer.err
    assert "wrong.yaml:" in answer.err

"""The outputs of comparisons, also of hostile ones: names that try to break out, infinity, 200 clips."""

from __future__ import annotations

import itertools
import json
import math
import re
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from rich.console import Console

from mgld_bench.comparing.comparison import Comparison
from mgld_bench.comparing.show.as_json import as_json
from mgld_bench.comparing.show.render_html import render_html
from mgld_bench.comparing.show.render_junit import comparison_cases, render_junit
from mgld_bench.comparing.show.render_markdown import render_markdown
from mgld_bench.comparing.show.render_terminal import render_terminal
from mgld_bench.comparing.show.words import title
from mgld_bench.engine.store import Store
from mgld_bench.strict_json import strict
from tests.comparing.conftest import Compared
from tests.helpers.compared import Filler

EVIL = ("<script>alert(1)</script>", "a|b*c_d`e", "=cmd() [x](y)", "new\nline", "\x07bell", "[red]rich[/red]")


class Structure(HTMLParser):
    """Opens and closes as a page should."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)
        if tag not in ("meta", "br", "link"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_startendtag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


def parsed(page: str) -> Structure:
    structure = Structure()
    structure.feed(page)
    assert structure.open == []
    return structure


def terminal(comparison: Comparison, width: int = 120) -> str:
    console = Console(width=width, no_color=True)
    with console.capture() as captured:
        console.print(render_terminal(comparison))
    return captured.get()


@pytest.fixture
def hostile(tmp_path: Path, compared: Compared) -> Comparison:
    scores = {clip: 20.0 + place for place, clip in enumerate(EVIL)}
    with Store(f"sqlite:///{tmp_path / 'results.sqlite'}") as store:
        for method, gain in (("bicubic", 0.0), ("mine", 0.5), ("third", -0.5)):
            better = {clip: value + gain * (1 + value / 9) for clip, value in scores.items()}
            better["a|b*c_d`e"] = math.inf
            Filler(store).run(method, {(dataset, "psnr.rgb"): better for dataset in ("<b>set</b> & |x|", "two")})
    return compared("bicubic", "mine", "third")


@pytest.mark.parametrize("against_all", [False, True])
def test_every_output_of_a_realistic_comparison_has_the_verdict(example: Path, compared: Compared, against_all: bool) -> None:
    sides = ("mine",) if against_all else ("bicubic", "mine")
    found = compared(*sides, workspace=example, against_all=against_all, command=("mgld-bench", "compare"))
    for text in (render_markdown(found), parsed(render_html(found)).text, terminal(found, 250)):
        for words in ("REDS4 alone cannot decide", "cannot tell by PSNR, SSIM, LPIPS", "all sets together", "+0.32 "):
            assert words in re.sub(r"[\s\\]+", " ", text)
        assert ("stablesr was trained on REDS4" in re.sub(r"\s+", " ", text)) == against_all
    for text in (render_markdown(found), parsed(render_html(found)).text):
        assert "mgld-bench compare" in text
        assert "SPMCS" in text.split("lips that show it best")[1]
    content = json.loads(json.dumps(strict(as_json(found)), allow_nan=False))
    assert {line["verdict"] for line in content["lines"]} >= {"better", "cannot tell"}
    assert all(line["bootstrap95"] for line in content["lines"] if line["clips"] >= 20)
    assert content["metric_agreement"][0]["kendall"] == pytest.approx(1)


def test_the_page_loads_nothing_and_runs_nothing(example: Path, compared: Compared) -> None:
    page = render_html(compared("bicubic", "mine", workspace=example))
    assert "script" not in parsed(page).seen
    assert not re.search(r"(src|href)=|https?:|url\(", page)
    assert "default-src 'none'" in page
    assert "@page" in page


def test_hostile_names_stay_names(hostile: Comparison) -> None:
    page = parsed(render_html(hostile))
    assert {"script", "b"} & set(page.seen) == set()
    assert EVIL[0] in page.text
    assert "<b>set</b> & |x|" in page.text
    markdown = render_markdown(hostile)
    assert "<script>" not in markdown
    assert "<b>" not in markdown
    tables = [line for line in markdown.splitlines() if line.startswith("|")]
    for head, rule in itertools.pairwise(tables):
        if set(rule) <= set("|-: "):
            assert len(re.findall(r"(?<!\\)\|", head)) == len(re.findall(r"\|", rule))
    root = ElementTree.fromstring(render_junit(title(hostile), comparison_cases(hostile)))
    assert root.get("tests") == "4"
    assert {suite.get("name") for suite in root} == {"<b>set</b> & |x|", "two"}
    assert "[red]rich[/red]" in terminal(hostile, 200) or "third" in terminal(hostile, 200)
    content = json.loads(json.dumps(strict(as_json(hostile)), allow_nan=False))
    assert content["lines"][0]["gains"][EVIL[1]] == 0


def test_one_clip_and_all_ties_have_outputs(tmp_path: Path, compared: Compared) -> None:
    with Store(f"sqlite:///{tmp_path / 'results.sqlite'}") as store:
        for method in ("a", "b"):
            Filler(store).run(method, {("one", "psnr.rgb"): {"x": 30.0}, ("many", "psnr.rgb"): {str(i): 1.0 for i in range(25)}})
    found = compared("a", "b")
    for text in (render_markdown(found), render_html(found), terminal(found)):
        assert "identical" in text
    assert {line.verdict.word for line in found.lines} == {"equivalent"}


def test_two_hundred_clips_are_compared_and_a_comment_is_never_too_long(
    tmp_path: Path, compared: Compared, monkeypatch: pytest.MonkeyPatch
) -> None:
    random = np.random.default_rng(0)
    metrics = ("psnr.rgb", "psnr.y", "ssim.rgb", "lpips.alex", "dists", "niqe.pyiqa", "brisque.pyiqa", "vmaf.v0.6.1")
    names = [f"a-method-with-quite-a-long-name-of-a-checkpoint-{number}" for number in range(8)]
    with Store(f"sqlite:///{tmp_path / 'results.sqlite'}") as store:
        for name in names:
            scores = {
                (f"a-set-with-a-long-name-{place}", metric): {"a": 1.0, "b": float(random.normal())}
                for place in range(4)
                for metric in metrics
            }
            Filler(store).run(name, scores)
        for name in ("first", "second"):
            Filler(store).run(name, {("many", "psnr.rgb"): {f"{clip:03d}": float(random.normal(30, 3)) for clip in range(200)}})
    (line,) = compared("first", "second").lines
    assert (line.paired.clips, line.paired.bootstrap is not None) == (200, True)
    monkeypatch.setattr("mgld_bench.comparing.show.render_markdown.MOST_CHARACTERS", 12_000)
    markdown = render_markdown(compared(*names))
    assert markdown.count("left out here") == 1
    assert 4_000 < len(markdown) < 12_500


def test_missing_clips_are_errors_of_junit(tmp_path: Path, compared: Compared) -> None:
    with Store(f"sqlite:///{tmp_path / 'results.sqlite'}") as store:
        Filler(store).run("a", {("set", "psnr.rgb"): {str(i): 30.0 + i for i in range(8)}})
        Filler(store).run("b", {("set", "psnr.rgb"): {str(i): 29.0 + i * 0.9 for i in range(7)}})
    root = ElementTree.fromstring(render_junit("x", comparison_cases(compared("a", "b"))))
    assert (root.get("tests"), root.get("failures"), root.get("errors")) == ("2", "1", "1")
    failure, error = root.find(".//failure"), root.find(".//error")
    assert failure is not None
    assert str(failure.get("message")).startswith("worse: -")
    assert error is not None
    assert "7 of 8 clips" in str(error.get("message"))


def test_long_tables_are_folded_in_a_comment(compared: Compared, tmp_path: Path) -> None:
    with Store(f"sqlite:///{tmp_path / 'results.sqlite'}") as store:
        for method in ("bicubic", "mine"):
            Filler(store).run(method, {(f"set{place}", "psnr.rgb"): {"000": 20.0} for place in range(21)})
    markdown = render_markdown(compared("bicubic", "mine"))
    assert "<details><summary>Metric by metric: 22 lines</summary>\n\n| Dataset | Metric |" in markdown
    assert "<summary>Costs" not in markdown

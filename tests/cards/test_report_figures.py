"""Figures in report cards: what is refused, with which words, and what their files are called."""

from __future__ import annotations

from pathlib import Path

import pytest

from mgld_bench.cards.figures import CropsFigure, file_stems
from mgld_bench.cards.loader import load_report
from mgld_bench.errors import InputError

CARD = """name: mine
protocol: mgld-2024
datasets: [{name: demo, metrics: [psnr]}]
methods: [bicubic, realesrgan]
figures:
"""
WRONG = {
    "{kind: crop}": "6: figures[0].kind: unknown kind crop; did you mean crops?",
    "{name: a}": "6: figures[0].kind: is missing",
    "{kind: votes}": "6: figures[0].votes: is missing",
    "{kind: votes, votes: 3}": '6: figures[0].votes: YAML reads 3 as a number; put it in quotes: "3"',
    "{kind: crops, consecutives: 3}": "6: figures[0].consecutives: unknown field; did you mean consecutive?",
    "{kind: crops, shots: [{dataset: demo, frames: 3}]}": "6: figures[0].shots[0].frames: unknown field; did you mean frame?",
    "{kind: crops, shots: [{dataset: dmo}]}": "6: figures[0].shots[0].dataset: 'dmo' is not a dataset of this report; "
    "did you mean demo?",
    "{kind: crops, between: [bicubic, realesrga]}": "6: figures[0].between[1]: 'realesrga' is not a method of this report; "
    "did you mean realesrgan?",
    "{kind: crops, metric: psnr}": "6: figures[0].metric: needs the two methods that are compared in it: "
    "add between: [one, other]",
    "{kind: temporal-profile, row: 1, column: 1}": "6: figures[0].column: a profile is along a row or a column, not both",
    "{kind: temporal-profile, row: 1, span: [3, 1]}": "6: figures[0].span: must be [first, last] with last after "
    "first, not [3, 1]",
    "{kind: radar, name: mine}\n  - {kind: radar, name: mine}": "7: figures[1].name: two figures would be called mine: "
    "give one of them a different name",
}


def write(folder: Path, text: str) -> Path:
    path = folder / "reports" / "mine.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


@pytest.mark.parametrize("figure", WRONG)
def test_a_wrong_figure_is_refused_with_its_line(figure: str, tmp_path: Path) -> None:
    path = write(tmp_path, f"{CARD}  - {figure}\n")
    with pytest.raises(InputError) as caught:
        load_report("mine", [tmp_path])
    assert str(caught.value) == f"{path}:{WRONG[figure]}"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("metrics: [psnr]", "metrics: []", ":3: datasets[0].metrics: names no metric, and the card has no figures"),
        ("[{name: demo, metrics: [psnr]}]", "[]", ":3: datasets: names no dataset"),
        ("[bicubic, realesrgan]", "[]", ":4: methods: names no method"),
    ],
)
def test_a_report_without_figures_asks_for_something(old: str, new: str, message: str, tmp_path: Path) -> None:
    path = write(tmp_path, CARD.replace(old, new).replace("figures:\n", ""))
    with pytest.raises(InputError) as caught:
        load_report("mine", [tmp_path])
    assert str(caught.value) == f"{path}{message}"


def test_votes_need_neither_clips_nor_methods_and_are_found_beside_the_card(tmp_path: Path) -> None:
    write(tmp_path, "name: mine\nprotocol: smoke\ndatasets: []\nmethods: []\nfigures: [{kind: votes, votes: answers.csv}]\n")
    assert load_report("mine", [tmp_path]).figures[0].model_dump()["votes"] == "answers.csv"
    (tmp_path / "reports" / "answers.csv").write_text("method_a,method_b,choice\n")
    votes = load_report("mine", [tmp_path]).figures[0].model_dump()["votes"]
    assert votes == str(tmp_path / "reports" / "answers.csv")


def test_each_figure_has_files_of_its_own() -> None:
    crops = CropsFigure(kind="crops")
    assert file_stems([crops], "figure3") == ["figure3"]
    assert file_stems([crops, crops, CropsFigure(kind="crops", name="street")], "x") == ["crops", "crops-2", "street"]

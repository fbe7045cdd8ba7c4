from __future__ import annotations

from pathlib import Path

import pytest

from mgld_bench.cards.loader import load_report
from mgld_bench.cards.schemas import Published
from mgld_bench.errors import InputError
from mgld_bench.report.collect.published import load_published
from mgld_bench.report.tables.build import build_table
from mgld_bench.report.tables.table import Table
from tests.helpers.handmade import Place, make_data

CLIPS = {"reds4": ("000", "011")}
METHODS = {"bicubic": "Bicubic", "one": "One"}
TITLES = {"reds4": "REDS4"}


@pytest.fixture
def paper(tmp_path: Path) -> Path:
    path = tmp_path / "published.csv"
    path.write_text(
        "table,dataset,method,metric,value\n"
        "t,REDS4,Bicubic,PSNR,22.13\nt,REDS4,One,PSNR,22.29\nt,REDS4,Bicubic,LPIPS,0.6277\n"
        "t,REDS4,Bicubic,NIQE,9.0\nother,REDS4,Bicubic,PSNR,1.0\n"
    )
    return path


def table_of(paper: Path, scores: dict[Place, dict[str, float]], methods: dict[str, str] | None = None) -> Table:
    data = make_data(scores, CLIPS, methods or METHODS, titles=TITLES, published=paper)
    return build_table(data, against_published=True)


def psnr(bicubic: float, one: float = 22.0) -> dict[Place, dict[str, float]]:
    return {
        ("reds4", "bicubic", "psnr.rgb"): {"000": bicubic - 1, "011": bicubic + 1},
        ("reds4", "one", "psnr.rgb"): {"000": one, "011": one},
    }


def test_published_values_stand_beside_ours(paper: Path) -> None:
    table = table_of(paper, psnr(22.20))
    assert [cell.published_text for cell in table.cells[0]] == ["22.13 (+0.07)", "22.29 (-0.29)"]
    assert table.published_source == "Somebody, 2024"


def test_agreement_is_told_and_is_no_reproduction(paper: Path) -> None:
    table = table_of(paper, psnr(22.20))
    assert table.warnings == ()
    assert table.notes[:2] == (
        "REDS4: Bicubic agrees with the published values (PSNR 22.20 against 22.13, +0.07).",
        "Published values are those of Somebody, 2024; printed beside ours, they are a comparison, not a reproduction.",
    )


@pytest.mark.parametrize(("value", "agrees"), [(22.42, True), (22.44, False), (21.84, True), (21.82, False), (24.78, False)])
def test_psnr_may_be_off_by_three_tenths_of_a_decibel(paper: Path, value: float, agrees: bool) -> None:
    warnings = table_of(paper, psnr(value)).warnings
    assert (warnings == ()) == agrees
    assert agrees or warnings[0].startswith(
        "REDS4: another instance of this test set: Bicubic is off the published values (PSNR "
    )


@pytest.mark.parametrize(
    ("metric", "value", "agrees"),
    [("lpips.alex", 0.645, True), ("lpips.alex", 0.648, False), ("niqe.pyiqa", 9.2, True), ("niqe.pyiqa", 9.3, False)],
)
def test_other_metrics_have_their_own_tolerance(paper: Path, metric: str, value: float, agrees: bool) -> None:
    scores: dict[Place, dict[str, float]] = {("reds4", "bicubic", metric): {"000": value, "011": value}}
    assert (table_of(paper, scores).warnings == ()) == agrees


def test_one_metric_that_is_off_is_enough(paper: Path) -> None:
    scores = {**psnr(22.13), ("reds4", "bicubic", "lpips.alex"): {"000": 0.5, "011": 0.5}}
    (warning,) = table_of(paper, scores).warnings
    assert "LPIPS 0.5000 against 0.6277, -0.1277" in warning
    assert "PSNR" not in warning


def test_without_bicubic_the_fingerprint_cannot_be_taken(paper: Path) -> None:
    scores: dict[Place, dict[str, float]] = {("reds4", "one", "psnr.rgb"): {"000": 22.0, "011": 22.0}}
    (warning,) = table_of(paper, scores, {"one": "One"}).warnings
    assert warning.startswith("REDS4: the bicubic fingerprint could not be taken: Bicubic is not in this table")


def test_an_incomplete_bicubic_is_no_fingerprint(paper: Path) -> None:
    scores = {**psnr(22.13), ("reds4", "bicubic", "psnr.rgb"): {"000": 22.13}}
    (warning,) = table_of(paper, scores).warnings
    assert "Bicubic has not been scored on every clip" in warning


def test_without_a_published_bicubic_the_fingerprint_cannot_be_taken(paper: Path) -> None:
    scores: dict[Place, dict[str, float]] = {("reds4", "bicubic", "dover.fused"): {"000": 0.3, "011": 0.3}}
    (warning,) = table_of(paper, scores).warnings
    assert "no published value of Bicubic" in warning


def test_published_values_belong_to_the_methods_and_variants_of_the_publication(paper: Path) -> None:
    scores: dict[Place, dict[str, float]] = {
        ("reds4", "mine", "psnr.rgb"): {"000": 22.0, "011": 22.0},
        ("reds4", "one", "psnr.y"): {"000": 22.0, "011": 22.0},
    }
    data = make_data(scores, CLIPS, {"one": "One", "mine": "ONE"}, asked_methods=("one",), titles=TITLES, published=paper)
    table = build_table(data, against_published=True)
    assert {(cell.method, cell.metric): cell.published for row in table.cells for cell in row} == {
        ("one", "psnr.rgb"): 22.29,
        ("mine", "psnr.rgb"): None,
        ("one", "psnr.y"): None,
        ("mine", "psnr.y"): None,
    }


def test_a_card_without_published_values_cannot_be_compared() -> None:
    with pytest.raises(InputError, match="report report: its card names no published values"):
        build_table(make_data(psnr(22.0), CLIPS, METHODS), against_published=True)


def test_the_shipped_table_1_has_all_its_numbers() -> None:
    card = load_report("table1", ())
    assert card.published is not None
    values = load_published(card.published).values
    # 9 methods; 5 metrics on three datasets, 4 on VideoLQ.
    assert len(values) == 9 * (3 * 5 + 4)
    assert values["reds4", "bicubic", "psnr"] == 22.13


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("dataset,method,metric,value\n", "no column 'table'"),
        ("table,dataset,method,metric,value\nt,A,B,PSNR,high\n", ":2: value 'high' is not a number"),
        ("table,dataset,method,metric,value\nt,A,B,PSNR,1\nt,a,b,psnr,2\n", ":3: a b psnr appears twice"),
        ("table,dataset,method,metric,value\nt,A\n", ":2: value None is not a number"),
        ("table,dataset,method,metric,value\nu,A,B,PSNR,1\n", "no line for table 't'"),
    ],
)
def test_unusable_files_are_named(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "published.csv"
    path.write_text(text)
    with pytest.raises(InputError) as caught:
        load_published(Published(file=str(path), table="t"))
    assert str(caught.value).startswith(str(path))
    assert message in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"gone\.csv: published values cannot be read"):
        load_published(Published(file=str(tmp_path / "gone.csv"), table="t"))

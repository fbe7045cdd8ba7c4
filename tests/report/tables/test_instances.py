"""Which published copy of a test set ours is: nothing is claimed that the numbers do not show."""

from __future__ import annotations

from pathlib import Path

import pytest

from mgld_bench.report.collect.published_sets import published_sets
from mgld_bench.report.tables.build import build_table
from tests.helpers.handmade import Place, make_data
from tests.helpers.published_samples import published_card

CLIPS = tuple(f"{index:03}" for index in range(10))
MORE = "variants: {psnr: psnr.rgb, lpips: lpips.alex}\nrows: {bicubic: Bicubic}\n"


def finding(
    folder: Path, clips: tuple[str, ...] = CLIPS, *, scored: int | None = None, shipped: str = "", **numbers: float
) -> str:
    """The note on UDM10 of a table with these means: method_metric=value; of shipped sets only ``shipped`` counts."""
    variants = {"psnr": "psnr.rgb", "psnry": "psnr.y", "lpips": "lpips.alex", "niqe": "niqe.pyiqa"}
    scores: dict[Place, dict[str, float]] = {}
    for name, value in numbers.items():
        method, _, metric = name.partition("_")
        scores["udm10", method, variants[metric]] = dict.fromkeys(clips[:scored], value)
    methods = dict.fromkeys(method for _, method, _ in scores)
    data = make_data(
        scores,
        {"udm10": clips},
        {method: method.capitalize() for method in methods},
        titles={"udm10": "UDM10"},
        published_sets=tuple(one for one in published_sets((folder,)) if one.title.startswith("Paper") or one.name == shipped),
    )
    notes = [note for note in build_table(data, against_published=False).notes if note.startswith("UDM10: ")]
    return " ".join(notes)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    published_card(
        tmp_path,
        "near",
        "UDM10 Bicubic PSNR 25.10\nUDM10 Bicubic LPIPS 0.4000\nUDM10 One PSNR 27.00\nUDM10 One LPIPS 0.2000",
    )
    published_card(
        tmp_path, "far", "UDM10 Bicubic PSNR 29.66 unchecked\nUDM10 Bicubic LPIPS 0.158 unchecked", MORE + "unstated: [psnr]\n"
    )
    return tmp_path


def test_a_row_that_is_equal_to_the_printed_digits_recognises_the_copy(folder: Path) -> None:
    text = finding(folder, bicubic_psnr=25.1049, bicubic_lpips=0.40004, shipped="mgld-2024")
    assert text.startswith(
        "UDM10: this is the copy of Paper near [near]: equal to the printed digits (Bicubic: PSNR 25.10 against 25.10, 0.00, "
        "LPIPS 0.4000 against 0.4000, 0.0000)."
    )
    assert "compared too, and not equal" in text
    assert "MGLD-VSR paper (2024) [mgld-2024] (Bicubic" in text


@pytest.mark.parametrize(
    ("psnr", "equal"), [(25.105, True), (25.10505, True), (25.1052, False), (25.095, True), (25.0949, True), (25.0948, False)]
)
def test_equal_is_half_a_unit_of_the_last_digit_and_what_is_promised(folder: Path, psnr: float, equal: bool) -> None:
    assert ("this is the copy of Paper near" in finding(folder, bicubic_psnr=psnr, bicubic_lpips=0.4)) == equal


def test_one_number_is_too_little(folder: Path) -> None:
    text = finding(folder, bicubic_psnr=25.1)
    assert "in the only number that can be compared" in text
    assert "this is the copy" not in text


def test_two_copies_that_print_the_same_are_not_told_apart(folder: Path) -> None:
    published_card(folder, "twin", "UDM10 Bicubic PSNR 25.1\nUDM10 Bicubic LPIPS 0.400", MORE)
    text = finding(folder, bicubic_psnr=25.1, bicubic_lpips=0.4)
    assert "these published copies cannot be told apart" in text
    assert "Paper near [near] (Bicubic" in text and "Paper twin [twin] (Bicubic" in text
    assert "this is the copy" not in text


def test_a_row_within_the_suites_tolerance_is_close_and_no_more(folder: Path) -> None:
    text = finding(folder, bicubic_psnr=25.3, bicubic_lpips=0.41)
    assert text.startswith("UDM10: close to the copy of Paper near [near], but not equal to the printed digits")
    assert "another bicubic kernel" in text


def test_a_row_that_is_off_is_another_instance_and_names_the_nearest(folder: Path) -> None:
    text = finding(folder, bicubic_psnr=29.0, bicubic_lpips=0.2)
    assert text.startswith(
        "UDM10: another instance of this test set than the published ones that can be compared; nearest: Paper far"
    )
    assert "PSNR 29.00 against 29.66, -0.66" in text
    assert "the variant of PSNR there is assumed; read in one copy, unchecked" in text


def test_nothing_is_claimed_of_metrics_that_were_not_computed(folder: Path) -> None:
    text = finding(folder, bicubic_psnry=25.1, bicubic_niqe=5.0)
    assert text.startswith("UDM10: which published copy of the set this is cannot be told.")
    assert "Paper near [near]" in text.partition("not comparable")[2]


def test_some_clips_of_a_set_are_not_compared(folder: Path) -> None:
    assert finding(folder, scored=4, bicubic_psnr=25.1, bicubic_lpips=0.4).startswith(
        "UDM10: which published copy of the set this is cannot be told."
    )


def test_a_network_may_be_off_by_two_units_and_may_have_been_run_differently(folder: Path) -> None:
    text = finding(folder, one_psnr=27.02, one_lpips=0.2002)
    assert "this is the copy of Paper near [near]: equal within 2 units of the last printed digit (One: PSNR 27.02" in text
    assert "unless the method was run differently there" in finding(folder, one_psnr=24.0, one_lpips=0.3)


def test_bicubic_alone_decides_where_it_is_there(folder: Path) -> None:
    text = finding(folder, bicubic_psnr=25.1, bicubic_lpips=0.4, one_psnr=20.0)
    assert text.startswith("UDM10: this is the copy of Paper near [near]: equal to the printed digits (Bicubic")


def test_counts_that_differ_make_another_instance_of_equal_numbers(folder: Path) -> None:
    counts = "test_sets: {UDM10: {clips: 10, frames: 32}}\n"
    published_card(folder, "near", "UDM10 Bicubic PSNR 25.10\nUDM10 Bicubic LPIPS 0.4000", MORE + counts)
    text = finding(folder, bicubic_psnr=25.1, bicubic_lpips=0.4)
    assert text.startswith("UDM10: another instance")
    assert "nearest: Paper near [near] (Bicubic: 32 frames per clip there, 2 here, PSNR" in text


def test_of_a_set_that_nobody_published_nothing_is_said(folder: Path) -> None:
    data = make_data(
        {("demo", "bicubic", "psnr.rgb"): {"a": 20.0}},
        {"demo": ("a",)},
        {"bicubic": "Bicubic"},
        published_sets=published_sets((folder,)),
    )
    assert not any("copy" in note for note in build_table(data, against_published=False).notes)

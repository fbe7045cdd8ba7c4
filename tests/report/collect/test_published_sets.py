"""A published set that is wrong is one line with file, line and field."""

from __future__ import annotations

from pathlib import Path

import pytest

from mgld_bench.cards.loader import load_card
from mgld_bench.errors import InputError
from mgld_bench.report.collect.published_sets import is_named
from tests.helpers.published_samples import published_card

ROW = "UDM10 One PSNR 25.0"


@pytest.mark.parametrize(
    ("rows", "more", "message"),
    [
        (
            ROW,
            "variants: {psnr: psnr.rgb}\nrows: {one: Two}\n",
            "reports/published/x.yaml:5: rows.one: the file has no 'Two'; there are: One",
        ),
        (ROW, "variants: {psnr: psnr.rgb}\nscales: {dover: 0.01}\n", "scales: dover: neither the protocol nor variants"),
        (ROW, "variants: {psnr: psnr.rgb}\nprinted: {psnr: PSRN}\n", "printed.psnr: the file has no 'PSRN'; did you mean PSNR"),
        (ROW, "variants: {psnr: psnr.rgb}\ntest_sets: {UDM1: {clips: 10}}\n", "test_sets.UDM1: the file has no 'UDM1'"),
        (ROW, "protocol: dove-2024\n", 'x.yaml:4: protocol: there is no protocol "dove-2024"; did you mean dove-2025'),
        (ROW, "tables: [Table 9]\n", "tables: "),
        (f"{ROW} perhaps", "", ":2: reading 'perhaps': use checked or unchecked"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, rows: str, more: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        published_card(tmp_path, "x", rows, more)
    assert message in str(caught.value)


def test_a_protocol_and_the_set_of_its_paper_may_have_one_name() -> None:
    assert load_card("dove-2025").kind == "protocol"
    assert load_card("dove-2025", "published").kind == "published"
    assert load_card("flashvsr-2026").kind == "published"


@pytest.mark.parametrize(
    ("name", "named"), [("UDM10", True), ("udm10-dove", True), ("My UDM10/GT", True), ("udm100", False), ("reds4", False)]
)
def test_which_names_stand_for_a_test_set(name: str, named: bool) -> None:
    assert is_named(name, "UDM10") == named

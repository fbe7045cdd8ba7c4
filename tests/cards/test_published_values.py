"""The published values that stand beside ours: the file as a whole, and some cells of every row typed from the paper."""

from __future__ import annotations

import csv
import hashlib

import pytest

from mgld_bench.cards.loader import load_report
from mgld_bench.cards.search_path import shipped_folder

PUBLISHED = shipped_folder() / "reports/published"
DIGESTS = {"tables_1_2.csv": "407ef71294c5908a6a1b147ec75641574e7c30459c8f2470eb7abccaffdf8648"}
"""sha256 of each file after all of its cells were compared with the tables of the MGLD-VSR paper (ECCV 2024)."""
METHODS = ("Bicubic", "RVRT", "BSRGAN", "RealESRGAN", "StableSR", "DBVSR", "RealVSR", "RealBasicVSR", "MGLD-VSR")
SAMPLED = ("Bicubic", "RealESRGAN", "MGLD-VSR")
ROWS = {
    # Typed by hand from the tables 1 and 2 of the paper: the columns Bicubic, RealESRGAN and Ours of every row.
    ("table1", "REDS4", "PSNR"): ("22.13", "21.34", "22.46"),
    ("table1", "REDS4", "SSIM"): ("0.5730", "0.5647", "0.5723"),
    ("table1", "REDS4", "LPIPS"): ("0.6277", "0.4509", "0.3776"),
    ("table1", "REDS4", "DISTS"): ("0.3667", "0.1750", "0.1151"),
    ("table1", "REDS4", "VMAF"): ("2.1255", "33.9955", "34.3214"),
    ("table1", "UDM10", "PSNR"): ("25.78", "24.94", "25.99"),
    ("table1", "UDM10", "SSIM"): ("0.7559", "0.7439", "0.7548"),
    ("table1", "UDM10", "LPIPS"): ("0.4441", "0.3884", "0.3491"),
    ("table1", "UDM10", "DISTS"): ("0.2730", "0.1651", "0.1369"),
    ("table1", "UDM10", "VMAF"): ("5.4647", "36.9158", "39.3892"),
    ("table1", "SPMCS", "PSNR"): ("22.28", "21.66", "22.66"),
    ("table1", "SPMCS", "SSIM"): ("0.5691", "0.5694", "0.5960"),
    ("table1", "SPMCS", "LPIPS"): ("0.5572", "0.4435", "0.3990"),
    ("table1", "SPMCS", "DISTS"): ("0.3593", "0.2150", "0.1934"),
    ("table1", "SPMCS", "VMAF"): ("0.9656", "27.6935", "28.7032"),
    ("table1", "VideoLQ", "NIQE"): ("9.1319", "4.2036", "3.5346"),
    ("table1", "VideoLQ", "BRISQUE"): ("72.7405", "29.8428", "21.9839"),
    ("table1", "VideoLQ", "MUSIQ"): ("21.6789", "49.8380", "52.7812"),
    ("table1", "VideoLQ", "DOVER"): ("0.3677", "0.7309", "0.7481"),
    ("table2", "REDS4", "WE"): ("8.57", "11.91", "10.08"),
    ("table2", "UDM10", "WE"): ("3.10", "4.99", "4.55"),
    ("table2", "SPMCS", "WE"): ("3.01", "7.12", "3.87"),
    ("table2", "VideoLQ", "WE"): ("5.48", "7.64", "7.56"),
}


def cells() -> dict[tuple[str, str, str, str], str]:
    with (PUBLISHED / "tables_1_2.csv").open(newline="") as file:
        return {(row["table"], row["dataset"], row["metric"], row["method"]): row["value"] for row in csv.DictReader(file)}


def test_every_published_file_is_the_one_that_was_compared_with_the_paper() -> None:
    found = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in PUBLISHED.iterdir()}
    assert found == DIGESTS


@pytest.mark.parametrize("row", ROWS, ids="-".join)
def test_cells_of_each_row_are_those_of_the_paper(row: tuple[str, str, str]) -> None:
    values, (table, dataset, metric) = cells(), row
    assert tuple(values[table, dataset, metric, method] for method in SAMPLED) == ROWS[row]


def test_the_file_has_every_row_and_column_of_the_tables_and_nothing_else() -> None:
    assert set(cells()) == {(*row, method) for row in ROWS for method in METHODS}


def test_every_published_file_belongs_to_a_table() -> None:
    used = {card.published.file for card in map(load_report, ("table1", "table2")) if card.published}
    assert used == {str(PUBLISHED / name) for name in DIGESTS}

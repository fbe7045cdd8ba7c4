"""The published values that stand beside ours: the file as a whole, and some cells of every row typed from the paper."""

from __future__ import annotations

import csv
import hashlib
from pathlib import Path

import pytest

from mgld_bench.cards.loader import list_cards, load_dataset, load_method, load_report
from mgld_bench.cards.shipped_folder import shipped_folder

PUBLISHED = shipped_folder() / "reports/published"
DIGESTS = {
    "tables_1_2.csv": "407ef71294c5908a6a1b147ec75641574e7c30459c8f2470eb7abccaffdf8648",
    "tables_3_to_6.csv": "52f53c648b169edf5a898a4d1e97c0f088978d8b0736bcdfa3e1f16981f6139b",
    "sanity.csv": "2bc08bf639dade156cf860185551f3abbb4a50c36893a709d49e9668c3f25fe9",
}
"""sha256 of each file after all of its cells were compared with the tables of the MGLD-VSR paper (ECCV 2024); of
sanity.csv: with what its last column names."""
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


OTHER_ROWS = {
    # Likewise of the tables 3 to 6: the whole row of each method, in the order of METRICS.
    ("table3", "baseline"): ("9.3069", "4.1098", "25.3249", "51.5677", "0.7412"),
    ("table3", "MDS"): ("8.9848", "3.9876", "24.0840", "52.4143", "0.7435"),
    ("table3", "TSD"): ("8.3679", "3.6281", "22.0806", "52.6874", "0.7468"),
    ("table3", "MDS+TSD"): ("7.5478", "3.5346", "21.9839", "52.7812", "0.7481"),
    ("table4", "SpyNet"): ("7.6734", "3.5545", "52.6944", "0.7478"),
    ("table4", "RAFT"): ("7.5478", "3.5346", "52.7812", "0.7481"),
    ("table5-design", "no TM, no CFW"): ("9.8670", "4.0671", "50.2707", "0.7360"),
    ("table5-design", "CFW"): ("8.6846", "3.8451", "52.5408", "0.7431"),
    ("table5-design", "TM"): ("8.9842", "3.9236", "52.4386", "0.7426"),
    ("table5-design", "TM+CFW"): ("7.5478", "3.5346", "52.7812", "0.7481"),
    ("table5-losses", "neither"): ("7.9480", "3.5359", "52.7894", "0.7438"),
    ("table5-losses", "L_swc"): ("7.7579", "3.5409", "52.5648", "0.7449"),
    ("table5-losses", "L_diff"): ("7.7688", "3.5376", "52.7456", "0.7458"),
    ("table5-losses", "L_diff+L_swc"): ("7.5478", "3.5346", "52.7812", "0.7481"),
    ("table6", "RealESRGAN"): ("16.70M", "16.70M", "0.034"),
    ("table6", "RealBasicVSR"): ("6.30M", "6.30M", "0.011"),
    ("table6", "StableSR"): ("149.91M", "1.5B", "3.194"),
    ("table6", "MGLD-VSR"): ("130.45M", "1.5B", "1.113"),
}
FOUR = ("WE", "NIQE", "MUSIQ", "DOVER")
METRICS = {
    "table3": ("WE", "NIQE", "BRISQUE", "MUSIQ", "DOVER"),
    **dict.fromkeys(("table4", "table5-design", "table5-losses"), FOUR),
    "table6": ("trainable_params", "total_params", "seconds_per_frame_A100_128to512"),
}
ATTRIBUTES = {
    # The check marks of each row, typed from the paper.
    "table3": {"baseline": "", "MDS": "MDS", "TSD": "TSD", "MDS+TSD": "MDS TSD"},
    "table5-design": {"no TM, no CFW": "", "CFW": "CFW", "TM": "TM", "TM+CFW": "TM CFW"},
    "table5-losses": {"neither": "", "L_swc": "L_swc", "L_diff": "L_diff", "L_diff+L_swc": "L_diff L_swc"},
}


SANITY = {
    # PSNR and SSIM, typed from a later paper's copy of BasicVSR's table, from mmagic's README, and from EvTexture's table.
    ("sanity", "Bicubic"): ("26.14", "0.7292"),
    ("sanity", "BasicVSR"): ("31.4170", "0.8909"),
    ("sanity", "RVRT"): ("32.75", "0.9113"),
    ("sanity-vid4-bi", "Bicubic"): ("23.78", "0.6347"),
    ("sanity-vid4-bi", "BasicVSR (Vimeo-90K)"): ("27.2755", "0.8248"),
    ("sanity-vid4-bi", "RVRT (Vimeo-90K)"): ("27.99", "0.8462"),
}


def cells() -> dict[tuple[str, str, str, str], str]:
    with (PUBLISHED / "tables_1_2.csv").open(newline="") as file:
        return {(row["table"], row["dataset"], row["metric"], row["method"]): row["value"] for row in csv.DictReader(file)}


def test_every_published_file_of_the_paper_is_the_one_that_was_compared_with_it() -> None:
    # Those of other papers are held to their rows in test_published_rows.py.
    found = {name: hashlib.sha256((PUBLISHED / name).read_bytes()).hexdigest() for name in DIGESTS}
    assert found == DIGESTS


@pytest.mark.parametrize("row", ROWS, ids="-".join)
def test_cells_of_each_row_are_those_of_the_paper(row: tuple[str, str, str]) -> None:
    values, (table, dataset, metric) = cells(), row
    assert tuple(values[table, dataset, metric, method] for method in SAMPLED) == ROWS[row]


def test_the_file_has_every_row_and_column_of_the_tables_and_nothing_else() -> None:
    assert set(cells()) == {(*row, method) for row in ROWS for method in METHODS}


def test_the_other_file_has_these_rows_and_nothing_else() -> None:
    with (PUBLISHED / "tables_3_to_6.csv").open(newline="") as file:
        found = {(row["table"], row["row"], row["metric"]): row["value"] for row in csv.DictReader(file)}
    typed = {
        (table, row, metric): value
        for (table, row), values in OTHER_ROWS.items()
        for metric, value in zip(METRICS[table], values, strict=True)
    }
    assert found == typed


@pytest.mark.parametrize("table", [table for table in METRICS if table != "table6"])
def test_a_card_shows_every_row_of_its_table_with_its_check_marks(table: str) -> None:
    card = load_report(table)
    assert card.published is not None
    assert [card.published.rows[method] for method in card.methods] == [row for name, row in OTHER_ROWS if name == table]
    (dataset,) = card.datasets
    assert (dataset.name, [metric.upper() for metric in dataset.metrics]) == ("videolq", list(METRICS[table]))
    for method in card.methods if table in ATTRIBUTES else ():
        marked = [name for name in card.table.attributes if load_method(method).attributes[name] is True]
        assert " ".join(marked) == ATTRIBUTES[table][card.published.rows[method]]


@pytest.mark.parametrize("row", SANITY, ids="-".join)
def test_cells_of_the_sanity_rows(row: tuple[str, str]) -> None:
    with (PUBLISHED / "sanity.csv").open(newline="") as file:
        found = {line["metric"]: line["value"] for line in csv.DictReader(file) if (line["table"], line["method"]) == row}
    assert (found["PSNR"], found["SSIM"]) == SANITY[row]


@pytest.mark.parametrize("report", ["sanity", "sanity-vid4-bi", "sanity-bd"])
def test_a_sanity_row_is_there_for_every_method_and_states_whether_it_was_checked(report: str) -> None:
    card = load_report(report)
    assert card.published is not None
    with Path(card.published.file).open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["table"] == card.published.table]
    assert all(row["checked"] for row in rows)
    wanted = {(load_dataset(dataset.name).title, metric.upper()) for dataset in card.datasets for metric in dataset.metrics}
    for method in card.methods:
        found = {(row["dataset"], row["metric"]) for row in rows if row["method"] == load_method(method).title}
        # What the papers print for Bicubic and BD is left out: the card says why.
        assert found == (set() if (report, method) == ("sanity-bd", "bicubic") else wanted)


def test_every_published_file_belongs_to_a_table() -> None:
    used = {card.published.file for card in (load_report(entry.name) for entry in list_cards("report")) if card.published}
    assert used == {str(PUBLISHED / name) for name in DIGESTS}

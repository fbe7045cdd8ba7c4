"""Every shipped card loads, and agrees with the papers and the datasets' own pages."""

from __future__ import annotations

import csv
import hashlib
from importlib import metadata
from pathlib import Path

import pytest

from mgld_bench.cards.loader import (
    CardEntry,
    list_cards,
    load_card,
    load_dataset,
    load_degradation,
    load_method,
    load_protocol,
    load_report,
    resolved_card,
)
from mgld_bench.cards.schemas import CardKind, ReportCard

EXPECTED: dict[CardKind, set[str]] = {
    "dataset": {"demo", "reds4", "udm10", "spmcs", "videolq", "youhq40", "realvsr", "mvsr4x"},
    "degradation": {"realbasicvsr", "realbasicvsr-original"},
    "method": {
        "bicubic",
        "realesrgan",
        "realesrgan-official",
        "realesr-animevideov3",
        "bsrgan",
        "results",
        "realesrnet",
        "bsrnet",
        "realvsr",
        "realvsr-enlarge-last",
    },
    "protocol": {"mgld-2024", "smoke", "dove-2025", "realbasicvsr-3frames", "star-2025", "seedvr-2025", "vivid-1024"},
    "report": {"demo", "table1", "table2", "table3", "table4", "table5-design", "table5-losses", "table6"},
}


@pytest.mark.parametrize("kind", EXPECTED)
def test_the_expected_cards_are_there(kind: CardKind) -> None:
    assert {entry.name for entry in list_cards(kind)} >= EXPECTED[kind]


@pytest.mark.parametrize("entry", list_cards(), ids=lambda entry: f"{entry.kind}-{entry.name}")
def test_every_card_loads_by_name_and_by_path(entry: CardEntry) -> None:
    card = load_card(entry.name, entry.kind)
    assert card.name == entry.name
    assert load_card(str(entry.path)) == card
    assert resolved_card(card)["name"] == entry.name


@pytest.mark.parametrize("entry", list_cards("dataset"), ids=lambda entry: entry.name)
def test_dataset_cards_agree_with_themselves(entry: CardEntry) -> None:
    card = load_dataset(entry.name)
    assert card.obtain
    assert card.publication.license
    counts = [clip.frames for clip in card.clips if clip.frames is not None]
    if counts and len(counts) == len(card.clips):
        assert sum(counts) == card.total_frames
    assert len({clip.name for clip in card.clips}) == len(card.clips)
    assert card.clips or card.clip_count
    for layout in card.layouts:
        patterns = [pattern for pattern in (layout.ground_truth, layout.low_resolution) if pattern]
        assert bool(layout.package) != bool(patterns)
        assert all("{clip}" in pattern for pattern in patterns)
    if card.degradation:
        assert load_degradation(card.degradation)


def test_facts_of_the_four_sets_of_the_paper() -> None:
    reds4, udm10, spmcs, videolq = (load_dataset(name) for name in ("reds4", "udm10", "spmcs", "videolq"))
    assert [clip.name for clip in reds4.clips] == ["000", "011", "015", "020"]
    assert (reds4.size, reds4.total_frames) == ((1280, 720), 400)
    assert (udm10.size, udm10.total_frames, len(udm10.clips)) == ((1272, 720), 320, 10)
    assert (spmcs.size, len(spmcs.clips)) == ((960, 540), 30)
    assert {clip.name: clip.accepted_frames for clip in spmcs.clips if clip.accepted_frames} == {"NYVTG_006": (35,)}
    assert [clip.name for clip in videolq.clips] == [f"{number:03d}" for number in range(50)]
    assert (videolq.ground_truth, videolq.degradation, videolq.total_frames) == (False, None, 4771)


def test_the_profiles_of_the_degradation() -> None:
    assert load_degradation("realbasicvsr").profile == "mgld"
    assert load_degradation("realbasicvsr-original").profile == "realbasicvsr"


@pytest.mark.parametrize("name", ["realesrgan", "realesr-animevideov3"])
def test_weights_that_packages_carry_are_those_that_the_cards_pin(name: str) -> None:
    for weight in load_method(name).weights.values():
        path = Path(str(metadata.distribution(weight.package).locate_file(weight.file)))
        assert path.stat().st_size == weight.size
        assert hashlib.sha256(path.read_bytes()).hexdigest() == weight.sha256


def test_the_official_variant_takes_nothing_of_the_other_file() -> None:
    weight = load_method("realesrgan-official").weights["network"]
    assert (weight.file, weight.package, weight.size) == ("RealESRGAN_x4plus.pth", "", 67040989)
    assert weight.sha256.startswith("4fa0d38905f75ac0")


def test_short_names_of_the_paper_resolve_to_variants() -> None:
    metrics = load_protocol("mgld-2024").metrics
    assert metrics["vmaf"] == "vmaf.v0.6.1neg"
    assert metrics["psnr"] == "psnr.rgb"
    for report in ("demo", "table1", "table2"):
        assert {metric for dataset in load_report(report).datasets for metric in dataset.metrics} <= set(metrics)


def test_table1_has_the_paper_s_columns() -> None:
    card = load_report("table1")
    assert [name.lower() for name in card.methods] == [name.lower() for name in _methods_of("table1")]


@pytest.mark.parametrize("report", ["table1", "table2"])
def test_published_values_cover_the_table(report: str) -> None:
    card = load_report(report)
    values = _published(card)
    for dataset in card.datasets:
        for method in card.methods:
            for metric in dataset.metrics:
                assert (dataset.name, method, metric) in values
    assert len(values) == len(card.methods) * sum(len(dataset.metrics) for dataset in card.datasets)


def _rows(table: str, file: str) -> list[dict[str, str]]:
    with Path(file).open() as opened:
        return [row for row in csv.DictReader(opened) if row["table"] == table]


def _published(card: ReportCard) -> dict[tuple[str, str, str], float]:
    assert card.published is not None
    rows = _rows(card.published.table, card.published.file)
    return {(row["dataset"].lower(), row["method"].lower(), row["metric"].lower()): float(row["value"]) for row in rows}


def _methods_of(table: str) -> list[str]:
    published = load_report(table).published
    assert published is not None
    return list(dict.fromkeys(row["method"] for row in _rows(table, published.file)))

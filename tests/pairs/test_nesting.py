"""Datasets are found below the folder that a user names, and never in a differently degraded copy."""

from __future__ import annotations

from pathlib import Path

import pytest

from mgld_bench.cards.loader import load_dataset
from mgld_bench.errors import InputError
from mgld_bench.pairs.layouts import find_layout

CLIPS = ("000", "011", "015", "020")


def folders(top: Path, *names: str) -> Path:
    for name in names:
        (top / name).mkdir(parents=True)
    return top


def truth_of(source: Path, dataset: str = "reds4", existing: bool = False) -> dict[str, str]:
    found = find_layout(load_dataset(dataset), source, existing)
    return {clip: place.relative_to(source).as_posix() for clip, place in found.ground_truth.items()}


@pytest.mark.parametrize(
    "place", ["train/train_sharp", "testsets/REDS4/GT", "REDS4/GT", "REDS4", "a/train_sharp", "train_sharp", ""]
)
def test_a_set_is_found_in_its_folder_and_above(tmp_path: Path, place: str) -> None:
    folders(tmp_path, *(f"{place}/{clip}".lstrip("/") for clip in CLIPS))
    assert truth_of(tmp_path) == {clip: f"{place}/{clip}".lstrip("/") for clip in CLIPS}


def test_numbers_that_are_not_padded_are_the_same_clips(tmp_path: Path) -> None:
    folders(tmp_path, "GT/0", "GT/011", "GT/15", "GT/20")
    assert truth_of(tmp_path) == {"000": "GT/0", "011": "GT/011", "015": "GT/15", "020": "GT/20"}
    folders(tmp_path, "GT/00")
    with pytest.raises(InputError, match="missing: ground truth of 000"):
        truth_of(tmp_path)


def test_a_degraded_copy_is_not_taken_for_the_ground_truth(tmp_path: Path) -> None:
    folders(tmp_path, *(f"train_blur/{clip}" for clip in CLIPS))
    with pytest.raises(InputError, match="none of its layouts"):
        truth_of(tmp_path)


def test_a_set_that_is_there_twice_has_to_be_chosen(tmp_path: Path) -> None:
    folders(tmp_path, *(f"{copy}/GT/{clip}" for copy in ("one", "two") for clip in CLIPS))
    with pytest.raises(InputError, match="several times"):
        truth_of(tmp_path)
    assert truth_of(tmp_path / "two")["000"] == "GT/000"


def test_clips_with_different_names_are_named(tmp_path: Path) -> None:
    folders(tmp_path, *(f"UDM10/GT/{number:03d}" for number in range(10)))
    with pytest.raises(InputError, match="10 clips with different names"):
        truth_of(tmp_path, "udm10")


def test_the_official_udm10_has_lr(tmp_path: Path) -> None:
    names = [clip.name for clip in load_dataset("udm10").clips]
    folders(tmp_path, *(f"{name}/{side}" for name in names for side in ("truth", "blur4")))
    found = find_layout(load_dataset("udm10"), tmp_path, existing_lq=True)
    assert found.low_resolution["caffe"] == tmp_path / "caffe/blur4"

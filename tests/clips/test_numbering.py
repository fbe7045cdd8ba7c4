"""Frames whose numbers contradict each other are not paired by position."""

from __future__ import annotations

from pathlib import Path

import pytest

from mgld_bench.clips.clip import ClipFacts
from mgld_bench.clips.numbering import first_number, numbers_disagree
from mgld_bench.clips.reading import open_clip, select_frames
from mgld_bench.errors import InputError
from mgld_bench.methods.compute import Compute
from mgld_bench.methods.results import FinishedResults, FinishedResultsOptions
from mgld_bench.scoring.agreement import check_agreement
from tests.helpers.clip_samples import Make, make_frames


def facts(*numbered_from: int) -> ClipFacts:
    return ClipFacts("a", 10, 8, 8, tuple("0123456789"), lossy=False, numbered_from=numbered_from)


@pytest.mark.parametrize(
    ("ours", "theirs", "words"),
    [
        ((2,), (0,), "2 to 11 and 0 to 9"),
        ((0,), (9,), "0 to 9 and 9 to 18"),
        ((0,), (1,), ""),
        ((1,), (0,), ""),
        ((7,), (7,), ""),
        ((1000,), (0,), ""),
        ((0,), (10,), ""),
        ((), (2,), ""),
        ((2,), (0, 2), ""),
        ((1,), (0, 5), ""),
        ((3,), (0, 5), "3 to 12 and 0 to 9"),
    ],
)
def test_numbers_that_overlap_must_begin_together(ours: tuple[int, ...], theirs: tuple[int, ...], words: str) -> None:
    assert numbers_disagree(facts(*ours), facts(*theirs)) == words


def test_the_number_is_the_part_of_the_name_that_changes() -> None:
    assert first_number(["2024_take3_0004_left", "2024_take3_0005_left"]) == 4
    assert first_number(["im7"]) == 7
    assert first_number(["picture"]) is None


def test_restored_frames_of_other_numbers_than_the_ground_truth(frame_folder: Make) -> None:
    frames = make_frames(count=5)
    truth = open_clip(frame_folder(frames, "truth"))
    with pytest.raises(InputError, match=r"restored frames and of ground truth are 2 to 6 and 0 to 4 .*late.* and .*truth"):
        check_agreement(open_clip(frame_folder(frames, "late", first=2)), truth)
    assert check_agreement(open_clip(frame_folder(frames, "one", first=1)), truth) is None
    assert check_agreement(open_clip(frame_folder(frames, "far", first=500)), truth) is None


def test_a_selection_keeps_its_numbers(frame_folder: Make) -> None:
    clip = open_clip(frame_folder(make_frames(count=5), "clip", first=1))
    assert select_frames(clip, 2, 3).facts.numbered_from == (3,)


def test_finished_results_of_other_numbers_than_the_lr_clip(tmp_path: Path, frame_folder: Make) -> None:
    low = open_clip(frame_folder(make_frames(count=5), "clip"))
    (tmp_path / "out").mkdir()
    frame_folder(make_frames(count=5, height=96, width=128), "out/clip", first=3)
    results = FinishedResults(FinishedResultsOptions(folder=str(tmp_path / "out")), None, Compute())
    with pytest.raises(InputError, match="are 3 to 7 and 0 to 4"):
        list(results.restore(low))

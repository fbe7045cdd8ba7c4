"""Finished results of another program as a method."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import pytest

from mgld_bench.cards.schemas import MethodCard
from mgld_bench.clips.clip import Clip
from mgld_bench.clips.ffmpeg import ffmpeg_binary
from mgld_bench.clips.writing import write_frame, write_video
from mgld_bench.errors import InputError
from mgld_bench.methods.compute import Compute
from mgld_bench.methods.restorer import AnyRestorer
from mgld_bench.methods.results import FinishedResults, FinishedResultsOptions
from mgld_bench.restoring.loading import load_restorer, parse_options, why_unavailable
from mgld_bench.restoring.running import restore_clip


def results_in(folder: Path, dataset: str = "") -> AnyRestorer:
    card = MethodCard(name="theirs", restorer="mgld_bench.methods.results:FinishedResults", options={"folder": str(folder)})
    return load_restorer(card, Compute()).for_dataset(dataset)


def store(folder: Path, clip: Clip, offset: int = 0) -> None:
    for index, frame in enumerate(clip.frames()):
        write_frame(folder / f"frame_{index:03d}.png", frame + np.uint8(offset))


def test_a_folder_of_frames_is_taken_as_it_is(tmp_path: Path, low_resolution: Clip, ground_truth: Clip) -> None:
    store(tmp_path / "theirs" / "bunny", ground_truth)
    restorer = results_in(tmp_path / "theirs")
    np.testing.assert_array_equal(list(restorer.restore(low_resolution)), list(ground_truth.frames()))
    np.testing.assert_array_equal(list(restorer.restore(low_resolution, 2)), list(ground_truth.frames(2)))
    assert restorer.notes(low_resolution) == {}


def test_a_video_is_taken_and_its_loss_is_noted(tmp_path: Path, low_resolution: Clip, ground_truth: Clip) -> None:
    write_video(tmp_path / "theirs" / "bunny.mkv", ground_truth.frames(), 25)
    restorer = results_in(tmp_path / "theirs")
    np.testing.assert_array_equal(list(restorer.restore(low_resolution)), list(ground_truth.frames()))
    assert "lossy" not in restorer.notes(low_resolution)


def test_the_datasets_folder_comes_first(tmp_path: Path, low_resolution: Clip, ground_truth: Clip) -> None:
    store(tmp_path / "bunny", ground_truth)
    store(tmp_path / "demo" / "bunny", ground_truth, offset=1)
    inside = next(results_in(tmp_path, "demo").restore(low_resolution))
    np.testing.assert_array_equal(inside, ground_truth.frame(0) + np.uint8(1))
    for dataset in ("", "reds4"):
        outside = next(results_in(tmp_path, dataset).restore(low_resolution))
        np.testing.assert_array_equal(outside, ground_truth.frame(0))


def test_a_wrong_number_or_size_names_both_sides(tmp_path: Path, low_resolution: Clip, ground_truth: Clip) -> None:
    store(tmp_path / "short" / "bunny", ground_truth)
    (tmp_path / "short" / "bunny" / "frame_002.png").unlink()
    with pytest.raises(InputError, match=r"short/bunny: has 2 frames, the LR clip bunny has 3"):
        next(results_in(tmp_path / "short").restore(low_resolution))
    store(tmp_path / "small" / "bunny", low_resolution)
    with pytest.raises(InputError, match=r"small/bunny: is 32x24, but x4 of the LR clip bunny is 128x96"):
        next(results_in(tmp_path / "small").restore(low_resolution))


def test_results_that_are_missing_or_double_are_errors(tmp_path: Path, low_resolution: Clip, ground_truth: Clip) -> None:
    with pytest.raises(InputError, match=r"no finished results of clip bunny: looked for .* in .*theirs/demo and .*theirs"):
        next(results_in(tmp_path / "theirs", "demo").restore(low_resolution))
    store(tmp_path / "theirs" / "bunny", ground_truth)
    write_video(tmp_path / "theirs" / "bunny.mkv", ground_truth.frames(), 25)
    with pytest.raises(InputError, match=r"bunny and bunny\.mkv are both results of clip bunny"):
        next(results_in(tmp_path / "theirs").restore(low_resolution))


def test_changed_files_change_what_it_depends_on(tmp_path: Path, ground_truth: Clip) -> None:
    store(tmp_path / "theirs" / "demo" / "bunny", ground_truth)
    options = FinishedResultsOptions(folder=str(tmp_path / "theirs"))
    before = FinishedResults.depends_on(options, "demo", "bunny")
    assert before == FinishedResults.depends_on(options, "demo", "bunny") != ""
    write_frame(tmp_path / "theirs" / "demo" / "bunny" / "frame_001.png", ground_truth.frame(0))
    assert FinishedResults.depends_on(options, "demo", "bunny") != before
    with pytest.raises(InputError, match="no finished results"):
        FinishedResults.depends_on(options, "demo", "bikes")


def test_the_card_has_to_name_a_folder() -> None:
    card = MethodCard(name="results", restorer="mgld_bench.methods.results:FinishedResults", options={"folder": ""})
    with pytest.raises(InputError, match=r"method results: options\.folder: name the folder of the finished frames"):
        parse_options(card)
    assert why_unavailable(card, Compute()) is not None


def test_results_are_restored_like_any_method(tmp_path: Path, low_resolution: Clip, ground_truth: Clip) -> None:
    store(tmp_path / "theirs" / "bunny", ground_truth)
    record = restore_clip(results_in(tmp_path / "theirs"), low_resolution, tmp_path / "out", "key", {})
    assert record.frame_count == 3
    assert sorted(path.name for path in (tmp_path / "out" / "bunny").iterdir()) == [
        "00000000.png",
        "00000001.png",
        "00000002.png",
    ]


def test_the_colour_of_untagged_video_is_an_option_that_leaves_older_keys_as_they_are(
    tmp_path: Path, low_resolution: Clip, ground_truth: Clip
) -> None:
    (tmp_path / "theirs").mkdir()
    raw = np.stack(list(ground_truth.frames())).tobytes()
    size = f"{ground_truth.width}x{ground_truth.height}"
    given = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", size, "-i", "-", "-vf", "setparams=colorspace=unknown:range=unknown"]
    coded = ["-c:v", "libx264", "-crf", "10", "-pix_fmt", "yuv444p", str(tmp_path / "theirs/bunny.mp4")]
    subprocess.run([ffmpeg_binary(), "-loglevel", "error", *given, *coded], input=raw, check=True)
    named = {"folder": str(tmp_path / "theirs")}
    card = MethodCard(name="theirs", restorer="mgld_bench.methods.results:FinishedResults", options=named)
    frames, matrices = {}, {}
    for colour in ("", "bt601", "bt709"):
        options = {**card.options, **({"colour": colour} if colour else {})}
        mine = card.model_copy(update={"options": options})
        assert parse_options(mine).model_dump(mode="json") == options
        restorer = load_restorer(mine, Compute())
        frames[colour], matrices[colour] = list(restorer.restore(low_resolution)), restorer.notes(low_resolution)["matrix"]
    assert matrices == {"": "bt601", "bt601": "bt601", "bt709": "bt709"}
    np.testing.assert_array_equal(frames[""], frames["bt601"])
    assert not np.array_equal(frames["bt601"], frames["bt709"])
    with pytest.raises(InputError, match=r"colour: .*did you mean bt709"):
        parse_options(card.model_copy(update={"options": {**card.options, "colour": "bt70"}}))

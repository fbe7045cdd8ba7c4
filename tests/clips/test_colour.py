"""The colours of video without tags: by the written rule, or as stated."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mgld_bench.clips.clip import Clip
from mgld_bench.clips.digest import file_sha256
from mgld_bench.clips.reading import open_clip
from mgld_bench.errors import InputError
from tests.helpers.clip_samples import Frames, Make, run_ffmpeg

LOSSLESS = ("-c:v", "libx264", "-qp", "0", "-preset", "ultrafast", "-pix_fmt", "yuv444p")


def frames_of(clip: Clip) -> Frames:
    return np.stack(list(clip.frames()))


def tagged(path: Path, matrix: str, full: bool) -> Path:
    """The same samples with tags. H.273: BT.709 is 1, BT.601 is 6."""
    copy = path.with_name(f"{matrix}-{full}.mp4")
    flags = f"matrix_coefficients={ {'bt709': 1, 'bt601': 6}[matrix] }:video_full_range_flag={int(full)}"
    run_ffmpeg("-i", path, "-c", "copy", "-bsf:v", f"h264_metadata={flags}", copy)
    return copy


@pytest.mark.parametrize(("size", "matrix"), [("160x718", "bt601"), ("160x720", "bt709"), ("1280x576", "bt601")])
def test_rule_for_untagged_video(make_video: Make, size: str, matrix: str) -> None:
    path = make_video("a.mp4", *LOSSLESS, size=size, count=1)
    clip = open_clip(path)
    np.testing.assert_array_equal(frames_of(clip), frames_of(open_clip(tagged(path, matrix, full=False))))
    record = clip.facts.conversion
    assert (record["matrix"], record["matrix_source"], record["range"]) == (matrix, "assumed", "limited")
    # What was read in the same way before keeps its digest, and with it the keys of finished work.
    assert (clip.digest() == file_sha256(path)) is (matrix == "bt601")


def test_the_stored_rows_decide_not_those_of_the_upright_frame(make_video: Make, tmp_path: Path) -> None:
    path = make_video("a.mp4", *LOSSLESS, size="720x160", count=1)
    turned = tmp_path / "turned.mp4"
    run_ffmpeg("-display_rotation", "90", "-i", path, "-c", "copy", turned)
    clip = open_clip(turned)
    assert (clip.height, clip.facts.conversion["matrix"]) == (720, "bt601")


@pytest.mark.parametrize("colour", ["bt601", "bt709", "bt601-full", "bt709-full"])
@pytest.mark.parametrize("size", ["160x96", "160x720"])
def test_stated_colour_of_untagged_video(make_video: Make, colour: str, size: str) -> None:
    path = make_video("a.mp4", *LOSSLESS, size=size, count=1)
    clip = open_clip(path, colour=colour)
    matrix, _, full = colour.partition("-")
    np.testing.assert_array_equal(frames_of(clip), frames_of(open_clip(tagged(path, matrix, bool(full)))))
    assert (clip.facts.conversion["matrix_source"], clip.facts.conversion["range_source"]) == ("stated", "stated")
    digests = {name: open_clip(path, colour=name).digest() for name in ("bt601", "bt709", "bt601-full", "bt709-full")}
    assert len(set(digests.values())) == 4
    assert digests["bt601"] == file_sha256(path)
    assert open_clip(path).digest() == digests["bt709" if size.endswith("720") else "bt601"]


def test_tags_win_over_what_is_stated(make_video: Make) -> None:
    path = tagged(make_video("a.mp4", *LOSSLESS, count=1), "bt709", full=True)
    stated = open_clip(path, colour="bt601")
    np.testing.assert_array_equal(frames_of(stated), frames_of(open_clip(path)))
    assert stated.digest() == file_sha256(path)
    assert stated.facts.conversion["matrix_source"] == "tagged"


def test_colour_that_does_not_exist(make_video: Make) -> None:
    with pytest.raises(InputError, match=r"colour 'bt710' does not exist: did you mean bt709"):
        open_clip(make_video("a.mp4", count=1), colour="bt710")

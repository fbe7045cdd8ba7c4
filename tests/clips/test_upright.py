"""Frames that a camera stored turned: every orientation of video, JPEG and PNG comes out as ffmpeg, OpenCV and Pillow show it."""

from __future__ import annotations

import hashlib
import struct
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image, ImageOps

from mgld_bench.clips.clip import Clip
from mgld_bench.clips.reading import find_clips, open_clip
from mgld_bench.clips.upright import orientation_of_exif, orientation_of_matrix
from mgld_bench.clips.writing import write_video
from mgld_bench.errors import InputError
from tests.helpers.clip_samples import Frames, Make, make_frames, run_ffmpeg

# Options of ffmpeg that write each display matrix, by the orientation of EXIF that means the same.
DISPLAY = {
    1: (),
    2: ("-display_hflip",),
    3: ("-display_rotation", "180"),
    4: ("-display_vflip",),
    5: ("-display_rotation", "90", "-display_vflip"),
    6: ("-display_rotation", "270"),
    7: ("-display_rotation", "270", "-display_vflip"),
    8: ("-display_rotation", "90"),
}


def frames_of(clip: Clip) -> Frames:
    return np.stack(list(clip.frames()))


@pytest.mark.parametrize("container", ["mp4", "mkv"])
@pytest.mark.parametrize("orientation", DISPLAY)
def test_video_comes_out_as_ffmpeg_shows_it(tmp_path: Path, orientation: int, container: str) -> None:
    plain = tmp_path / f"plain.{container}"
    write_video(plain, make_frames(count=3), 25)
    turned = tmp_path / f"turned.{container}"
    options = DISPLAY[orientation]
    if options and options[0] != "-display_rotation":
        options = ("-display_rotation", "0", *options)
    run_ffmpeg(*options, "-i", plain, "-c", "copy", turned)
    run_ffmpeg("-i", turned, tmp_path / "%08d.png")
    shown = np.stack([np.asarray(Image.open(tmp_path / f"{index:08d}.png").convert("RGB")) for index in (1, 2, 3)])
    clip = open_clip(turned)
    assert (clip.height, clip.width) == shown.shape[1:3]
    np.testing.assert_array_equal(frames_of(clip), shown)
    np.testing.assert_array_equal(clip.frame(1), shown[1])
    assert ("rotation" in clip.facts.conversion) is (orientation != 1)
    assert (clip.digest() == open_clip(plain).digest()) is (turned.read_bytes() == plain.read_bytes())


def test_a_rotation_that_is_no_right_angle(tmp_path: Path, make_video: Make) -> None:
    source = make_video("a.mp4", count=2)
    turned = tmp_path / "turned.mp4"
    run_ffmpeg("-display_rotation", "30", "-i", source, "-c", "copy", turned)
    with pytest.raises(InputError, match="no multiple of 90"):
        open_clip(turned)


@pytest.mark.parametrize("suffix", ["jpg", "png"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_image_comes_out_as_others_show_it(tmp_path: Path, orientation: int, suffix: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    for index, frame in enumerate(make_frames(count=2)):
        Image.fromarray(frame).save(tmp_path / f"{index}.{suffix}", exif=exif)
    clip = open_clip(tmp_path)
    for index, frame in enumerate(clip.frames()):
        with Image.open(tmp_path / f"{index}.{suffix}") as stored:
            shown = np.asarray(ImageOps.exif_transpose(stored))
        np.testing.assert_array_equal(frame, shown)
        by_opencv = cv2.imread(str(tmp_path / f"{index}.{suffix}"))
        assert by_opencv is not None
        np.testing.assert_array_equal(frame, by_opencv[:, :, ::-1])
        assert (clip.height, clip.width) == frame.shape[:2]
    assert ("rotation" in clip.facts.conversion) is (orientation != 1)


def test_the_digest_of_what_is_stored_upright_is_as_before(tmp_path: Path) -> None:
    exif = Image.Exif()
    for name, orientation in (("none", 0), ("upright", 1), ("turned", 3)):
        (tmp_path / name).mkdir()
        exif[0x0112] = orientation
        for index, frame in enumerate(make_frames(count=2)):
            Image.fromarray(frame).save(tmp_path / name / f"{index}.png", exif=exif if orientation else None)

    def as_before(folder: Path) -> str:
        lines = [f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.name}\n" for file in sorted(folder.iterdir())]
        return hashlib.sha256("".join(lines).encode()).hexdigest()

    clips = {clip.name: clip.digest() for clip in find_clips(tmp_path)}
    assert clips["none"] == as_before(tmp_path / "none")
    assert clips["upright"] == as_before(tmp_path / "upright")
    assert clips["turned"] != as_before(tmp_path / "turned")


def test_frames_of_different_orientations(tmp_path: Path) -> None:
    exif = Image.Exif()
    for index, frame in enumerate(make_frames(count=2)):
        exif[0x0112] = (1, 3)[index]
        Image.fromarray(frame).save(tmp_path / f"{index}.png", exif=exif)
    with pytest.raises(InputError, match=r"1\.png: has EXIF orientation 3, but 0\.png, the clip's first frame, has 1"):
        frames_of(open_clip(tmp_path))


def test_exif_that_states_nothing_useful() -> None:
    entry = struct.pack("<HHIHH", 0x0112, 3, 1, 6, 0)
    whole = struct.pack("<2sHIH", b"II", 42, 8, 1) + entry
    assert orientation_of_exif(whole) == 6
    assert orientation_of_exif(struct.pack(">2sHIH", b"MM", 42, 8, 1) + struct.pack(">HHIHH", 0x0112, 3, 1, 6, 0)) == 6
    for broken in (b"", b"II", b"XX" + whole[2:], whole[:15], struct.pack("<2sHIH", b"II", 42, 9999, 1) + entry):
        assert orientation_of_exif(broken) == 1
    for value, kind in ((0, 3), (9, 3), (6, 4)):
        assert orientation_of_exif(struct.pack("<2sHIH", b"II", 42, 8, 1) + struct.pack("<HHIHH", 0x0112, kind, 1, value, 0)) == 1


def test_matrices_that_do_more_than_turn() -> None:
    assert orientation_of_matrix(65536, 0, 0, 65536) == 1
    assert orientation_of_matrix(0, 65536, -65536, 3) == 6
    assert orientation_of_matrix(46341, 46341, -46341, 46341) is None
    assert orientation_of_matrix(0, 0, 0, 0) is None

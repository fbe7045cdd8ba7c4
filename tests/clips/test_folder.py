"""Folders of frames: what is read, in which order, and what is refused with which words."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mgld_bench.clips.digest import file_sha256
from mgld_bench.clips.reading import find_clips, open_clip
from mgld_bench.errors import InputError
from tests.helpers.clip_samples import Frames, Make, make_frames


def refusal(path: Path) -> str:
    """The one line with which the clip at ``path`` is refused, on opening or on reading."""
    with pytest.raises(InputError) as raised:
        list(open_clip(path).frames())
    message = str(raised.value)
    assert "\n" not in message
    return message


@pytest.mark.parametrize("pattern", ["{:08d}.png", "{}.png", "frame_{:03d}.PNG", "im{}.bmp", "2024_take3_{:04d}_left.png"])
@pytest.mark.parametrize("first", [0, 1, 8, 1911])
def test_frames_come_in_the_order_of_their_numbers(frame_folder: Make, pattern: str, first: int) -> None:
    frames = make_frames(count=12)
    folder = frame_folder(frames, "clip", pattern, first)
    clip = open_clip(folder)
    np.testing.assert_array_equal(list(clip.frames()), frames)
    assert clip.facts.frame_names == tuple(Path(pattern.format(first + index)).stem for index in range(12))
    assert (clip.name, clip.frame_count, clip.height, clip.width, clip.path) == ("clip", 12, 24, 32, folder)
    assert not clip.facts.lossy
    assert dict(clip.facts.conversion) == {}


def test_any_range_equals_that_part_of_the_whole(frame_folder: Make, frames: Frames) -> None:
    clip = open_clip(frame_folder(frames))
    for start in range(5):
        for stop in range(start, 5):
            np.testing.assert_array_equal(np.array(list(clip.frames(start, stop))).reshape(-1, 24, 32, 3), frames[start:stop])
    np.testing.assert_array_equal(clip.frame(2), frames[2])


@pytest.mark.parametrize(("start", "stop"), [(0, 5), (-1, 2), (3, 2), (5, None)])
def test_frames_that_are_not_there_are_refused(frame_folder: Make, frames: Frames, start: int, stop: int | None) -> None:
    with pytest.raises(InputError, match="clip clip has 4 frames"):
        open_clip(frame_folder(frames)).frames(start, stop)


def test_frames_are_contiguous_arrays_of_their_own(frame_folder: Make, frames: Frames) -> None:
    first, second = open_clip(frame_folder(frames)).frames(0, 2)
    assert first.dtype == np.uint8
    assert first.flags.c_contiguous
    first[:] = 0
    np.testing.assert_array_equal(second, frames[1])


def test_single_image_needs_no_number(frame_folder: Make, frames: Frames) -> None:
    clip = open_clip(frame_folder(frames[:1], pattern="picture.png"))
    assert clip.facts.frame_names == ("picture",)


def test_name_can_be_given(frame_folder: Make, frames: Frames) -> None:
    assert open_clip(frame_folder(frames), "other").name == "other"


def test_side_files_and_hidden_files_are_passed_over(frame_folder: Make, frames: Frames) -> None:
    folder = frame_folder(frames)
    for name in (".DS_Store", "Thumbs.db", "clip.json", "notes.txt", ".00000001.png.1f.tmp"):
        (folder / name).write_bytes(b"x")
    (folder / ".cache").mkdir()
    assert open_clip(folder).frame_count == 4


LEFT_BEHIND = (
    "._00000000.png",
    "00000000.png:Zone.Identifier",
    "00000000.pngZone.Identifier",
    "desktop.ini",
    "Icon\r",
    "README",
    "LICENSE",
    "nohup.out",
    "events.out.tfevents.1",
    "00000000.png~",
    "SHA256SUMS",
    "slurm-12.err",
)


@pytest.mark.parametrize(
    "name", [*LEFT_BEHIND, "__MACOSX/", "@eaDir/", "lost+found/", ".ipynb_checkpoints/", "$RECYCLE.BIN/", "logs/"]
)
def test_what_systems_and_people_leave_behind_is_passed_over(
    tmp_path: Path, frame_folder: Make, frames: Frames, name: str
) -> None:
    (tmp_path / "set").mkdir()
    for place in (frame_folder(frames, "set/a"), tmp_path / "set"):
        if name.endswith("/"):
            (place / name).mkdir()
            (place / name / "events.out.tfevents.1").touch()
        else:
            (place / name).touch()
    assert [(clip.name, clip.frame_count) for clip in find_clips(tmp_path / "set")] == [("a", 4)]
    assert open_clip(tmp_path / "set" / "a").frame_count == 4


def test_archive_beside_the_clips_that_came_out_of_it(tmp_path: Path, frame_folder: Make, frames: Frames) -> None:
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "a.zip").touch()
    with pytest.raises(InputError, match=r"contains no clips.*unpack a\.zip"):
        find_clips(tmp_path / "set")
    frame_folder(frames, "set/a")
    assert [clip.name for clip in find_clips(tmp_path / "set")] == ["a"]


def test_folder_called_logs_that_is_a_clip_is_not_passed_over(tmp_path: Path, frame_folder: Make, frames: Frames) -> None:
    (tmp_path / "set").mkdir()
    frame_folder(frames, "set/logs")
    assert [clip.name for clip in find_clips(tmp_path / "set")] == ["logs"]


@pytest.mark.parametrize("name", ["gone", "gone.mp4", "gone.png"])
def test_dead_links_are_named_with_their_target(tmp_path: Path, frame_folder: Make, frames: Frames, name: str) -> None:
    (tmp_path / "set").mkdir()
    frame_folder(frames, "set/a")
    (tmp_path / "set" / name).symlink_to("/mnt/elsewhere")
    with pytest.raises(InputError, match=r"is a dead link \(to /mnt/elsewhere, which does not exist"):
        find_clips(tmp_path / "set")
    assert "is a dead link" in refusal(tmp_path / "set" / name)


def test_loop_of_links(tmp_path: Path, frame_folder: Make, frames: Frames) -> None:
    (tmp_path / "set").mkdir()
    frame_folder(frames, "set/a")
    (tmp_path / "set" / "loop").symlink_to("loop")
    with pytest.raises(InputError, match="set/loop: is a link that leads back to itself"):
        find_clips(tmp_path / "set")
    assert "leads back to itself" in refusal(tmp_path / "set" / "loop")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n", "is a Git LFS pointer"),
        (b"../../.git/annex/objects/1f/2a/SHA256E-s1--ab.png\n", "is a git-annex pointer"),
        (b"<!DOCTYPE html><html>404</html>", "is a web page"),
        (b"", "is empty"),
    ],
)
@pytest.mark.parametrize("name", ["00000001.png", "00000001.jpg", "00000001.bmp", "a.mp4"])
def test_files_that_stand_for_others(frame_folder: Make, frames: Frames, content: bytes, words: str, name: str) -> None:
    suffix = Path(name).suffix
    folder = frame_folder(frames, pattern=f"{{:08d}}{'.png' if suffix == '.mp4' else suffix}")
    (folder / name).write_bytes(content)
    message = refusal(folder / name if suffix == ".mp4" else folder)
    video = "cannot be read as a video: it " if suffix == ".mp4" else ""
    assert message.startswith(f"{folder / name}: {video}{words}")


def test_frame_missing_in_the_middle(frame_folder: Make, frames: Frames) -> None:
    folder = frame_folder(frames)
    (folder / "00000002.png").unlink()
    message = refusal(folder)
    assert "frame 2 is missing" in message
    assert "00000001.png" in message
    assert "00000003.png" in message


def test_number_that_is_there_twice(frame_folder: Make, frames: Frames) -> None:
    folder = frame_folder(frames, pattern="{}.png")
    shutil.copy(folder / "1.png", folder / "01.png")
    message = refusal(folder)
    assert "both frame 1" in message
    assert "01.png" in message


def test_two_clips_in_one_folder(frame_folder: Make, frames: Frames) -> None:
    folder = frame_folder(frames[:2], pattern="a1_{}.png")
    for index in range(2):
        shutil.copy(folder / f"a1_{index}.png", folder / f"a2_{index}.png")
    assert "start again at a2_0.png" in refusal(folder)


def test_names_that_do_not_follow_one_pattern(frame_folder: Make, frames: Frames) -> None:
    folder = frame_folder(frames)
    shutil.copy(folder / "00000000.png", folder / "cover1.png")
    assert "cover1.png is not named like 00000000.png" in refusal(folder)


def test_names_without_numbers(frame_folder: Make, frames: Frames) -> None:
    folder = frame_folder(frames[:1], pattern="a.png")
    shutil.copy(folder / "a.png", folder / "b.png")
    assert "a.png has no number in its name; name the frames 00000000.png" in refusal(folder)


def test_empty_folder(tmp_path: Path) -> None:
    assert f"{tmp_path}: contains no frames" in refusal(tmp_path)


def test_path_that_does_not_exist(tmp_path: Path) -> None:
    assert "nowhere: does not exist" in refusal(tmp_path / "nowhere")


def test_file_that_is_no_video(tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("x")
    assert "notes.txt: is neither a folder of frames nor a video" in refusal(file)


def test_mixed_kinds_of_images(frame_folder: Make, frames: Frames) -> None:
    folder = frame_folder(frames)
    Image.fromarray(frames[0]).save(folder / "00000004.jpg")
    message = refusal(folder)
    assert "jpeg, png" in message
    assert str(folder) in message


@pytest.mark.parametrize("name", ["00000004.tif", "00000004.webp", "00000004.npy", "unpack.zip"])
def test_files_that_are_not_read_are_not_passed_over(frame_folder: Make, frames: Frames, name: str) -> None:
    folder = frame_folder(frames)
    (folder / name).write_bytes(b"x")
    assert f"{folder / name}: is not a png" in refusal(folder)


@pytest.mark.parametrize("other", ["inner", "inner.mp4"])
def test_frames_beside_another_clip(frame_folder: Make, frames: Frames, other: str) -> None:
    folder = frame_folder(frames)
    if other.endswith("mp4"):
        (folder / other).write_bytes(b"x")
    else:
        (folder / other).mkdir()
    assert f"contains frames and also {other}" in refusal(folder)
    with pytest.raises(InputError, match="contains frames and also inner"):
        find_clips(folder)


def test_other_size_in_the_middle(frame_folder: Make, frames: Frames) -> None:
    folder = frame_folder(frames)
    Image.fromarray(frames[0, :, :30]).save(folder / "00000002.png")
    message = refusal(folder)
    assert message.startswith(f"{folder / '00000002.png'}: is 30x24")
    assert "00000000.png, the clip's first frame, is 32x24" in message


def test_other_samples_in_the_middle(frame_folder: Make, frames: Frames) -> None:
    folder = frame_folder(frames)
    Image.fromarray(frames[2, :, :, 0]).save(folder / "00000002.png")
    assert f"{folder / '00000002.png'}: has gray samples" in refusal(folder)


def test_frames_before_a_broken_one_are_read(frame_folder: Make, frames: Frames) -> None:
    folder = frame_folder(frames)
    (folder / "00000002.png").write_bytes(b"")
    np.testing.assert_array_equal(list(open_clip(folder).frames(0, 2)), frames[:2])
    assert f"{folder / '00000002.png'}: is empty" in refusal(folder)


def test_frame_that_is_a_dead_link(frame_folder: Make, frames: Frames) -> None:
    folder = frame_folder(frames)
    (folder / "00000002.png").unlink()
    (folder / "00000002.png").symlink_to(folder / "gone.png")
    assert f"{folder / '00000002.png'}: is a dead link (to {folder / 'gone.png'}, which does not exist)" in refusal(folder)


@pytest.fixture
def ordinary_user() -> object:
    """Root reads everything: where the tests run as root, give that up for a while."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    yield
    os.seteuid(0)


def test_unreadable_folder(tmp_path: Path, ordinary_user: object) -> None:
    del ordinary_user
    if os.geteuid() == 65534:
        folder = tmp_path  # pytest makes it for its owner alone
    else:
        folder = tmp_path / "closed"
        folder.mkdir(mode=0)
    assert f"{folder}: cannot be read: Permission denied" in refusal(folder)


def test_digest_depends_on_names_and_bytes_and_not_on_the_path(frame_folder: Make, frames: Frames, tmp_path: Path) -> None:
    folder = frame_folder(frames)
    digest = open_clip(folder).digest()
    shutil.copytree(folder, tmp_path / "elsewhere" / "x")
    assert open_clip(tmp_path / "elsewhere" / ".." / "elsewhere" / "x").digest() == digest
    assert len(digest) == 64
    renamed = shutil.copytree(folder, tmp_path / "renamed")
    for file in sorted(renamed.iterdir(), reverse=True):
        file.rename(renamed / f"{int(file.stem) + 1:08d}.png")
    assert open_clip(renamed).digest() != digest
    changed = shutil.copytree(folder, tmp_path / "changed")
    with (changed / "00000003.png").open("ab") as appended:
        appended.write(b"\0")
    np.testing.assert_array_equal(list(open_clip(changed).frames()), frames)
    assert open_clip(changed).digest() != digest
    assert digest == open_clip(folder).digest() != file_sha256(folder / "00000000.png")


def test_opening_reads_the_first_frame_only(frame_folder: Make, frames: Frames) -> None:
    folder = frame_folder(frames)
    for index in (1, 2, 3):
        (folder / f"{index:08d}.png").write_bytes(b"no picture")
    assert open_clip(folder).frame_count == 4


def test_find_clips_of_one_clip(frame_folder: Make, frames: Frames, make_video: Make) -> None:
    folder = frame_folder(frames)
    assert [clip.path for clip in find_clips(folder)] == [folder]
    video = make_video("v.mp4", count=2)
    assert [(clip.path, clip.name) for clip in find_clips(video)] == [(video, "v")]


def test_find_clips_takes_folders_and_videos_in_natural_order(
    tmp_path: Path, frame_folder: Make, frames: Frames, make_video: Make
) -> None:
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "clip10.json").write_text("{}")
    for name in ("set/clip10", "set/clip2", "set/clip1"):
        frame_folder(frames, name)
    make_video("set/clip3.mkv", count=2)
    clips = find_clips(tmp_path / "set")
    assert [clip.name for clip in clips] == ["clip1", "clip2", "clip3", "clip10"]
    assert [clip.frame_count for clip in clips] == [4, 4, 2, 4]


def test_find_clips_refuses_two_clips_of_one_name(tmp_path: Path, frame_folder: Make, frames: Frames, make_video: Make) -> None:
    (tmp_path / "set").mkdir()
    frame_folder(frames, "set/a")
    make_video("set/a.mp4", count=2)
    with pytest.raises(InputError, match="are both clip a"):
        find_clips(tmp_path / "set")


def test_find_clips_refuses_a_folder_without_clips(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="contains no clips"):
        find_clips(tmp_path)
    (tmp_path / "a").mkdir()
    with pytest.raises(InputError, match="a: contains no frames"):
        find_clips(tmp_path)

"""Videos: the frames that a plain ffmpeg command gives, all of them, exactly, or one clear error."""

from __future__ import annotations

import shutil
from collections.abc import Generator
from fractions import Fraction
from pathlib import Path

import numpy as np
import psutil
import pytest

from mgld_bench.clips.cut_off import how_cut_off
from mgld_bench.clips.reading import open_clip
from mgld_bench.clips.writing import write_video
from mgld_bench.errors import InputError
from tests.helpers.clip_samples import Frames, Make, make_frames, run_ffmpeg

# The conversion of an untagged yuv420p video, written out.
UNTAGGED = (
    "scale=in_color_matrix=bt601:in_range=tv:out_range=pc:in_chroma_loc=left:flags=bicubic+accurate_rnd+full_chroma_int+bitexact"
)


def refusal(path: Path) -> str:
    with pytest.raises(InputError) as raised:
        list(open_clip(path).frames())
    message = str(raised.value)
    assert message.startswith(f"{path}: ")
    assert "\n" not in message
    return message.removeprefix(f"{path}: ")


def plain_frames(path: Path, width: int, height: int, filters: str = UNTAGGED, *options: str) -> Frames:
    """Every decoded frame, by a command of the test's own."""
    raw = run_ffmpeg(*options, "-i", path, "-vf", filters, "-fps_mode", "passthrough", "-pix_fmt", "rgb24", "-f", "rawvideo", "-")
    return np.frombuffer(raw, np.uint8).reshape(-1, height, width, 3)


@pytest.mark.parametrize(
    ("name", "count", "width", "height"),
    [("bikes", 250, 640, 272), ("carphone_pristine", 120, 176, 144), ("carphone_distorted", 120, 176, 144)],
)
def test_real_video_equals_a_plain_ffmpeg_command(real_videos: Path, name: str, count: int, width: int, height: int) -> None:
    path = real_videos / f"{name}.mp4"
    clip = open_clip(path)
    assert (clip.name, clip.frame_count, clip.width, clip.height) == (name, count, width, height)
    assert clip.facts.frame_names[-1] == f"{count - 1:08d}"
    assert clip.facts.lossy
    for frame, expected in zip(clip.frames(), plain_frames(path, width, height), strict=True):
        np.testing.assert_array_equal(frame, expected)


def test_conversion_is_recorded(real_videos: Path) -> None:
    assert dict(open_clip(real_videos / "carphone_pristine.mp4").facts.conversion) == {
        "pixel_format": "yuv420p",
        "matrix": "bt601",
        "matrix_source": "assumed",
        "range": "limited",
        "range_source": "assumed",
        "chroma_location": "left",
        "chroma_location_source": "decoder",
        "scaler": "bicubic+accurate_rnd+full_chroma_int+bitexact",
    }


@pytest.mark.parametrize("options", [("-c:v", "libx264", "-g", "7", "-bf", "3"), ("-c:v", "mpeg4", "-bf", "2")])
def test_any_range_equals_that_part_of_the_whole(make_video: Make, options: tuple[str, ...]) -> None:
    clip = open_clip(make_video("a.mp4", *options, count=12))
    whole = list(clip.frames())
    assert len(whole) == clip.frame_count == 12
    for start, stop in [(0, 1), (0, 12), (1, 2), (5, 9), (6, 8), (11, 12), (3, None), (4, 4), (12, 12)]:
        part = list(clip.frames(start, stop))
        assert len(part) == len(whole[start:stop])
        for frame, expected in zip(part, whole[start:stop], strict=True):
            np.testing.assert_array_equal(frame, expected)
    np.testing.assert_array_equal(clip.frame(7), whole[7])


def test_frames_that_are_not_there_are_refused(make_video: Make) -> None:
    with pytest.raises(InputError, match="clip a has 5 frames"):
        open_clip(make_video("a.mp4", count=5)).frames(2, 6)


def test_frames_of_uneven_times_are_neither_doubled_nor_dropped(make_video: Make) -> None:
    # 13 of 40 frames, some one after the other, some far apart.
    chosen = (0, 1, 2, 3, 10, 11, 12, 25, 26, 27, 28, 38, 39)
    select = "+".join(f"eq(n,{number})" for number in chosen)
    uneven = make_video("uneven.mkv", "-vf", f"select='{select}'", "-fps_mode", "passthrough", "-c:v", "ffv1", count=13)
    even = make_video("even.mkv", "-c:v", "ffv1", count=40)
    everything = list(open_clip(even).frames())
    clip = open_clip(uneven)
    assert clip.frame_count == 13
    for frame, number in zip(clip.frames(), chosen, strict=True):
        np.testing.assert_array_equal(frame, everything[number])


def test_frames_with_equal_times_are_all_there(make_video: Make) -> None:
    path = make_video(
        "a.mkv", "-vf", "setpts=floor(N/3)/TB/25", "-fps_mode", "passthrough", "-c:v", "ffv1", "-enc_time_base", "1/25"
    )
    assert open_clip(path).frame_count == len(list(open_clip(path).frames())) == 12


@pytest.mark.parametrize(
    ("name", "options", "lossy"),
    [
        ("a.mkv", ("-c:v", "ffv1"), False),
        ("a.avi", ("-c:v", "huffyuv"), False),
        ("a.avi", ("-c:v", "utvideo"), False),
        ("a.y4m", ("-pix_fmt", "yuv420p"), False),
        ("a.mp4", ("-c:v", "libx264", "-qp", "0"), False),
        ("a.mp4", ("-c:v", "libx264rgb", "-qp", "0"), False),
        ("a.mkv", ("-c:v", "libx264", "-crf", "0", "-pix_fmt", "yuv420p"), False),
        ("a.mp4", ("-c:v", "libx264", "-qp", "1"), True),
        ("a.mp4", ("-c:v", "libx264", "-pix_fmt", "yuv444p"), True),
        ("a.mp4", ("-c:v", "mpeg4"), True),
        ("a.avi", ("-c:v", "mjpeg"), True),
        ("a.webm", ("-c:v", "libvpx", "-b:v", "300k", "-auto-alt-ref", "1", "-lag-in-frames", "10"), True),
        ("a.webm", ("-c:v", "libvpx-vp9", "-b:v", "300k", "-auto-alt-ref", "1", "-lag-in-frames", "10"), True),
        ("a.mov", ("-c:v", "libx265", "-pix_fmt", "yuv420p", "-x265-params", "log-level=error"), True),
        ("a.mpg", ("-c:v", "mpeg2video"), True),
    ],
)
def test_codecs(make_video: Make, name: str, options: tuple[str, ...], lossy: bool) -> None:
    clip = open_clip(make_video(name, *options))
    assert clip.facts.lossy is lossy
    assert clip.frame_count == len(list(clip.frames())) == 12
    assert ("matrix" in clip.facts.conversion) is ("libx264rgb" not in options)


def test_frames_cut_off_by_an_edit_list_are_not_counted(make_video: Make, tmp_path: Path) -> None:
    source = make_video("a.mp4", "-c:v", "libx264", "-g", "20", "-bf", "2", count=40)
    cut = tmp_path / "cut.mp4"
    run_ffmpeg("-ss", "0.4", "-i", source, "-c", "copy", cut)
    packets = run_ffmpeg("-i", cut, "-c", "copy", "-f", "framecrc", "-").decode().splitlines()
    clip = open_clip(cut)
    frames = list(clip.frames())
    assert clip.frame_count == len(frames) == 30
    assert sum(not line.startswith("#") for line in packets) == 40
    np.testing.assert_array_equal(frames[0], open_clip(source).frame(10))


@pytest.mark.parametrize("percent", [40, 80, 98])
@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("a.mp4", ("-c:v", "libx264", "-movflags", "+faststart")),
        ("a.mkv", ("-c:v", "libx264")),
        ("a.mkv", ("-c:v", "ffv1")),
        ("a.avi", ("-c:v", "mpeg4")),
        ("a.webm", ("-c:v", "libvpx", "-b:v", "300k")),
    ],
)
def test_video_that_ends_early(make_video: Make, name: str, options: tuple[str, ...], percent: int) -> None:
    path = make_video(name, *options, count=30)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) * percent // 100])
    message = refusal(path)
    assert "frames can be decoded" in message
    assert "ends early or is damaged" in message


@pytest.mark.parametrize("pixels", ["yuv420p", "yuv422p", "yuv444p", "yuv411p"])
def test_y4m_that_was_cut_inside_a_frame(make_video: Make, pixels: str) -> None:
    path = make_video("a.y4m", "-pix_fmt", pixels, count=5)
    whole = path.read_bytes()
    assert open_clip(path).frame_count == 5
    for cut in (1, 700, len(whole) // 5 - 40):
        path.write_bytes(whole[:-cut])
        assert "ends early or is damaged" in refusal(path)


@pytest.mark.parametrize("name", ["a.ts", "a.m2ts"])
def test_transport_stream_that_was_cut_inside_a_packet(make_video: Make, name: str) -> None:
    path = make_video(name, "-c:v", "mpeg2video", count=20)
    whole = path.read_bytes()
    assert open_clip(path).frame_count == 20
    path.write_bytes(whole[: len(whole) // 2 // 192 * 192 + 100])
    assert "ends early or is damaged" in refusal(path)


def test_mp4_that_has_lost_its_index(make_video: Make) -> None:
    path = make_video("a.mp4", "-c:v", "libx264")
    path.write_bytes(path.read_bytes()[:-100])
    assert "cannot be read as a video" in refusal(path)


@pytest.mark.parametrize("content", [b"", b"this is no video" * 100])
def test_file_that_is_no_video(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.mp4"
    path.write_bytes(content)
    assert "cannot be read as a video" in refusal(path)


def test_damage_in_the_middle_is_noticed_by_a_checksum(tmp_path: Path) -> None:
    path = tmp_path / "a.mkv"
    write_video(path, make_frames(count=12, height=96, width=160), 25)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0x10
    path.write_bytes(data)
    assert "ends early or is damaged" in refusal(path)


def test_flood_of_messages_stops_nothing(make_video: Make) -> None:
    path = make_video("a.avi", "-c:v", "mpeg4", "-q:v", "2", size="352x288", count=250)
    data = np.frombuffer(path.read_bytes(), np.uint8).copy()
    random = np.random.default_rng(0)
    data[random.integers(20_000, len(data), len(data) // 60)] = 255
    path.write_bytes(data.tobytes())
    assert "ends early or is damaged" in refusal(path)


def test_video_that_shrinks_after_it_was_opened(make_video: Make) -> None:
    path = make_video("a.mkv", "-c:v", "ffv1")
    clip = open_clip(path)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    with pytest.raises(InputError, match=r"a\.mkv: cannot be read past frame \d+ of 12"):
        list(clip.frames())


@pytest.mark.parametrize("options", [("-s", "96x96"), ("-colorspace", "bt709")])
def test_format_that_changes_in_the_middle(make_video: Make, options: tuple[str, ...]) -> None:
    first, second = make_video("1.ts", "-c:v", "libx264"), make_video("2.ts", "-c:v", "libx264", *options)
    first.write_bytes(first.read_bytes() + second.read_bytes())
    assert "its size or format changes at frame" in refusal(first)


def test_audio_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    run_ffmpeg("-f", "lavfi", "-i", "sine=d=1", path)
    assert "cannot be read as a video" in refusal(path)


def test_two_video_streams(make_video: Make, tmp_path: Path) -> None:
    source = make_video("a.mkv", "-c:v", "libx264")
    both = tmp_path / "both.mkv"
    run_ffmpeg("-i", source, "-map", "0:v", "-map", "0:v", "-c", "copy", both)
    assert "has 2 video streams" in refusal(both)


def test_cover_picture_is_no_second_stream(make_video: Make, tmp_path: Path) -> None:
    source = make_video("a.mp4", "-c:v", "libx264")
    both = tmp_path / "both.mp4"
    run_ffmpeg("-f", "lavfi", "-i", "color=red:s=64x64", "-frames:v", "1", tmp_path / "cover.png")
    inputs = ("-i", source, "-i", tmp_path / "cover.png", "-map", "1:v", "-map", "0:v", "-c", "copy")
    run_ffmpeg(*inputs, "-disposition:v:0", "attached_pic", both)
    clip = open_clip(both)
    assert (clip.frame_count, clip.width) == (12, 160)
    for frame, expected in zip(clip.frames(), open_clip(source).frames(), strict=True):
        np.testing.assert_array_equal(frame, expected)


@pytest.mark.parametrize(
    ("name", "pixel_format"),
    [("a.mkv", "yuv420p10le"), ("a.mkv", "gray"), ("a.mkv", "bgra"), ("a.mkv", "yuva420p"), ("a.mkv", "gbrp16le")],
)
def test_samples_that_are_no_8_bit_colour(make_video: Make, name: str, pixel_format: str) -> None:
    message = refusal(make_video(name, "-c:v", "ffv1", "-pix_fmt", pixel_format))
    assert message.startswith(f"contains {pixel_format} samples")
    assert "PNG" in message


def test_closing_early_leaves_no_process_behind(make_video: Make) -> None:
    clip = open_clip(make_video("a.mp4", count=50, size="640x360"))
    frames = clip.frames()
    assert isinstance(frames, Generator)
    next(frames)
    assert [child.name() for child in psutil.Process().children() if "ffmpeg" in child.name()]
    frames.close()
    assert not [child for child in psutil.Process().children() if "ffmpeg" in child.name()]
    clip.frame(3)
    assert not [child for child in psutil.Process().children() if "ffmpeg" in child.name()]


def test_path_with_odd_characters(make_video: Make, tmp_path: Path) -> None:
    odd = tmp_path / "-i %03d: 'a' [b]; c|d.mp4"
    shutil.copy(make_video("a.mp4"), odd)
    assert open_clip(odd).frame_count == len(list(open_clip(odd).frames())) == 12


def test_digest_is_that_of_the_file_alone(make_video: Make, tmp_path: Path) -> None:
    path = make_video("a.mp4")
    copy = Path(shutil.copy(path, tmp_path / "b.mp4"))
    assert open_clip(path).digest() == open_clip(copy).digest()
    write_video(tmp_path / "c.mkv", open_clip(path).frames(), Fraction(25))
    assert open_clip(tmp_path / "c.mkv").digest() != open_clip(path).digest()


def formula(yuv: Frames, red: float, blue: float, limited: bool) -> Frames:
    """Y'CbCr (T, 3, H, W) to R'G'B' by the definition: ``red`` and ``blue`` are the luma weights KR and KB."""
    luma, cb, cr = (yuv[:, index].astype(np.float64) for index in range(3))
    luma = (luma - 16) / 219 if limited else luma / 255
    cb, cr = ((plane - 128) / (224 if limited else 255) for plane in (cb, cr))
    r = luma + 2 * (1 - red) * cr
    b = luma + 2 * (1 - blue) * cb
    g = (luma - red * r - blue * b) / (1 - red - blue)
    return np.rint(np.stack([r, g, b], axis=-1) * 255).clip(0, 255).astype(np.uint8)


@pytest.mark.parametrize("colour_range", ["tv", "pc", ""])
@pytest.mark.parametrize(
    ("matrix", "name", "red", "blue"),
    # KR and KB from ITU-T H.273, table 4.
    [
        ("bt709", "bt709", 0.2126, 0.0722),
        ("smpte170m", "bt601", 0.299, 0.114),
        ("bt470bg", "bt601", 0.299, 0.114),
        ("smpte240m", "smpte240m", 0.212, 0.087),
        ("fcc", "fcc", 0.30, 0.11),
        ("bt2020nc", "bt2020", 0.2627, 0.0593),
        ("", "bt601", 0.299, 0.114),
    ],
)
def test_colours_follow_the_tags(make_video: Make, matrix: str, name: str, red: float, blue: float, colour_range: str) -> None:
    tags = [*(("-colorspace", matrix) if matrix else ()), *(("-color_range", colour_range) if colour_range else ())]
    path = make_video("a.mp4", "-c:v", "libx264", "-qp", "0", "-pix_fmt", "yuv444p", *tags, count=2)
    stored = np.frombuffer(run_ffmpeg("-i", path, "-f", "rawvideo", "-c:v", "rawvideo", "-"), np.uint8).reshape(2, 3, 96, 160)
    clip = open_clip(path)
    expected = formula(stored, red, blue, limited=colour_range != "pc")
    difference = np.abs(np.stack(list(clip.frames())).astype(int) - expected)
    assert difference.max() <= 1
    assert difference.mean() < 0.3
    record = clip.facts.conversion
    assert record["matrix"] == name
    assert record["matrix_source"] == ("tagged" if matrix else "assumed")
    assert record["range"] == ("full" if colour_range == "pc" else "limited")
    # x264 writes the range where it writes a matrix, or where the range is full.
    assert record["range_source"] == ("tagged" if matrix or colour_range == "pc" else "assumed")


def test_matrix_that_is_not_supported(make_video: Make) -> None:
    path = make_video("a.mp4", "-c:v", "libx264", "-bsf:v", "h264_metadata=matrix_coefficients=8")
    assert "its colour matrix ycgco is not supported" in refusal(path)


def test_a_cut_packet_is_found_without_a_decoder(tmp_path: Path) -> None:
    for stamp in (0, 4):
        packet = b"\0" * stamp + b"\x47" + b"\xff" * 187
        (tmp_path / "a.ts").write_bytes(packet * 6)
        assert how_cut_off(tmp_path / "a.ts") is None
        (tmp_path / "a.ts").write_bytes((packet * 6)[:-10])
        assert how_cut_off(tmp_path / "a.ts") == "it ends inside packet 5"

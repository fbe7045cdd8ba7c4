"""A small file that claims a picture of gigabytes is refused before memory is set aside for it; the limit can be changed."""

from __future__ import annotations

import struct
import subprocess
import zlib
from pathlib import Path

import pytest

from mgld_bench.clips.ffmpeg import ffmpeg_binary
from mgld_bench.clips.largest_picture import MOST_PIXELS, VARIABLE, check_picture
from mgld_bench.clips.reading import open_clip
from mgld_bench.errors import InputError


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png(width: int, height: int, pixels: bytes) -> bytes:
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(pixels, 9)) + chunk(b"IEND", b"")


def jpeg(width: int, height: int) -> bytes:
    frame = struct.pack(">BHHB", 8, height, width, 3) + b"\x01\x11\x00\x02\x11\x00\x03\x11\x00"
    scan = b"\x03\x01\x00\x02\x11\x03\x11\x00\x3f\x00"
    segments = b"\xff\xc0" + struct.pack(">H", 2 + len(frame)) + frame + b"\xff\xda" + struct.pack(">H", 2 + len(scan)) + scan
    return b"\xff\xd8" + segments + bytes(8) + b"\xff\xd9"


def bmp(width: int, height: int) -> bytes:
    return b"BM" + struct.pack("<IIIIiiHHIIiiII", 54, 0, 54, 40, width, height, 1, 1, 0, 0, 0, 0, 0, 0)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("0.png", png(1_000_000, 100, bytes(11_000))),
        ("0.png", png(2**31 - 1, 2**31 - 1, b"")),
        ("0.jpg", jpeg(65535, 65535)),
    ],
)
def test_a_bomb_is_one_line(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=rf"{name}: its frames have \d+x\d+ pixels, more than the {MOST_PIXELS} that are read"):
        open_clip(tmp_path)


def test_a_huge_file_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "0.png").open("wb") as file:
        file.truncate(100 << 30)
    with pytest.raises(InputError, match=r"0\.png: has 107\.4 GB, which no frame has"):
        open_clip(tmp_path)
    (tmp_path / "0.png").unlink()
    (tmp_path / "0.bmp").write_bytes(bmp(2**31 - 1, 2**31 - 1))
    with pytest.raises(InputError, match="is truncated"):
        open_clip(tmp_path)


def test_the_limit_can_be_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "0.png").write_bytes(png(8, 6, (b"\0" + bytes(24)) * 6))
    assert open_clip(tmp_path).facts.width == 8
    monkeypatch.setenv(VARIABLE, "47")
    with pytest.raises(InputError, match="8x6 pixels, more than the 47 that are read; set MGLD_BENCH_MAX_PIXELS"):
        open_clip(tmp_path)
    monkeypatch.setenv(VARIABLE, "many")
    with pytest.raises(InputError, match="MGLD_BENCH_MAX_PIXELS: must be a number of pixels"):
        check_picture("x", 1, 1)


def test_videos_are_bound_by_it_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = tmp_path / "bomb.y4m"
    bomb.write_bytes(b"YUV4MPEG2 W16000 H16000 F25:1 Ip C420jpeg\nFRAME\n" + bytes(1000))
    with pytest.raises(InputError, match=r"bomb\.y4m: cannot be read as a video") as caught:
        open_clip(bomb)
    assert "\n" not in str(caught.value)
    video = tmp_path / "small.mkv"
    source = ["-f", "lavfi", "-i", "testsrc=size=64x48:duration=0.2", "-c:v", "ffv1"]
    subprocess.run([ffmpeg_binary(), "-loglevel", "error", *source, str(video)], check=True)
    assert open_clip(video).facts.width == 64
    monkeypatch.setenv(VARIABLE, "3000")
    with pytest.raises(InputError, match=r"small\.mkv: (its frames have 64x48 pixels|cannot be read as a video)"):
        open_clip(video)

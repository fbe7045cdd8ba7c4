"""Single image files: conversions without loss, and what is refused."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from mgld_bench.clips.image import read_image, read_image_format
from mgld_bench.errors import InputError
from tests.helpers.clip_samples import make_frames

FRAME = make_frames(1)[0]


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def refusal(file: Path) -> str:
    with pytest.raises(InputError) as raised:
        read_image(file)
    message = str(raised.value)
    assert message.startswith(f"{file}: ")
    assert "\n" not in message
    return message.removeprefix(f"{file}: ")


def chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    position = 8
    while position < len(png):
        (length,) = struct.unpack_from(">I", png, position)
        yield png[position + 4 : position + 8], png[position + 8 : position + 8 + length]
        position += 12 + length


def png_of(parts: Iterable[tuple[bytes, bytes]]) -> bytes:
    """A PNG whose checksums are right."""
    body = (struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in parts)
    return b"\x89PNG\r\n\x1a\n" + b"".join(body)


def test_rgb_png(tmp_path: Path) -> None:
    file = tmp_path / "a.png"
    Image.fromarray(FRAME).save(file)
    stored, frame = read_image(file)
    np.testing.assert_array_equal(frame, FRAME)
    assert (stored.height, stored.width, stored.lossy, dict(stored.conversion)) == (24, 32, False, {})


@pytest.mark.parametrize(
    ("mode", "kind", "words"),
    [
        ("L", "png", "gray repeated to RGB"),
        ("1", "png", "gray repeated to RGB"),
        ("P", "png", "palette expanded to RGB"),
        ("LA", "png", "gray repeated to RGB, opaque alpha dropped"),
        ("RGBA", "png", "opaque alpha dropped"),
        ("L", "bmp", "palette expanded to RGB"),
        ("1", "bmp", "palette expanded to RGB"),
        ("P", "bmp", "palette expanded to RGB"),
    ],
)
def test_conversion_without_loss_is_done_and_stated(tmp_path: Path, mode: str, kind: str, words: str) -> None:
    image = Image.fromarray(FRAME).convert(mode)
    file = tmp_path / f"a.{kind}"
    image.save(file)
    stored, frame = read_image(file)
    np.testing.assert_array_equal(frame, np.asarray(image.convert("RGB")))
    assert dict(stored.conversion) == {"samples": words}
    assert read_image_format(file) == stored


@pytest.mark.parametrize("mode", ["LA", "RGBA"])
def test_transparent_pixel_is_refused(tmp_path: Path, mode: str) -> None:
    pixels = np.asarray(Image.fromarray(FRAME).convert(mode)).copy()
    pixels[5, 7, -1] = 254
    file = tmp_path / "a.png"
    Image.fromarray(pixels, mode).save(file)
    assert refusal(file).startswith("is partly transparent")


def test_transparent_colour_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "a.png"
    Image.fromarray(FRAME).save(file, transparency=(1, 2, 3))
    assert refusal(file).startswith("has a transparent colour")


def test_16_bit_gray_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "a.png"
    Image.fromarray(FRAME[:, :, 0].astype(np.uint16) * 257).save(file)
    assert refusal(file).startswith("has 16 bits per sample")


def test_16_bit_rgb_is_refused(tmp_path: Path) -> None:
    # Pillow, which would read it as 8 bits, cannot write it.
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in FRAME.astype(np.uint16) * 257)
    header = struct.pack(">IIBBBBB", 32, 24, 16, 2, 0, 0, 0)
    file = tmp_path / "a.png"
    file.write_bytes(png_of([(b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]))
    assert np.asarray(Image.open(file)).dtype == np.uint8
    assert refusal(file).startswith("has 16 bits per sample")


def test_animated_png_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "a.png"
    Image.fromarray(FRAME).save(file, save_all=True, append_images=[Image.fromarray(255 - FRAME)])
    assert refusal(file).startswith("is an animation")


@pytest.mark.parametrize("kind", ["png", "jpg", "bmp"])
def test_empty_file(tmp_path: Path, kind: str) -> None:
    file = tmp_path / f"a.{kind}"
    file.touch()
    assert refusal(file).startswith("is empty")


@pytest.mark.parametrize("kind", ["png", "jpg", "bmp"])
def test_file_of_another_kind(tmp_path: Path, kind: str) -> None:
    file = tmp_path / f"a.{kind}"
    file.write_bytes(encoded(Image.fromarray(FRAME), "WEBP"))
    assert "despite its name" in refusal(file)


@pytest.mark.parametrize("kind", ["png", "jpg", "bmp"])
def test_every_truncation_is_noticed(tmp_path: Path, kind: str) -> None:
    whole = tmp_path / f"whole.{kind}"
    Image.fromarray(FRAME).save(whole)
    data = whole.read_bytes()
    file = tmp_path / f"a.{kind}"
    for length in range(1, len(data), 7 if kind == "bmp" else 1):
        file.write_bytes(data[:length])
        assert "is truncated" in (message := refusal(file)) or "despite its name" in message, length


def test_truncated_progressive_jpeg_with_a_thumbnail(tmp_path: Path) -> None:
    # The thumbnail brings an end mark of its own, and every scan could be the last.
    thumbnail = b"Exif\0\0" + encoded(Image.fromarray(FRAME), "JPEG")
    data = encoded(Image.fromarray(FRAME), "JPEG", progressive=True, exif=thumbnail)
    file = tmp_path / "a.jpg"
    file.write_bytes(data)
    assert read_image(file)[1].shape == (24, 32, 3)
    for length in range(len(data) - len(data) // 3, len(data)):
        file.write_bytes(data[:length])
        assert refusal(file).startswith("is truncated")


@pytest.mark.parametrize("options", [{"quality": 90}, {"quality": 75, "progressive": True}, {"quality": 95, "subsampling": 0}])
def test_jpeg_equals_another_decoder(tmp_path: Path, options: dict[str, Any]) -> None:
    file = tmp_path / "a.jpg"
    Image.fromarray(FRAME).save(file, **options)
    stored, frame = read_image(file)
    np.testing.assert_array_equal(frame, np.asarray(Image.open(file)))
    assert stored.lossy
    assert stored.conversion["matrix"] == "bt601"
    assert stored.conversion["range"] == "full"


def test_gray_jpeg(tmp_path: Path) -> None:
    file = tmp_path / "a.jpg"
    Image.fromarray(FRAME[:, :, 0]).save(file)
    stored, frame = read_image(file)
    np.testing.assert_array_equal(frame, np.asarray(Image.open(file).convert("RGB")))
    assert dict(stored.conversion) == {"samples": "gray repeated to RGB"}


def test_jpeg_that_stores_rgb(tmp_path: Path) -> None:
    file = tmp_path / "a.jpg"
    Image.fromarray(FRAME).save(file, quality=100, keep_rgb=True)
    stored, frame = read_image(file)
    np.testing.assert_array_equal(frame, np.asarray(Image.open(file)))
    assert dict(stored.conversion) == {}


def test_cmyk_jpeg_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "a.jpg"
    Image.fromarray(FRAME).convert("CMYK").save(file)
    assert refusal(file).startswith("has 4 colour components")


def bmp_of(fourth: int, compression: int = 0) -> bytearray:
    """FRAME as a BMP of 32 bits per pixel."""
    pixels = np.full((24, 32, 4), fourth, np.uint8)
    pixels[:, :, :3] = FRAME[::-1, :, ::-1]
    header = struct.pack("<2sIHHI", b"BM", 54 + pixels.size, 0, 0, 54)
    header += struct.pack("<IiiHHIIiiII", 40, 32, 24, 1, 32, compression, pixels.size, 0, 0, 0, 0)
    return bytearray(header + pixels.tobytes())


@pytest.mark.parametrize("fourth", [0, 255])
def test_32_bit_bmp(tmp_path: Path, fourth: int) -> None:
    file = tmp_path / "a.bmp"
    file.write_bytes(bmp_of(fourth))
    np.testing.assert_array_equal(read_image(file)[1], FRAME)


def test_32_bit_bmp_with_alpha_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "a.bmp"
    data = bmp_of(255)
    data[-1] = 254
    file.write_bytes(data)
    assert refusal(file).startswith("is partly transparent")


def test_bmp_with_bit_fields_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "a.bmp"
    file.write_bytes(bmp_of(255, compression=3))
    assert "store it as PNG" in refusal(file)


@pytest.mark.parametrize("content", [zlib.compress(b"\0" * 50), b"", b"no deflate stream"])
def test_png_with_too_few_pixels_under_right_checksums(tmp_path: Path, content: bytes) -> None:
    parts = [(kind, content if kind == b"IDAT" else data) for kind, data in chunks(encoded(Image.fromarray(FRAME), "PNG"))]
    file = tmp_path / "a.png"
    file.write_bytes(png_of(parts))
    assert "is damaged: its pixels cannot be decoded" in refusal(file)


@pytest.mark.parametrize("extra", [(b"IHDR", b""), (b"IHDR", bytes(13)), (b"PLTE", b"xx"), (b"zzzz", b""), (b"IDAT", b"")])
@pytest.mark.parametrize("place", [0, 1, 2, 3])
def test_png_with_an_odd_part_under_a_right_checksum(tmp_path: Path, extra: tuple[bytes, bytes], place: int) -> None:
    parts = list(chunks(encoded(Image.fromarray(FRAME), "PNG")))
    file = tmp_path / "a.png"
    file.write_bytes(png_of([*parts[:place], extra, *parts[place:]]))
    try:
        _, frame = read_image(file)
    except InputError as error:
        assert str(error).startswith(f"{file}: ")
    else:
        np.testing.assert_array_equal(frame, FRAME)


PNGS = {mode: encoded(Image.fromarray(FRAME).convert(mode), "PNG") for mode in ("RGB", "L", "P", "RGBA")}


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(sorted(PNGS)), st.data())
def test_changed_png_gives_the_same_pixels_or_one_error(
    tmp_path_factory: pytest.TempPathFactory, mode: str, data: st.DataObject
) -> None:
    png = bytearray(PNGS[mode])
    for _ in range(data.draw(st.integers(1, 3))):
        png[data.draw(st.integers(0, len(png) - 1))] = data.draw(st.integers(0, 255))
    file = tmp_path_factory.getbasetemp() / "changed.png"
    file.write_bytes(png[: data.draw(st.one_of(st.just(len(png)), st.integers(0, len(png))))])
    try:
        _, frame = read_image(file)
    except InputError as error:
        assert str(error).startswith(f"{file}: ")
        return
    np.testing.assert_array_equal(frame, np.asarray(Image.open(io.BytesIO(PNGS[mode])).convert("RGB")))


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(["jpg", "bmp"]), st.data())
def test_changed_jpeg_or_bmp_raises_nothing_but_the_one_error(
    tmp_path_factory: pytest.TempPathFactory, kind: str, data: st.DataObject
) -> None:
    image = bytearray(encoded(Image.fromarray(FRAME), {"jpg": "JPEG", "bmp": "BMP"}[kind]))
    for _ in range(data.draw(st.integers(1, 4))):
        image[data.draw(st.integers(0, min(len(image) - 1, 700)))] = data.draw(st.integers(0, 255))
    file = tmp_path_factory.getbasetemp() / f"changed.{kind}"
    file.write_bytes(image)
    try:
        stored, frame = read_image(file)
    except InputError as error:
        assert str(error).startswith(f"{file}: ")
        return
    assert frame.shape == (stored.height, stored.width, 3)
    assert frame.dtype == np.uint8


def smooth() -> Image.Image:
    """A picture whose lower right is not of one colour."""
    return Image.fromarray(FRAME).resize((96, 80), Image.Resampling.BICUBIC)


@pytest.mark.parametrize(
    "options",
    [{}, {"progressive": True}, {"subsampling": 0}, {"restart_marker_blocks": 2}],
    ids=["plain", "progressive", "444", "restarts"],
)
@pytest.mark.parametrize("part", [0.34, 0.6, 0.9])
def test_jpeg_with_an_end_mark_before_its_end(tmp_path: Path, options: dict[str, Any], part: float) -> None:
    whole = encoded(smooth(), "JPEG", **options)
    file = tmp_path / "a.jpg"
    file.write_bytes(whole)
    read_image(file)
    place = int(part * len(whole))
    while whole[place - 1] == 0xFF:
        place -= 1
    for rest in (b"", whole[place:]):
        file.write_bytes(whole[:place] + b"\xff\xd9" + rest)
        with pytest.raises(InputError, match=r"a.jpg: is (truncated|damaged)"):
            read_image(file)


@pytest.mark.parametrize("colour", [0, 128, 255])
def test_jpeg_that_ends_in_one_colour_is_whole(tmp_path: Path, colour: int) -> None:
    picture = smooth()
    picture.paste((colour, colour, colour), (0, 40, 96, 80))
    for options in ({}, {"progressive": True}):
        (tmp_path / "a.jpg").write_bytes(encoded(picture, "JPEG", **options))
        assert read_image(tmp_path / "a.jpg")[1].shape == (80, 96, 3)

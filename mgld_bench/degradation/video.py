"""Video compression inside the degradation, with encoders that give the same bits on every machine."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TypeAlias

import ffmpeg
import numpy as np
import numpy.typing as npt

from mgld_bench.clips.ffmpeg import FFmpegJob, feed_ffmpeg, running_ffmpeg
from mgld_bench.degradation.plan import Codec
from mgld_bench.errors import InputError

Uint8Array: TypeAlias = npt.NDArray[np.uint8]

# Conversions to and from yuv420p without code that depends on the CPU.
_SCALER = "bilinear+accurate_rnd+bitexact+full_chroma_int+full_chroma_inp"
# The authors' PyAV sets this; FFmpeg's own default is 4,000,000. For mpeg4 it makes up to 6 dB of difference.
_BIT_RATE_TOLERANCE = 128_000
# Without one thread and these options repeated encodes differ: by thread count, by CPU and (x264) even from run to run.
_PINNED = {
    "libx264": {"x264-params": "cpu-independent=1"},
    "mpeg4": {"flags": "+bitexact", "dct": "int", "idct": "simple"},
}
_ENCODER = {"libx264": "libx264", "h264": "libx264", "mpeg4": "mpeg4"}


def encode_video(frames: Iterable[Uint8Array], height: int, width: int, codec: Codec, bit_rate: int, path: Path) -> None:
    """Encode frames into an mp4 file; the same frames give the same bytes on every machine.

    yuv420p, BT.601, limited range; one thread. The channels are declared R, G, B, whatever they are.

    Args:
        frames: (height, width, 3) uint8 each.
        height: Rows; even for libx264.
        width: Columns; even for libx264.
        codec: Encoder; ``h264`` is libx264.
        bit_rate: Bits per frame (the file has 1 frame per second).
        path: Where the file is written.

    Raises:
        InputError: The encoder fails.
    """
    source = ffmpeg.input("pipe:", format="rawvideo", pix_fmt="rgb24", s=f"{width}x{height}", framerate=1)
    encoder = _ENCODER[codec]
    options = {"b:v": bit_rate, "bt": _BIT_RATE_TOLERANCE, "threads": 1, "sws_flags": _SCALER, **_PINNED[encoder]}
    target = ffmpeg.output(source, _address(path), format="mp4", vcodec=encoder, pix_fmt="yuv420p", fflags="+bitexact", **options)
    feed_ffmpeg(target.overwrite_output(), (frame.tobytes() for frame in frames), f"encoding {path.name} with {codec}")


def decode_video(path: Path, height: int, width: int, count: int) -> Iterator[Uint8Array]:
    """The ``count`` frames, (height, width, 3) uint8 each, of a stored bitstream; channels as they were given to encode_video.

    Raises InputError where the file is damaged or has a different number of frames.
    """
    return _decode(_input(path), path, height, width, count)


def decode_range(path: Path, height: int, width: int, first: int, count: int) -> Iterator[Uint8Array]:
    """Frames first .. first + count - 1 of any video, converted, and with errors, as in decode_video."""
    chosen = _input(path).filter("select", f"between(n,{first},{first + count - 1})")
    return _decode(chosen, path, height, width, count)


def payload_bits(path: Path) -> list[int]:
    """The size of each packet in bits, in the order of the file, without the container."""
    target = ffmpeg.output(_input(path), "pipe:", format="framecrc", vcodec="copy")
    with running_ffmpeg(target) as running:
        lines = running.stdout.read().decode().splitlines()
        if running.finish() != 0:
            raise InputError(f"{path}: cannot be read: {running.complaint()}")
    # stream, dts, pts, duration, size, checksum
    return [8 * int(line.split(",")[4]) for line in lines if not line.startswith("#")]


def _decode(source: FFmpegJob, path: Path, height: int, width: int, count: int) -> Iterator[Uint8Array]:
    size = height * width * 3
    target = ffmpeg.output(source, "pipe:", format="rawvideo", pix_fmt="rgb24", sws_flags=_SCALER, fps_mode="passthrough")
    found = 0
    with running_ffmpeg(target) as running:
        while data := running.stdout.read(size):
            found += 1
            if len(data) < size or found > count:
                break
            yield np.frombuffer(data, np.uint8).reshape(height, width, 3)
        if found != count:
            reason = running.complaint()
            raise InputError(
                f"{path}: has {found} frames of {width}x{height}, expected {count}" + (f" ({reason})" if reason else "")
            )
        if running.finish() != 0:
            raise InputError(f"{path}: cannot be decoded: {running.complaint()}")


def _input(path: Path) -> FFmpegJob:
    return ffmpeg.input(_address(path), threads=1)


def _address(path: Path) -> str:
    """``path`` as a file, even where it looks like an ffmpeg protocol (``a:b.mp4``)."""
    return f"file:{path}"

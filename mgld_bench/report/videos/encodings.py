"""The two ways in which a clip is encoded for browsers: bit for bit, and small enough for whole frames."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Final, Literal

import ffmpeg

from mgld_bench.clips.clip import Clip
from mgld_bench.clips.ffmpeg import feed_ffmpeg

VideoKind = Literal["exact", "preview"]


@dataclass(frozen=True)
class Encoding:
    """How frames become a video."""

    kind: VideoKind
    suffix: str
    media_type: str
    """As a <source> element states it, so that a browser knows beforehand whether it can play it."""
    filters: str
    options: Mapping[str, object]
    revision: int
    """Raised with every change of the encoded bytes: part of the key under which a video is kept."""

    @property
    def identity(self) -> dict[str, object]:
        """What the encoded bytes depend on, besides the frames."""
        return {"filters": self.filters, "options": dict(self.options), "revision": self.revision}


_REPEATABLE: Final = {"fflags": "+bitexact", "flags:v": "+bitexact", "threads": 1}
"""No random identifiers in the file, and the same bytes whatever the number of cores."""

EXACT: Final = Encoding(
    "exact",
    ".webm",
    # Profile 1: samples that are not 4:2:0.
    'video/webm; codecs="vp09.01.10.08"',
    # The colours are tagged on the frames: options of the encoder alone do not reach the file.
    "format=gbrp,setparams=colorspace=gbr:range=pc,setsar=1",
    # A seek decodes from the last key frame on, so these are close. The fastest setting takes half the time and 8 % more bytes.
    {"format": "webm", "vcodec": "libvpx-vp9", "lossless": 1, "g": 8, "deadline": "realtime", "cpu-used": 8, **_REPEATABLE},
    1,
)
"""VP9 in RGB, lossless: every pixel on the screen is that of the frame (in Chromium and Firefox)."""

PREVIEW: Final = Encoding(
    "preview",
    ".mp4",
    'video/mp4; codecs="avc1.640028"',
    # 4:2:0 has even sides; the page cuts the padding off.
    "pad=ceil(iw/2)*2:ceil(ih/2)*2,"
    "scale=out_color_matrix=bt709:out_range=tv:flags=bicubic+accurate_rnd+full_chroma_int,format=yuv420p,"
    "setparams=colorspace=bt709:color_primaries=bt709:color_trc=bt709:range=tv,setsar=1",
    {
        "format": "mp4",
        "vcodec": "libx264",
        "crf": 10,
        "preset": "veryfast",
        "g": 12,
        # Without frames that refer to later ones, time stamps are the frames' own from 0 on.
        "bf": 0,
        "movflags": "+faststart",
        **_REPEATABLE,
    },
    1,
)
"""H.264 with chroma at half resolution, 42 to 44 dB: plays everywhere, and is not what was scored."""


def encode(clip: Clip, rate: Fraction, encoding: Encoding, path: Path, frame_done: Callable[[], None]) -> None:
    """Encode every frame of ``clip`` into ``path``.

    Args:
        clip: The frames.
        rate: Frames per second.
        encoding: How.
        path: Where to; what is there is replaced.
        frame_done: Called after each frame; what it raises ends the encoder.

    Raises:
        InputError: A frame cannot be read, or ffmpeg fails.
    """
    source = ffmpeg.input(
        "pipe:", format="rawvideo", pix_fmt="rgb24", video_size=(clip.width, clip.height), framerate=str(rate), threads=1
    )
    target = ffmpeg.output(source, f"file:{path}", vf=encoding.filters, **encoding.options).overwrite_output()
    feed_ffmpeg(target, _bytes(clip, frame_done), f"clip {clip.name}: video")


def _bytes(clip: Clip, frame_done: Callable[[], None]) -> Iterator[bytes]:
    for frame in clip.frames():
        yield frame.tobytes()
        frame_done()

"""How many frames per second a clip has: exact, as the fraction that its video file states, or what keeps its duration."""

from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path
from typing import Final

from mgld_bench.clips.clip import Clip
from mgld_bench.clips.ffmpeg import ffmpeg_messages, running_ffmpeg
from mgld_bench.clips.video import VIDEO_SUFFIXES
from mgld_bench.clips.video_facts import decoding
from mgld_bench.errors import InputError

FOLDER_RATE: Final = Fraction(25)
"""Of clips that have none: folders of frames, and frames in memory."""

_FASTEST: Final = 1000
_LARGEST: Final = 2**31 - 1
"""Of numerator and denominator: what containers and ffmpeg can hold."""
_LINK: Final = re.compile(r"config in time_base: (?P<base>\d+/\d+), frame_rate: (?P<rate>\d+/\d+)")
_STAMP: Final = re.compile(rb"^frame:\d+ +pts:(-?\d+) ")


def parse_rate(text: str) -> Fraction:
    """Frames per second from text such as 25, 29.97 or 30000/1001. Raises InputError for anything else."""
    found = re.fullmatch(r"\s*([0-9]{1,10}(?:\.[0-9]{1,9})?|[0-9]{1,10}/[0-9]{1,10})\s*", text)
    try:
        rate = Fraction(found[1]) if found else Fraction(0)
    except ZeroDivisionError:
        rate = Fraction(0)
    if not 0 < rate <= _FASTEST or max(rate.numerator, rate.denominator) > _LARGEST:
        raise InputError(f"--fps {text}: write frames per second above 0 and up to {_FASTEST}, such as 25, 29.97 or 30000/1001")
    return rate


def frames_per_second(clip: Clip) -> Fraction:
    """The frames per second at which a video of the clip's frames lasts as long as the clip.

    Of a video with a constant rate, exactly that rate; of one with a variable rate, the mean over its frames. 25 for a clip that
    is not a video file.

    Raises:
        InputError: The video cannot be read any more.
    """
    path = clip.path
    if path is None or path.suffix.lower() not in VIDEO_SUFFIXES or path.is_dir():
        return FOLDER_RATE
    base, stated = _link(path)
    stamps = _first_and_last(path)
    if base is None or stamps is None or clip.frame_count < 2 or stamps[1] <= stamps[0]:
        return stated or FOLDER_RATE
    measured = (stamps[1] - stamps[0]) * base
    # Time stamps are whole ticks, in Matroska of a millisecond: they show a variable rate only where they are off by more.
    if stated and abs(measured - (clip.frame_count - 1) / stated) <= max(2 * base, 1 / (2 * stated)):
        return stated
    return Fraction(clip.frame_count - 1, 1) / measured


def _link(path: Path) -> tuple[Fraction | None, Fraction | None]:
    """The length of a tick in seconds, and the rate that the file states; None for what is not stated."""
    for message in ffmpeg_messages(decoding(path, "showinfo=checksum=0,trim=end_frame=1", "-", "null")):
        found = _LINK.search(message.text)
        if found:
            return _fraction(found["base"]), _fraction(found["rate"])
    raise InputError(f"{path}: cannot be read as a video any more; was it changed?")


def _first_and_last(path: Path) -> tuple[int, int] | None:
    """The time stamps of the first and of the last frame, in ticks."""
    filters = "metadata=mode=add:key=frame:value=1,metadata=mode=print:file=-"
    stamps: list[int] = []
    with running_ffmpeg(decoding(path, filters, "-", "null")) as running:
        for line in running.stdout:
            found = _STAMP.match(line)
            if found:
                stamps[1:] = [int(found[1])]
        running.finish()
    return (stamps[0], stamps[-1]) if len(stamps) > 1 else None


def _fraction(text: str) -> Fraction | None:
    above, _, below = text.partition("/")
    return Fraction(int(above), int(below)) if int(above) and int(below) and int(above) < _LARGEST else None

"""A method that does once what a file asks for: crash, take long, or give other frames; a real one otherwise."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from mgld_bench.clips.clip import Clip, Frame
from mgld_bench.methods.srvgg import SRVGGRestorer

MOOD: Final = "MGLD_BENCH_TEST_MOOD"
"""The environment variable that names the file."""


class Moody(SRVGGRestorer):
    """The compact network, in the mood that stands in the file; which is gone after one clip."""

    def restore(self, clip: Clip, start: int = 0) -> Iterator[Frame]:
        """Frames of the compact network, inverted, late, or none."""
        file = Path(os.environ[MOOD])
        mood = file.read_text() if file.is_file() else ""
        file.unlink(missing_ok=True)
        for frame in super().restore(clip, start):
            if mood == "crash":
                raise RuntimeError("out of luck")
            if mood == "slow":
                time.sleep(1)
            yield 255 - frame if mood == "inverted" else frame

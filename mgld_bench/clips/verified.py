"""A clip whose frames are compared with the record of when they were made, while they are read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mgld_bench.clips.clip import Clip, Frame
from mgld_bench.clips.digest import frames_sha256
from mgld_bench.errors import InputError


class VerifiedClip(Clip):
    """Gives the frames of another clip, and none that was changed after it was made."""

    def __init__(self, clip: Clip, sha256: Sequence[str], remedy: str) -> None:
        """Compare the frames of ``clip`` as they are read.

        Args:
            clip: the clip on disk.
            sha256: of each frame's (H, W, 3) uint8 RGB bytes, in order, see frames_sha256().
            remedy: ends the message about a frame that was changed: what to do.

        Raises:
            InputError: the record is of another number of frames.
        """
        self.facts = clip.facts
        self.path = clip.path
        self._clip = clip
        self._sha256 = tuple(sha256)
        self._remedy = remedy
        if len(self._sha256) != clip.frame_count:
            raise InputError(f"{self._place}: has {clip.frame_count} frames, but {len(self._sha256)} were made; {remedy}")

    @property
    def _place(self) -> str:
        return str(self.path or f"clip {self.name}")

    def frames(self, start: int = 0, stop: int | None = None) -> Iterator[Frame]:
        """See `Clip.frames`. Raises InputError at a frame that is not the one that was made."""
        for index, frame in enumerate(self._clip.frames(start, stop), start):
            if frames_sha256([frame])[0] != self._sha256[index]:
                raise InputError(
                    f"{self._place}: frame {index} was changed after it was made: its sha256 differs; {self._remedy}"
                )
            yield frame

    def digest(self) -> str:
        """See `Clip.digest`."""
        return self._clip.digest()

"""Videos that the suite has written of frames that are beside them, so that both are one clip."""

from __future__ import annotations

import json
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError


class VideoCopy(BaseModel):
    """The field ``video`` of a restored clip's side file: the video that was written of its frames."""

    model_config = ConfigDict(frozen=True)

    file: str
    """Its name, in the folder of the side file."""
    size: int
    """Bytes."""
    frames_per_second: str
    """A fraction, such as 30000/1001."""

    def is_at(self, path: Path) -> bool:
        """Whether the video at ``path`` is the one that was written."""
        try:
            return path.name == self.file and path.stat().st_size == self.size
        except OSError:
            return False


def is_copy_of_frames(video: Path) -> bool:
    """Whether the side file beside ``video`` (000.json beside 000.mkv) names it as a copy of the restored frames in 000/."""
    try:
        noted = json.loads(video.with_suffix(".json").read_bytes())["video"]
        return VideoCopy.model_validate(noted).is_at(video)
    except (OSError, ValueError, LookupError, TypeError, RecursionError, ValidationError):
        # No side file, or one of a different kind.
        return False

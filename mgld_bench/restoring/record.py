"""The side file of a restored clip: what it is, how it was made, and what that took."""

from __future__ import annotations

import platform
from importlib import metadata
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from mgld_bench.clips.atomic import require_room_for_name
from mgld_bench.clips.clip import Clip
from mgld_bench.clips.copies import VideoCopy
from mgld_bench.clips.opencv import installed_opencv
from mgld_bench.clips.reading import open_clip
from mgld_bench.clips.verified import VerifiedClip
from mgld_bench.errors import InputError, of_system

_LIBRARIES: Final = ("torch", "numpy", "spandrel", "opencv-python-headless")


class RestoreRecord(BaseModel):
    """Everything known about one restored clip; stored as <clip>.json beside the clip's folder."""

    model_config = ConfigDict(frozen=True)

    name: str
    key: str
    """The unit's key: a digest of everything the frames depend on."""
    facts: dict[str, Any]
    """What the caller adds: method card, sha256 of the weights, ..."""
    frame_count: int
    height: int
    width: int
    sha256: tuple[str, ...]
    """Per frame, of its (height, width, 3) uint8 RGB bytes."""
    seconds: tuple[float, ...]
    """Per frame: reading and restoring, without writing. The first includes warm-up."""
    peak_memory: int
    """Bytes: largest resident size of the process while restoring."""
    peak_gpu_memory: int | None
    """Bytes: most that PyTorch had allocated on the GPU; None without one."""
    device: str
    precision: str
    way: dict[str, int | str] = {}
    """What deviates from the plain way, as in the key: see `mgld_bench.restoring.way`. Records of version 0.1 have none."""
    notes: dict[str, str]
    versions: dict[str, str]
    threads: int | None = None
    """That the CPU part may have used; None where it is not known."""
    video: VideoCopy | None = None
    """The lossless video that was written of the frames."""
    machine: str = ""
    """System and processor; "" in records of version 0.1.0, likewise the next field."""
    finished_at: str = ""
    """UTC, ISO 8601."""

    @model_validator(mode="after")
    def _one_of_each_per_frame(self) -> RestoreRecord:
        if not self.frame_count == len(self.sha256) == len(self.seconds) > 0:
            raise ValueError("sha256 and seconds are not those of its frames")
        return self

    @property
    def seconds_per_frame(self) -> float:
        """Mean over the frames."""
        return sum(self.seconds) / len(self.seconds)


def record_path(folder: Path, name: str) -> Path:
    """The path of the side file of the clip ``name`` in ``folder``. Raises InputError where that name is too long for a file."""
    require_room_for_name(name, ".json", folder)
    return folder / f"{name}.json"


def read_record(path: Path) -> RestoreRecord | None:
    """The record in the side file; None if there is no such file. Raises InputError if it cannot be read or is not whole."""
    try:
        return RestoreRecord.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except OSError as error:
        raise InputError(of_system(error)) from None
    except ValidationError as error:
        raise InputError(f"{path}: not the side file of a restored clip ({error.errors()[0]['msg']}); move it away") from None


def open_restored(folder: Path, name: str) -> Clip:
    """The restored clip ``name`` in ``folder``; a frame that was changed after it was made is an error when it is read.

    Raises InputError where its frames or its record are missing or damaged.
    """
    clip, record = open_clip(folder / name, name), read_record(record_path(folder, name))
    if record is None:
        raise InputError(f"{record_path(folder, name)}: missing: it is not known how {folder / name} was made; move that away")
    return VerifiedClip(clip, record.sha256, "delete that folder and run the same command again")


def library_versions() -> dict[str, str]:
    """The versions of Python and of the libraries that decide the values of a restored frame."""
    versions = {"python": platform.python_version()}
    for library in _LIBRARIES:
        try:
            versions[library] = metadata.version(library)
        except metadata.PackageNotFoundError:
            versions[library] = "not installed"
    # What computes, which need not be the headless wheel.
    versions["opencv"] = installed_opencv().version
    return versions

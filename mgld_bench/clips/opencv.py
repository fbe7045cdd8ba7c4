"""Which OpenCV computes: several wheels carry the module ``cv2``, and each that is installed overwrites the one before.

pyiqa requires opencv-python, this suite opencv-python-headless. pip installs both into the same folder, so that the version which
pip shows for one of them need not be the version of the library on disk.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import metadata
from pathlib import Path

import cv2


@dataclass(frozen=True)
class OpenCV:
    """The installed OpenCV."""

    library: str
    """The version that the library itself reports, e.g. 5.0.0."""
    wheel: str
    """The distribution whose library is on disk; "" where none of the installed ones has it, e.g. a build from source."""
    wheels: Mapping[str, str]
    """Every installed distribution that carries cv2, with its version."""

    @property
    def version(self) -> str:
        """The version of what computes, as its wheel has it."""
        if self.wheel:
            return self.wheels[self.wheel]
        return next((version for version in self.wheels.values() if _is_of(version, self.library)), self.library)

    @property
    def problem(self) -> str:
        """Why the installed packages do not determine which OpenCV computes; "" where they do."""
        listed = ", ".join(f"{name} {version}" for name, version in self.wheels.items())
        if len(set(self.wheels.values())) > 1:
            return f"several versions of OpenCV overwrite each other ({listed}); the one that computes is {self.described}"
        if self.wheels and not any(_is_of(version, self.library) for version in self.wheels.values()):
            return f"the OpenCV that computes, {self.library}, is not that of the installed packages ({listed})"
        return ""

    @property
    def fix(self) -> str:
        """What to do about the problem."""
        names = " ".join(self.wheels)
        pinned = " ".join(f"{name}=={max(self.wheels.values(), key=_as_numbers)}" for name in self.wheels)
        return f"pip uninstall -y {names} && pip install {pinned}" if self.wheels else ""

    @property
    def described(self) -> str:
        """For a reader, e.g. "5.0.0 of opencv-python 5.0.0.93"."""
        return f"{self.library} of {self.wheel} {self.version}" if self.wheel else self.library


@lru_cache(maxsize=1)
def installed_opencv() -> OpenCV:
    """The OpenCV that this process computes with."""
    # Not packages_distributions(), which reads the file list of every installed package.
    carriers = [found for found in metadata.distributions() if _carries_cv2(found)]
    wheels = {_name(found): found.version for found in carriers}
    return OpenCV(cv2.__version__, _owner(carriers, cv2.__version__), dict(sorted(wheels.items())))


def _carries_cv2(distribution: metadata.Distribution) -> bool:
    return "opencv" in _name(distribution) and bool(_libraries(distribution))


def _name(distribution: metadata.Distribution) -> str:
    return str(distribution.metadata["Name"]).lower().replace("_", "-")


def _libraries(distribution: metadata.Distribution) -> list[metadata.PackagePath]:
    """The compiled modules of cv2 among its files."""
    return [
        file
        for file in distribution.files or ()
        if file.parts[:1] == ("cv2",) and file.name.startswith("cv2.") and file.suffix in (".so", ".pyd")
    ]


def _owner(carriers: Sequence[metadata.Distribution], library: str) -> str:
    """The one whose compiled module is on disk: by its size in the list of files, as two builds are never equally long."""
    for distribution in carriers:
        for file in _libraries(distribution):
            place = Path(file.locate())
            if file.size is not None and place.exists() and place.stat().st_size == file.size:
                return _name(distribution)
    matching = [_name(found) for found in carriers if _is_of(found.version, library)]
    return matching[0] if len(matching) == 1 else ""


def _is_of(version: str, library: str) -> bool:
    """Whether a wheel of this version carries a library of that one: 5.0.0.93 carries 5.0.0."""
    return f"{version}.".startswith(f"{library}.")


def _as_numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdigit())

"""Which OpenCV computes, asked of folders of packages in which wheels have overwritten each other."""

from __future__ import annotations

import subprocess
import sys
from importlib import metadata
from pathlib import Path

import cv2
import pytest

from mgld_bench.clips.opencv import installed_opencv

ASK = """
import sys, types
sys.path.insert(0, sys.argv[1])
# Only the packages of that folder, and no real OpenCV: this folder's is text.
import importlib.metadata as metadata
everything = metadata.distributions
metadata.distributions = lambda: everything(path=[sys.argv[1]])
from mgld_bench.clips.opencv import installed_opencv
found = installed_opencv()
print(found.wheel, found.version, found.described, found.problem, found.fix, sep="\\n")
"""


def install(site: Path, name: str, version: str, library: str, size: int) -> None:
    """What pip leaves of a wheel that carries cv2: its files over those that were there, and the list of them."""
    package, info = site / "cv2", site / f"{name.replace('-', '_')}-{version}.dist-info"
    package.mkdir(parents=True, exist_ok=True)
    info.mkdir()
    (package / "__init__.py").write_text(f'__version__ = "{library}"\n')
    (package / "cv2.abi3.so").write_bytes(b"x" * size)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    (info / "RECORD").write_text(f"cv2/__init__.py,,\ncv2/cv2.abi3.so,sha256=x,{size}\n")


def asked(site: Path) -> list[str]:
    """Wheel, version, description, problem and fix, from a process with the packages of ``site``."""
    command = [sys.executable, "-c", ASK, str(site)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split("\n")[:5]


def test_one_wheel_is_the_one_that_computes(tmp_path: Path) -> None:
    install(tmp_path, "opencv-python-headless", "4.13.0.92", "4.13.0", 100)
    assert asked(tmp_path)[:4] == ["opencv-python-headless", "4.13.0.92", "4.13.0 of opencv-python-headless 4.13.0.92", ""]


@pytest.mark.parametrize("last", ["opencv-python", "opencv-python-headless"])
def test_of_two_of_one_version_the_last_computes_and_nothing_is_wrong(tmp_path: Path, last: str) -> None:
    wheels = sorted(["opencv-python", "opencv-python-headless"], key=lambda name: name == last)
    for name in wheels:
        install(tmp_path, name, "4.13.0.92", "4.13.0", len(name))
    assert asked(tmp_path)[:4] == [last, "4.13.0.92", f"4.13.0 of {last} 4.13.0.92", ""]


def test_two_versions_are_a_problem_with_a_command_that_ends_it(tmp_path: Path) -> None:
    install(tmp_path, "opencv-python-headless", "4.13.0.92", "4.13.0", 100)
    install(tmp_path, "opencv-contrib-python", "4.9.0.80", "4.9.0", 101)
    wheel, version, _, problem, fix = asked(tmp_path)
    assert (wheel, version) == ("opencv-contrib-python", "4.9.0.80")
    assert problem == (
        "several versions of OpenCV overwrite each other (opencv-contrib-python 4.9.0.80, opencv-python-headless 4.13.0.92); "
        "the one that computes is 4.9.0 of opencv-contrib-python 4.9.0.80"
    )
    assert fix == (
        "pip uninstall -y opencv-contrib-python opencv-python-headless && "
        "pip install opencv-contrib-python==4.13.0.92 opencv-python-headless==4.13.0.92"
    )


def test_a_library_of_no_installed_wheel_is_named(tmp_path: Path) -> None:
    install(tmp_path, "opencv-python-headless", "4.13.0.92", "4.13.0", 100)
    (tmp_path / "cv2/cv2.abi3.so").write_bytes(b"x")
    (tmp_path / "cv2/__init__.py").write_text('__version__ = "4.5.1"\n')
    assert asked(tmp_path)[:4] == [
        *("", "4.5.1", "4.5.1"),
        "the OpenCV that computes, 4.5.1, is not that of the installed packages (opencv-python-headless 4.13.0.92)",
    ]


def test_here_it_is_one_of_the_installed_wheels() -> None:
    found = installed_opencv()
    assert found.library == cv2.__version__
    assert found.wheels
    assert {name: metadata.version(name) for name in found.wheels} == dict(found.wheels)
    assert found.version.startswith(cv2.__version__)

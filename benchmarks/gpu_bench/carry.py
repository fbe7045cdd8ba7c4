"""What benchmarks/gpu.py imports beside PyTorch, as files for a machine without network."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent.parent
PYTHON = "3.12"
PLATFORMS = tuple(f"manylinux{version}_x86_64" for version in ("_2_17", "_2_24", "_2_27", "_2_28", "2014", "1"))
WITH_PYTORCH = ("torch", "torchvision", "numpy", "pillow", "typing-extensions", "filelock", "setuptools", "triton")
"""What such a machine has."""
CARRIED = (
    "pydantic",
    "pydantic-core",
    "annotated-types",
    "typing-inspection",
    "PyYAML",
    "psutil",
    "safetensors",
    "natsort",
    "ffmpeg-python",
    "future",
    "spandrel",
    "einops",
    "opencv-python-headless",
    "scipy",
    "DISTS-pytorch",
    "lpips",
    "pytest",
    "pluggy",
    "iniconfig",
    "packaging",
    "pygments",
)
"""All that the phases and tests/gpu import beside that."""


def download(folder: Path, without: str) -> int:
    """Fetch the wheels for Python 3.12 on Linux, in the versions that are installed here; prints each one's size.

    ``without``: names, separated by commas, that the other machine has.
    """
    folder.mkdir(parents=True, exist_ok=True)
    spared = {name.strip() for name in without.split(",")}
    pinned = [f"{name}=={metadata.version(name)}" for name in CARRIED if name not in spared]
    platforms = [part for platform in PLATFORMS for part in ("--platform", platform)]
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:", "--python-version", PYTHON]
    done = subprocess.run([*command, "--implementation", "cp", *platforms, "--dest", str(folder), *pinned], check=False)
    wheels = sorted(folder.glob("*.whl"))
    for wheel in wheels:
        print(f"{wheel.stat().st_size / 2**20:7.2f} MiB  {wheel.name}")
    print(f"{sum(wheel.stat().st_size for wheel in wheels) / 2**20:7.2f} MiB in all")
    return 1 if done.returncode else 0


def install(folder: Path) -> None:
    """Install from ``folder`` those that this machine lacks; without network, into a folder beside the wheels."""
    lacking = [wheel for wheel in sorted(folder.glob("*.whl")) if not _installed(wheel.name.partition("-")[0])]
    target = folder / "installed"
    if lacking:
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps", "--no-compile", "--upgrade"]
        subprocess.run([*command, "--target", str(target), *map(str, lacking)], check=True)
    if target.exists():
        _add(target)


def use_checkout(folder: Path) -> None:
    """Import the suite from this checkout, in child processes too; where it is not installed, ``folder`` states its version."""
    if not _installed("mgld-bench"):
        found = re.search(r'^version = "(.+)"$', (CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"), re.MULTILINE)
        information = folder / "mgld_bench-0.dist-info"
        information.mkdir(parents=True, exist_ok=True)
        named = f"Metadata-Version: 2.1\nName: mgld-bench\nVersion: {found[1] if found else '0'}\n"
        (information / "METADATA").write_text(named, encoding="utf-8")
        _add(folder)
    _add(CHECKOUT)


def _add(folder: Path) -> None:
    """To where this process and its children import from; the last one that is added comes first."""
    sys.path.insert(0, str(folder.resolve()))
    others = os.environ.get("PYTHONPATH", "")
    os.environ["PYTHONPATH"] = f"{folder.resolve()}{os.pathsep}{others}" if others else str(folder.resolve())


def _installed(name: str) -> bool:
    try:
        metadata.version(name)
    except metadata.PackageNotFoundError:
        return False
    return True

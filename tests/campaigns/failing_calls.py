"""The library of failing_calls.c, which counts calls on files, lets one fail or kills before it; and a program that is loaded."""

from __future__ import annotations

import importlib
import shutil
import subprocess
from pathlib import Path
from typing import Final

import pytest

KINDS: Final = ("open", "write", "fsync", "rename", "mkdir", "stat", "unlink", "list")
"""Of calls on files, in the order of failing_calls.c."""
_ROOT: Final = Path(__file__).parents[2]


def compiled(folder: Path) -> Path:
    """The library, compiled into ``folder``; the test is skipped where there is no compiler."""
    compiler, library = shutil.which("cc"), folder / "failing_calls.so"
    if compiler is None:
        pytest.skip("there is no C compiler")
    source = Path(__file__).with_name("failing_calls.c")
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", str(library), str(source), "-ldl"], check=True)
    return library


def every_module() -> list[str]:
    """The names of the package's modules, but for those that do something when they are imported."""
    paths = sorted((_ROOT / "mgld_bench").rglob("*.py"))
    names = [".".join(path.relative_to(_ROOT).with_suffix("").parts).removesuffix(".__init__") for path in paths]
    return [name for name in names if "versions" not in name and "__main__" not in name]


def load(names: list[str]) -> None:
    """Import these modules, and do what verbs do once in a process."""
    from mgld_bench.clips.ffmpeg import ffmpeg_identity
    from mgld_bench.clips.opencv import installed_opencv
    from mgld_bench.degradation.canary import encoder_canary

    for name in names:
        importlib.import_module(name)
    ffmpeg_identity()
    installed_opencv()
    encoder_canary()

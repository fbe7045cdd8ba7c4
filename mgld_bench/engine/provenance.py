"""Where numbers come from: versions, hardware and encoder, recorded with every run."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import psutil

from mgld_bench.clips.ffmpeg import ffmpeg_identity
from mgld_bench.methods.compute import Compute

PACKAGES = (
    "mgld-bench",
    "torch",
    "torchvision",
    "pyiqa",
    "numpy",
    "scipy",
    "opencv-python-headless",
    "spandrel",
    "imageio-ffmpeg",
    "scikit-video",
)


def provenance(command: Sequence[str], compute: Compute) -> dict[str, Any]:
    """JSON-able facts about this machine, its software and the command that was given."""
    encoder = ffmpeg_identity()
    return {
        "command": " ".join(command),
        "versions": {"python": platform.python_version(), **{name: _version(name) for name in PACKAGES}},
        "encoder": {"ffmpeg": encoder.version, "sha256": encoder.sha256},
        "hardware": {
            "system": f"{platform.system()} {platform.machine()}",
            "processor": _processor(),
            "cores": os.cpu_count(),
            "memory_bytes": psutil.virtual_memory().total,
        },
        "device": compute.describe_device(),
        "precision": compute.precision,
    }


def command_line() -> list[str]:
    """The command that the user gave, without the path of the program."""
    return ["mgld-bench", *sys.argv[1:]]


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def _processor() -> str:
    """The processor's name: Linux hides it from the platform module."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:  # noqa: PTH123 - not a file of the user
            names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    except OSError:
        names = []
    return names[0] if names else platform.processor()

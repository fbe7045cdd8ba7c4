"""Pairs whose LR clips come with the dataset: taken over without loss."""

from __future__ import annotations

import secrets
import shutil
from pathlib import Path

from mgld_bench.clips.atomic import write_json_atomic
from mgld_bench.clips.clip import Clip
from mgld_bench.clips.digest import frames_sha256
from mgld_bench.clips.writing import frame_name, write_frame
from mgld_bench.errors import InputError
from mgld_bench.pairs.sources import SourceClip


def take_over(source: SourceClip, dataset: str, folder: Path, key: str) -> Path:
    """Write the clips of ``source`` as PNG frames into folder/{GT,LQ}/<clip>/ and, last, folder/<clip>.json; returns that file.

    The side file stands for the whole pair: it is removed first where an older pair is replaced. Raises InputError where a frame
    cannot be read or written.
    """
    if source.low_resolution is None:
        raise InputError(f"dataset {dataset}, clip {source.name}: has no LR clip to take over")
    side = folder / f"{source.name}.json"
    side.unlink(missing_ok=True)
    facts: dict[str, object] = {
        "key": key,
        "dataset": dataset,
        "clip": source.name,
        "degradation": None,
        "facts": {"source": source.digest(), "layout": source.layout, "notes": list(source.notes)},
        "LQ": _copy(source.low_resolution, folder / "LQ" / source.name),
    }
    if source.ground_truth is not None:
        facts["GT"] = _copy(source.ground_truth, folder / "GT" / source.name)
    write_json_atomic(side, facts)
    return side


def _copy(clip: Clip, folder: Path) -> dict[str, object]:
    """Write the frames beside ``folder`` and put them in its place when they are whole; returns what the side file says."""
    temporary = folder.with_name(f".{folder.name}.{secrets.token_hex(8)}.tmp")
    digests = []
    try:
        for index, frame in enumerate(clip.frames()):
            write_frame(temporary / frame_name(index), frame)
            digests += frames_sha256([frame])
        if folder.is_dir():
            shutil.rmtree(folder)
        temporary.rename(folder)
    except OSError as error:
        raise InputError(f"{folder}: cannot be written: {error.strerror}") from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return {
        "frames": len(digests),
        "height": clip.height,
        "width": clip.width,
        "lossy": clip.facts.lossy,
        "conversion": dict(clip.facts.conversion),
        "source_names": list(clip.facts.frame_names),
        "sha256": digests,
    }

"""The maps of a report, made where they are missing and put into its folder."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import cv2
import numpy as np
from PIL import Image

from mgld_bench.clips.atomic import write_bytes_atomic
from mgld_bench.clips.clip import Clip
from mgld_bench.clips.digest import text_digest
from mgld_bench.engine.progress import Progress
from mgld_bench.report.clip_ids import clip_id
from mgld_bench.report.collect.data import PictureSource, ReportData
from mgld_bench.report.maps.kinds import MAP_KINDS, REVISION, MapKind, Moment, Values
from mgld_bench.report.maps.learned import learned_kinds
from mgld_bench.report.page.scripts import data_script
from mgld_bench.report.videos.budget import readable
from mgld_bench.report.videos.kept import KeptFile, make_missing, missing, put
from mgld_bench.report.videos.wanted import sides_of

WIDTH: Final = 640
"""Pixels: larger maps are shrunk to this width."""
_BYTES: Final = 100_000
"""Of a map of 720p, measured."""
_LEVELS: Final = 32
"""Steps of the scale: the eye tells no more apart, and the files are half as large as with all."""


def draw_maps(
    data: ReportData,
    frames: Mapping[str, Sequence[int]],
    folder: Path,
    kept: Path,
    progress: Progress,
    page_folder: Path | None = None,
) -> tuple[Path, ...]:
    """Draw every kind of map for every method in these frames of the clips that have ground truth.

    Args:
        data: Its pictures are what is compared.
        frames: By clip id; without any, the page is informed that there are no maps.
        folder: The report's; maps go to ``folder``/maps, and what there is to ``folder``/data/maps.js.
        kept: Where they are kept from report to report.
        progress: Hears how far it is.
        page_folder: Where the page is, to which addresses are relative; default: ``folder``.

    Returns:
        The files.

    Raises:
        InputError: A frame cannot be read, or a file cannot be written.
    """
    kinds = (*MAP_KINDS, *learned_kinds(data.metrics)) if frames else MAP_KINDS
    wanted = {clip_id(source.dataset, source.clip): source for source in data.pictures if source.ground_truth is not None}
    files = [
        (name, method, kind, frame, file)
        for name, source in wanted.items()
        for method, kind, frame, file in _maps(source, kinds, frames.get(name, ()))
    ]
    new = missing([file for *_, file in files], kept)
    if new:
        progress.log(f"maps: {len(new)} to draw, about {readable(len(new) * _BYTES)} in {kept}")
    make_missing([file for *_, file in files], kept, progress, "maps")
    clips: dict[str, dict[str, list[dict[str, Any]]]] = {}
    written = []
    for name, method, kind, frame, file in files:
        # An empty file stands for a frame of which there is nothing to draw, so that this is not found out every time.
        if not file.place(kept).stat().st_size:
            continue
        target = folder / "maps" / name / f"{method}.{kind.name}.{frame:08d}{file.suffix}"
        put(file, kept, target)
        written.append(target)
        address = quote(target.relative_to(page_folder or folder).as_posix())
        clips.setdefault(name, {}).setdefault(method, []).append({"kind": kind.name, "frame": frame, "src": address})
    listing = [{"name": kind.name, "title": kind.title, "definition": kind.definition} for kind in kinds]
    listed = folder / "data" / "maps.js"
    write_bytes_atomic(listed, data_script("maps", {"kinds": listing, "clips": clips}).encode())
    return (listed, *written)


def paint(values: Values, top: float) -> bytes:
    """Values as a PNG: black for 0, over violet and orange to light yellow for ``top`` and above (readable in grey print too)."""
    if values.shape[1] > WIDTH:
        size = (WIDTH, max(1, round(values.shape[0] * WIDTH / values.shape[1])))
        values = np.asarray(cv2.resize(values, size, interpolation=cv2.INTER_AREA), dtype=np.float64)
    levels = np.round(np.clip(values / top, 0, 1) * (_LEVELS - 1)).astype(np.uint8)
    picture = Image.fromarray(levels).convert("P")
    picture.putpalette(_palette())
    stored = io.BytesIO()
    picture.save(stored, "PNG", optimize=True)
    return stored.getvalue()


def _palette() -> list[int]:
    shades = np.round(np.linspace(0, 255, _LEVELS)).astype(np.uint8)[:, None]
    return [int(value) for value in cv2.applyColorMap(shades, cv2.COLORMAP_INFERNO)[:, 0, ::-1].ravel()]


def _maps(source: PictureSource, kinds: Sequence[MapKind], frames: Sequence[int]) -> list[tuple[str, MapKind, int, KeptFile]]:
    truth = source.ground_truth
    contents = {side.key: side for side in sides_of(source)}
    found = []
    for method, clip in source.restored.items():
        if truth is None or (clip.height, clip.width) != (truth.height, truth.width):
            continue
        for frame in frames:
            if frame >= min(clip.frame_count, truth.frame_count):
                continue
            for kind in kinds:
                what = {
                    "map": kind.name,
                    "content": [contents[method].content, contents["GT"].content],
                    "frame": frame,
                    "drawn": [WIDTH, _LEVELS, kind.top, REVISION, *([kind.identity] if kind.identity else [])],
                }
                file = KeptFile(text_digest(what), ".png", 1, partial(_make, clip, truth, frame, kind))
                found.append((method, kind, frame, file))
    return found


def _make(clip: Clip, truth: Clip, frame: int, kind: MapKind, path: Path, frame_done: Callable[[], None]) -> None:
    first = max(0, frame - 1)
    restored, true = (list(one.frames(first, frame + 1)) for one in (clip, truth))
    before = (restored[0], true[0]) if frame else (None, None)
    values = kind.values(Moment(restored[-1], true[-1], *before))
    path.write_bytes(b"" if values is None else paint(values, kind.top))
    frame_done()

"""A small picture of each clip, for the index of clips."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from mgld_bench.clips.atomic import write_bytes_atomic
from mgld_bench.clips.clip import Clip, Frame
from mgld_bench.report.clip_ids import clip_id
from mgld_bench.report.collect.data import ReportData

WIDTH = 240
"""Pixels; twice what the page shows, for dense screens."""
_QUALITY = 80


def write_thumbnails(data: ReportData, folder: Path) -> dict[str, Path]:
    """Write the middle frame of each clip with frames into ``folder``/thumbnails as JPEG; the files by clip id."""
    written = {}
    for source in data.pictures:
        clip = source.full if source.ground_truth or source.restored else source.lr
        name = clip_id(source.dataset, source.clip)
        path = folder / "thumbnails" / f"{name}.jpg"
        write_bytes_atomic(path, _jpeg(_middle(clip)))
        written[name] = path
    return written


def _middle(clip: Clip) -> Frame:
    return clip.frame(clip.frame_count // 2)


def _jpeg(frame: Frame) -> bytes:
    height, width = frame.shape[:2]
    shrunk = frame
    if width > WIDTH:
        size = (WIDTH, max(1, round(height * WIDTH / width)))
        shrunk = np.asarray(cv2.resize(frame, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
    _, encoded = cv2.imencode(".jpg", shrunk[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
    return encoded.tobytes()

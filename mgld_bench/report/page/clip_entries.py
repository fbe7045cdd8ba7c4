"""What the page has to know of each clip to list and play it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mgld_bench.clips.frame_rate import FOLDER_RATE, frames_per_second
from mgld_bench.report.clip_ids import clip_id, every_clip
from mgld_bench.report.collect.data import PictureSource, ReportData

Sides = Mapping[str, Mapping[str, Mapping[str, Any]]]
"""By clip id, then by side (LR, a method's name, GT): what there is to play, as {"videos": […], "poster": …}."""


def clip_entries(data: ReportData, sides: Sides) -> list[dict[str, Any]]:
    """One entry for each clip of each dataset; those without frames here have no sides."""
    sources = {(source.dataset, source.clip): source for source in data.pictures}
    headings = data.dataset_headings
    return [
        {
            "id": clip_id(dataset, clip),
            "dataset": dataset,
            "clip": clip,
            "title": f"{headings[dataset]}, {clip}",
            **_frames(data, sources.get((dataset, clip)), sides.get(clip_id(dataset, clip), {})),
        }
        for dataset, clip in every_clip(data)
    ]


def _frames(data: ReportData, source: PictureSource | None, sides: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    if source is None:
        return {"frames": 0, "fps": float(FOLDER_RATE), "width": 0, "height": 0, "low": {"width": 0, "height": 0}, "sides": []}
    full, low = source.full, source.low_resolution
    present = [] if low is None else [("LR", "LR", "lr")]
    present += [(name, data.method_headings[name], "method") for name in source.restored]
    if source.ground_truth is not None:
        present.append(("GT", "GT", "gt"))
    return {
        "frames": full.frame_count,
        "fps": float(frames_per_second(full)),
        "width": full.width,
        "height": full.height,
        "low": {"width": low.width, "height": low.height} if low else {"width": 0, "height": 0},
        "sides": [
            {"key": key, "title": title, "kind": kind, "videos": [], "poster": "", **sides.get(key, {})}
            for key, title, kind in present
        ],
    }

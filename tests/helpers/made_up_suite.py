"""A made-up report of any size, fast: realistic scores (clips differ more than methods; frames drift), tiny frames.

python -m tests.helpers.made_up_suite FOLDER [CLIPS METHODS FRAMES]    writes its report
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from mgld_bench.cards.schemas import (
    ClipEntry,
    DatasetCard,
    Layout,
    MethodCard,
    ProtocolCard,
    Publication,
    ReportCard,
    ReportDataset,
    WeightFile,
)
from mgld_bench.clips.clip import Clip, ClipFacts, Frame, frame_range
from mgld_bench.engine.origins import Made, restored_origin, scoring_origin
from mgld_bench.engine.store import RecordedRun
from mgld_bench.metrics.metric import ClipScore, Direction, MetricFacts
from mgld_bench.report.collect.data import Cell, PictureSource, ReportData
from mgld_bench.report.write import write_report

OWN = "ours-120k"
"""The last method: the user's own."""
TITLES = ("Bicubic", "RVRT", "BSRGAN", "RealESRGAN", "StableSR", "DBVSR", "RealVSR", "RealBasicVSR", "MGLD-VSR")
PROVENANCE = {
    "command": "mgld-bench run made-up",
    "versions": {"python": "3.11.2", "mgld-bench": "0.2.0", "torch": "2.6.0", "numpy": "2.1.0"},
    "encoder": {"ffmpeg": "7.1", "sha256": "ab" * 32},
    "hardware": {"system": "Linux x86_64", "processor": "Example CPU", "cores": 2},
    "device": "cpu, 2 cores",
    "precision": "float32",
}


@dataclass(frozen=True)
class MadeUpMetric:
    """A metric's scale: what is usual, and how far clips, methods and frames are from it."""

    facts: MetricFacts
    usual: float
    clips: float
    methods: float
    frames: float


def _metric(
    name: str, title: str, direction: Direction, digits: int, scale: tuple[float, float, float, float], whole_clip: bool = False
) -> MadeUpMetric:
    facts = MetricFacts(name, title, direction, True, not whole_clip, digits, 1, f"{title}, made up", "made up")
    return MadeUpMetric(facts, *scale)


METRICS = (
    _metric("psnr.rgb", "PSNR", "higher", 2, (25.0, 3.0, 0.6, 0.8)),
    _metric("ssim.rgb", "SSIM", "higher", 4, (0.72, 0.08, 0.02, 0.01)),
    _metric("lpips.alex", "LPIPS", "lower", 4, (0.32, 0.06, 0.05, 0.015)),
    _metric("dists", "DISTS", "lower", 4, (0.16, 0.03, 0.02, 0.008)),
    _metric("niqe.pyiqa", "NIQE", "lower", 4, (4.2, 0.7, 0.6, 0.2)),
    _metric("brisque.pyiqa", "BRISQUE", "lower", 4, (28.0, 8.0, 5.0, 2.0)),
    _metric("musiq.koniq", "MUSIQ", "higher", 4, (55.0, 8.0, 5.0, 1.5)),
    _metric("vmaf.v0.6.1neg", "VMAF", "higher", 4, (45.0, 12.0, 4.0, 4.0)),
    _metric("we.gmflow.l1", "WE", "lower", 4, (9.0, 4.0, 1.5, 1.0)),
    _metric("dover.fused", "DOVER", "higher", 4, (0.55, 0.15, 0.06, 0.0), whole_clip=True),
)


class MadeUpClip(Clip):
    """Frames that are computed when they are read: a drifting pattern, blurred by how bad the method is."""

    def __init__(self, name: str, count: int, size: tuple[int, int], seed: int, softness: float) -> None:
        self.path = None
        self.facts = ClipFacts(name, count, *size, tuple(f"{index:08d}" for index in range(count)), lossy=False)
        self._seed, self._softness = seed, softness

    def frames(self, start: int = 0, stop: int | None = None) -> Iterator[Frame]:
        """See `Clip.frames`."""
        height, width = self.facts.height, self.facts.width
        y, x = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j]
        colour = np.random.default_rng(self._seed).uniform(0.3, 1.0, 3)
        for index in frame_range(self.facts, start, stop):
            waves = np.sin(30 * x + 0.2 * index + self._seed) * np.sin(20 * y) * (1 - self._softness) + x * y
            yield np.clip(127 + 90 * waves[..., None] * colour, 0, 255).astype(np.uint8)

    def digest(self) -> str:
        """See `Clip.digest`."""
        return hashlib.sha256(f"{self.facts} {self._seed} {self._softness}".encode()).hexdigest()


def made_up_suite(
    clips: int = 50, methods: int = 9, frames: int = 100, datasets: int = 2, title: str = "", plots: Sequence[str] | None = ()
) -> ReportData:
    """A report of ``clips`` clips in ``datasets`` sets, ten metrics; the last method is the user's own.

    Always the same numbers for the same sizes. ``plots``: which of the slow pictures the card asks for; None: it names none.
    """
    names = {f"set{number}": [f"{clip:03d}" for clip in range(number, clips, datasets)] for number in range(datasets)}
    cards = {card.name: card for card in (*map(_method, range(methods - 1)), _method(methods - 1, OWN))}
    cells: list[Cell] = []
    sources: list[PictureSource] = []
    for dataset, of_dataset in names.items():
        for metric in METRICS:
            cells += _cells(dataset, of_dataset, list(cards), metric, frames)
        sources += [_source(dataset, clip, list(cards), frames) for clip in of_dataset]
    return ReportData(
        card=ReportCard.model_validate(
            {
                "name": "made-up",
                "title": title or f"Made up: {clips} clips, {methods} methods",
                "protocol": "made-up",
                "datasets": [ReportDataset(name=name, metrics=tuple(_short(metric) for metric in METRICS)) for name in names],
                "methods": tuple(cards),
                **({"plots": tuple(plots)} if plots is not None else {}),
                "highlight": (OWN,),
            }
        ),
        protocol=ProtocolCard(
            name="made-up",
            title="Made up",
            metrics={_short(metric): metric.facts.name for metric in METRICS},
            assumed=("That nobody takes these numbers for real ones.",),
        ),
        datasets={
            name: DatasetCard(
                name=name,
                title=name.capitalize(),
                clips=tuple(ClipEntry(name=clip) for clip in of_dataset),
                degradation="realbasicvsr",
                layouts=(Layout(name="folder"),),
                publication=Publication(license="CC0-1.0"),
            )
            for name, of_dataset in names.items()
        },
        methods=cards,
        metrics={metric.facts.name: metric.facts for metric in METRICS},
        cells=tuple(cells),
        pictures=tuple(sources),
        runs={1: RecordedRun("2026-11-28T04:08:17+00:00", "made-up", PROVENANCE)},
        command="mgld-bench report made-up",
    )


def _method(number: int, name: str = "") -> MethodCard:
    title = name or (TITLES[number] if number < len(TITLES) else f"Method {number}")
    weights = {"network": WeightFile(file=f"weights{number}.pth", sha256=f"{number:02d}" * 32, license="Apache-2.0")}
    return MethodCard(
        name=title.lower().replace(" ", "-"),
        title=title,
        restorer="mgld_bench.methods.bicubic:Bicubic",
        weights=weights if number else {},
        options={"tile": 0} if number else {},
        publication=Publication(license="Apache-2.0", trained_on=("Set0",) if number == 6 else ()),
    )


def _short(metric: MadeUpMetric) -> str:
    return metric.facts.name.split(".")[0]


def _cells(dataset: str, clips: Sequence[str], methods: Sequence[str], metric: MadeUpMetric, frames: int) -> Iterator[Cell]:
    generator = np.random.default_rng(_seed(dataset, metric.facts.name))
    of_clips = generator.normal(0, metric.clips, len(clips))
    sign = 1 if metric.facts.direction == "higher" else -1
    for number, method in enumerate(methods):
        gain = sign * metric.methods * (number / max(1, len(methods) - 1) - 0.5) * 2
        each = generator.normal(0, metric.methods * 0.6, len(clips))
        scores, made = {}, {}
        for place, clip in enumerate(clips):
            if (number, place) == (5, 0):
                continue
            level = metric.usual + of_clips[place] + gain + each[place]
            values = np.abs(level + _drift(generator, frames, metric.frames))
            per_frame = {index: float(value) for index, value in enumerate(values)} if metric.facts.per_frame else None
            scores[clip] = ClipScore(metric.facts.name, float(np.mean(values)), per_frame)
            made[clip] = _made(dataset, clip, method, metric.facts.name)
        yield Cell(
            dataset, method, metric.facts.name, scores, tuple(clips), "" if len(scores) == len(clips) else "no result", made
        )


def _drift(generator: np.random.Generator, frames: int, size: float) -> npt.NDArray[np.float64]:
    """A slow wave and noise, with a bad stretch."""
    values = np.convolve(generator.normal(0, size, frames + 7), np.ones(8) / 8 * 2.5, "valid")
    start = int(generator.integers(0, max(1, frames - 8)))
    values[start : start + 8] += generator.normal(0, 2 * size)
    return np.asarray(values, dtype=np.float64)


def _made(dataset: str, clip: str, method: str, metric: str) -> Made:
    units = (f"{dataset} {clip} {method} {metric}", f"{dataset} {clip} {method}", f"{dataset} {clip}")
    keys = [hashlib.sha256(unit.encode()).hexdigest() for unit in units]
    scored, restored = scoring_origin(PROVENANCE), restored_origin(PROVENANCE)
    return Made(1, scored, "2026-11-28T04:08:30+00:00", restored, "2026-11-28T04:08:20+00:00", *keys)


def _source(dataset: str, clip: str, methods: Sequence[str], frames: int) -> PictureSource:
    seed = _seed(dataset, clip)
    restored = {
        method: MadeUpClip(clip, frames, (72, 128), seed, 0.5 * (1 - number / len(methods)))
        for number, method in enumerate(methods)
    }
    low = MadeUpClip(clip, frames, (18, 32), seed, 0.5)
    return PictureSource(dataset, clip, low, MadeUpClip(clip, frames, (72, 128), seed, 0.0), restored)


def _seed(*names: str) -> int:
    return int.from_bytes(hashlib.sha256(" ".join(names).encode()).digest()[:4], "big")


if __name__ == "__main__":
    clips, methods, frames = map(int, sys.argv[2:] or (50, 9, 100))
    for written in write_report(made_up_suite(clips, methods, frames), Path(sys.argv[1]), ("html",)).written:
        print(written)

"""Reports with numbers made by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

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
    TableLayout,
)
from mgld_bench.engine.origins import Made
from mgld_bench.metrics.metric import ClipScore, MetricFacts
from mgld_bench.report.collect.data import Cell, ReportData

PROTOCOL = {"psnr": "psnr.rgb", "lpips": "lpips.alex", "niqe": "niqe.pyiqa", "dover": "dover.fused"}
FACTS = {
    "psnr.rgb": MetricFacts("psnr.rgb", "PSNR", "higher", True, True, 2, 1, "RGB, no crop"),
    "psnr.y": MetricFacts("psnr.y", "PSNR", "higher", True, True, 2, 1, "luma, no crop"),
    "lpips.alex": MetricFacts(
        "lpips.alex", "LPIPS", "lower", True, True, 4, 1, "AlexNet", "BSD-2-Clause", {"alex.pth": "ab" * 32}
    ),
    "niqe.pyiqa": MetricFacts("niqe.pyiqa", "NIQE", "lower", False, True, 4, 1, "LIVE model"),
    "dover.fused": MetricFacts("dover.fused", "DOVER", "higher", False, False, 4, 1, "fused", "CC <b>4.0</b>"),
}
Place = tuple[str, str, str]
"""Dataset, method, metric."""


def make_data(
    scores: Mapping[Place, Mapping[str, float]],
    clips: Mapping[str, Sequence[str]],
    methods: Mapping[str, str],
    *,
    titles: Mapping[str, str] | None = None,
    layout: TableLayout | None = None,
    asked_methods: Sequence[str] = (),
    trained_on: Mapping[str, Sequence[str]] | None = None,
    published: Path | None = None,
    gap: str = "not scored yet",
    notes: Mapping[str, float | str] | None = None,
    made: Mapping[Place, Mapping[str, Made]] | Made | None = None,
    report_title: str = "Report",
    **other: Any,
) -> ReportData:
    """``scores``: value per clip; ``methods``: title by name. Every clip has two frames, both with the clip's value.

    ``made``: where each score was made, by clip, or where all were.
    """
    metrics = list(dict.fromkeys(metric for _, _, metric in scores))
    shown = {name: tuple(dict.fromkeys(metric for place, _, metric in scores if place == name)) for name in clips}
    return ReportData(
        card=ReportCard(
            name="report",
            title=report_title,
            protocol="hand",
            datasets=tuple(ReportDataset(name=name, metrics=shown[name] or ("psnr",)) for name in clips),
            methods=tuple(asked_methods or methods),
            table=layout or TableLayout(),
            published=Published(file=str(published), table="t", source="Somebody, 2024") if published else None,
        ),
        protocol=ProtocolCard(name="hand", metrics=PROTOCOL),
        datasets={
            name: DatasetCard(
                name=name,
                title=(titles or {}).get(name, name),
                clips=tuple(ClipEntry(name=clip) for clip in names),
                layouts=(Layout(name="folder"),),
            )
            for name, names in clips.items()
        },
        methods={
            name: MethodCard(
                name=name,
                title=title,
                restorer="a:B",
                publication=Publication(trained_on=tuple((trained_on or {}).get(name, ()))),
            )
            for name, title in methods.items()
        },
        metrics={name: FACTS[name] for name in metrics},
        cells=tuple(
            Cell(
                dataset,
                method,
                metric,
                {clip: _score(metric, value, notes or {}) for clip, value in values.items()},
                tuple(clips[dataset]),
                "" if set(values) == set(clips[dataset]) else gap,
                dict.fromkeys(values, made) if isinstance(made, Made) else (made or {}).get((dataset, method, metric), {}),
            )
            for (dataset, method, metric), values in scores.items()
        ),
        **other,
    )


def _score(metric: str, value: float, notes: Mapping[str, float | str]) -> ClipScore:
    per_frame = {0: value, 1: value} if FACTS[metric].per_frame else None
    return ClipScore(metric, value, per_frame, facts=notes)

"""A comparison in the form in which reports are played: its clips, their scores frame by frame, and names that files can have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mgld_bench.cards.schemas import DatasetCard, Layout, MethodCard, ProtocolCard, ReportCard
from mgld_bench.comparing.comparison import Comparison
from mgld_bench.comparing.players.sources import Source
from mgld_bench.comparing.state import State
from mgld_bench.metrics.metric import ClipScore
from mgld_bench.report.clip_ids import clip_id
from mgld_bench.report.collect.data import Cell, PictureSource, ReportData
from mgld_bench.report.file_names import card_names


@dataclass(frozen=True)
class AsReport:
    """The data, and how it names what the comparison names otherwise."""

    data: ReportData
    methods: Mapping[str, str]
    """By the name of the state."""
    datasets: Mapping[str, str]

    def clip_id(self, dataset: str, clip: str) -> str:
        """A clip in file names and in the page's address."""
        return clip_id(self.datasets[dataset], clip)


def as_report(comparison: Comparison, sources: Sequence[Source], protocol: ProtocolCard) -> AsReport:
    """The clips of ``sources`` with the scores of the methods that are shown.

    Args:
        comparison: whose scores.
        sources: the frames.
        protocol: which frames are scored.
    """
    shown = dict.fromkeys(name for source in sources for name in source.restored)
    states = [state for state in comparison.states if state.name in shown]
    methods = _named([state.name for state in states])
    datasets = _named(list(dict.fromkeys(source.dataset for source in sources)), [comparison.heading("")])
    cards = {
        datasets[name]: DatasetCard(name=datasets[name], title=comparison.heading(name), layouts=(Layout(name="compared"),))
        for name in datasets
    }
    data = ReportData(
        card=ReportCard(name="comparison", protocol=protocol.name, methods=tuple(methods.values())),
        protocol=protocol,
        datasets=cards,
        methods={methods[state.name]: _card(state, methods[state.name]) for state in states},
        metrics={line.metric.name: line.metric for line in comparison.lines},
        cells=tuple(_cells(comparison, sources, states, methods, datasets)),
        pictures=tuple(_picture(source, methods, datasets) for source in sources),
    )
    return AsReport(data, methods, datasets)


def _named(names: Sequence[str], fallback: Sequence[str] = ()) -> dict[str, str]:
    """Names as cards have them; of a nameless dataset the ``fallback``."""
    titles = [name or first for name in names for first in (fallback or names)[:1]]
    return dict(zip(names, card_names(titles), strict=True))


def _card(state: State, name: str) -> MethodCard:
    return MethodCard(name=name, title=state.name, restorer="mgld_bench.methods.results:FinishedResults")


def _cells(
    comparison: Comparison,
    sources: Sequence[Source],
    states: Sequence[State],
    methods: Mapping[str, str],
    datasets: Mapping[str, str],
) -> list[Cell]:
    cells = []
    for dataset in datasets:
        clips = tuple(source.clip for source in sources if source.dataset == dataset)
        for metric in dict.fromkeys(line.metric.name for line in comparison.lines if line.dataset == dataset):
            for state in states:
                scored = state.scores.get((dataset, metric), {})
                scores = {clip: ClipScore(metric, scored[clip].value, scored[clip].per_frame) for clip in clips if clip in scored}
                cells.append(Cell(datasets[dataset], methods[state.name], metric, scores, clips))
    return cells


def _picture(source: Source, methods: Mapping[str, str], datasets: Mapping[str, str]) -> PictureSource:
    low, truth = source.low_resolution, source.ground_truth
    return PictureSource(
        datasets[source.dataset],
        source.clip,
        low.clip if low else None,
        truth.clip if truth else None,
        {methods[name]: found.clip for name, found in source.restored.items()},
        digests={
            "LR": low.content if low else "",
            "GT": truth.content if truth else "",
            **{methods[name]: content for name, content in source.digests.items()},
        },
    )

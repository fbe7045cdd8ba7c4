"""What a figure of crops is drawn of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mgld_bench.cards.figures import CropsFigure, Shot
from mgld_bench.report.collect.data import ReportData
from mgld_bench.report.figures.crops import Row, Scene, box_size, draw_crops
from mgld_bench.report.figures.drawing import Drawing, NothingToDrawError
from mgld_bench.report.figures.inputs.finding import Found, Search, find
from mgld_bench.report.figures.inputs.frames import ClipFrames, clips_of, shown_methods, shown_shots
from mgld_bench.report.figures.style import method_styles
from mgld_bench.report.tables.numbers import format_value


def crops(data: ReportData, figure: CropsFigure) -> Drawing:
    """Draw it; a shot of which nothing is here is left out and named.

    Raises:
        NothingToDrawError: nothing is here of any shot.
    """
    scenes, statements, missing = [], [], []
    shown: set[tuple[str, str]] = set()
    for shot in shown_shots(data, figure.shots):
        try:
            scene, statement, gaps = shot_scene(data, figure, shot, shown=shown)
        except NothingToDrawError as reason:
            missing.append(str(reason))
            continue
        scenes.append(scene)
        statements.append(statement)
        missing += gaps
    if not scenes:
        raise NothingToDrawError("; ".join(missing))
    if figure.scores:
        statements.append(f"Below each crop: {_scored(data, figure)} of the frame.")
    page = draw_crops(scenes, figure.width, figure.enlargement)
    return Drawing(page.figure, " ".join(dict.fromkeys(statements)), tuple(dict.fromkeys(missing)), page.dpi)


def shot_scene(
    data: ReportData,
    figure: CropsFigure,
    shot: Shot,
    labels: Mapping[str, str] | None = None,
    shown: set[tuple[str, str]] | None = None,
) -> tuple[Scene, str, list[str]]:
    """What is shown of one clip, what the caption states of it, and which methods are missing.

    Args:
        data: the report.
        figure: how to show it.
        shot: what to show.
        labels: of the methods to show, which then are these alone; None: those of the figure, by their printed names.
        shown: datasets and clips that the figure shows already, which are not found again; what is shown here is added.

    Raises:
        NothingToDrawError: nothing of it is here.
    """
    names = data.method_headings
    names = {name: names[name] for name in shown_methods(data, figure.methods)} if labels is None else dict(labels)
    clips = clips_of(data, shot.dataset, shot.clip, tuple(names))
    fresh = [clip for clip in clips if (shot.dataset, clip.source.clip) not in (shown or ())]
    if not shot.clip and not fresh:
        raise NothingToDrawError(f"there is no further clip of {shot.dataset} here; to get them: mgld-bench run {data.card.name}")
    clips = clips if shot.clip else fresh
    sizes = {clip.source.clip: _box_size(names, clip, figure, shot) for clip in clips}
    search = Search(figure.between, figure.metric, figure.consecutive)
    found = find(data, shot, clips, {name: size[:2] for name, size in sizes.items()}, search)
    factor = sizes[found.clip.source.clip][2]
    frames = range(found.frame, found.frame + figure.consecutive)
    source, box = found.clip.source, found.region
    if shown is not None:
        shown.add((shot.dataset, source.clip))
    heading = data.dataset_headings[source.dataset]
    which = f"frame {found.frame}" if len(frames) == 1 else f"frames {frames[0]} to {frames[-1]}"
    how = f"×{factor}, {figure.enlargement}"
    scene = Scene(
        caption=(f"{heading}, {source.clip}, {which}", f"box {box.width}×{box.height} px, {how}"),
        whole=found.clip.whole(found.frame),
        rows=_rows(data, figure, found.clip, frames, names),
        frames=frames,
        box=box,
        factor=factor,
    )
    statement = (
        f"{heading}, {source.clip}, {which}: {box.width}×{box.height} pixels, {box.left} from the left and {box.top} "
        f"from the top, enlarged {factor} times ({figure.enlargement}; LR nearest){_found(found, search)}."
    )
    place = f"{source.dataset} {source.clip}"
    missing = [
        f"{data.method_headings[name]} on {place}: {found.clip.why_missing(name)}"
        for name in found.clip.methods
        if name not in found.clip.usable
    ]
    return scene, statement, missing


def _box_size(names: Mapping[str, str], clip: ClipFrames, figure: CropsFigure, shot: Shot) -> tuple[int, int, int]:
    given = (shot.box.width, shot.box.height) if shot.box else figure.size
    labels = ["LR", *names.values(), *(["GT"] if clip.source.ground_truth else [])]
    return box_size(clip.whole(0), labels, figure.consecutive, figure.width, bool(figure.scores), clip.scale, given)


def _found(found: Found, search: Search) -> str:
    return f"; {' and '.join(found.searched)} found {search.words}" if found.searched else ""


def _rows(data: ReportData, figure: CropsFigure, clip: ClipFrames, frames: Sequence[int], names: Mapping[str, str]) -> list[Row]:
    styles = method_styles(data)
    labels = [_scored(data, figure)] * len(frames) if figure.scores else []
    rows = [Row("LR", [clip.low_resolution(index) for index in frames], scores=labels, low_resolution=True)]
    for name in clip.methods:
        missing = clip.why_missing(name)
        pictures = [None if missing else clip.restored(name, index) for index in frames]
        scores = [_scores(data, figure, clip, name, index) for index in frames] if figure.scores else []
        rows.append(Row(names[name], pictures, missing, scores, styles[name].highlighted))
    if clip.source.ground_truth is not None:
        rows.append(Row("GT", [clip.truth(index) for index in frames]))
    return rows


def _scored(data: ReportData, figure: CropsFigure) -> str:
    """Which scores stand below the crops."""
    headings = data.metric_headings
    return " / ".join(headings.get(name, name) for name in map(data.protocol.resolve, figure.scores))


def _scores(data: ReportData, figure: CropsFigure, clip: ClipFrames, method: str, index: int) -> str:
    texts = []
    for metric in map(data.protocol.resolve, figure.scores):
        for cell in data.cells:
            score = cell.scores.get(clip.source.clip)
            here = (cell.dataset, cell.method, cell.metric) == (clip.source.dataset, method, metric)
            if here and score is not None and index in (score.per_frame or {}):
                texts.append(format_value((score.per_frame or {})[index], min(3, data.metrics[metric].digits)))
    return " / ".join(texts)

"""Which clips a study shows: those of its card, or a spread by content, with the reasons."""

from __future__ import annotations

from collections.abc import Sequence

from mgld_bench.engine.progress import Progress, stage
from mgld_bench.errors import InputError
from mgld_bench.study.card import StudyCard
from mgld_bench.study.making.content import Content, content_of
from mgld_bench.study.making.sources import ClipKey, Found, StudySource
from mgld_bench.study.making.spread import Chosen, choose_spread


def choose_clips(card: StudyCard, found: Found, progress: Progress) -> tuple[list[StudySource], list[str]]:
    """The clips of the study, and a line for each about what it shows and why it was taken.

    Content is measured on the ground truth where every clip has one, else on LR, and goes into the choice as spatial information,
    temporal information and, where the store has a metric's scores of all methods on all clips, difficulty.

    Raises:
        InputError: There are fewer clips than the card asks for, or a frame cannot be read.
    """
    sources = found.sources
    if card.spread is not None and len(sources) < card.spread:
        raise InputError(
            f"study {card.name}: spread: {', '.join(card.datasets)} has {len(sources)} clips, fewer than {card.spread}"
        )
    side = "ground truth" if all(source.ground_truth is not None for source in sources) else "LR"
    contents = {}
    with stage(progress, "content", sum(source.low_resolution.frame_count for source in sources)):
        for source in sources:
            truth = source.ground_truth if side == "ground truth" else None
            contents[source.key] = content_of(truth or source.low_resolution)
            progress.advance(source.low_resolution.frame_count)
    by_key = {source.key: source for source in sources}
    properties = {
        key: (content.spatial, content.temporal, *([found.difficulty[key]] if found.difficulty else []))
        for key, content in contents.items()
    }
    chosen = choose_spread(properties, card.spread) if card.spread is not None else [Chosen(key, None, 0.0) for key in by_key]
    return [by_key[one.clip] for one in chosen], _lines(card, found, side, contents, chosen)


def _lines(card: StudyCard, found: Found, side: str, contents: dict[ClipKey, Content], chosen: Sequence[Chosen]) -> list[str]:
    measured = f"SI and TI (ITU-T P.910) of the {side}" + (f", {found.metric} of the methods" if found.difficulty else "")
    if card.spread is None:
        lines = [f"clips: named by the card; {measured}"]
    else:
        without = "" if found.difficulty else "; no metric has scores of all methods on all of them, so difficulty does not count"
        lines = [
            f"clips: {len(chosen)} of {len(contents)}, each as far as possible from those before, in ranks of {measured}{without}"
        ]
    width = max(len("/".join(one.clip)) for one in chosen)
    for one in chosen:
        content = contents[one.clip]
        line = f"  {'/'.join(one.clip):{width}}  SI {content.spatial:5.1f}  TI {content.temporal:5.1f}"
        if found.difficulty:
            line += f"  {found.metric} {abs(found.difficulty[one.clip]):.4g}"
        if card.spread is not None:
            line += f"  {_why(one)}"
        lines.append(line)
    return lines


def _why(one: Chosen) -> str:
    if one.nearest is None:
        return "farthest from the middle of all"
    return f"{one.distance:.2f} from {'/'.join(one.nearest)}, the nearest before it"

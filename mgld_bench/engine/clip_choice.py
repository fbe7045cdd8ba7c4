"""Which clips are scored together: the folders of one or several methods, and their ground truth, paired by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias

from mgld_bench.clips.clip import Clip
from mgld_bench.clips.digest import DigestCache
from mgld_bench.clips.naming import given_name
from mgld_bench.clips.reading import clip_places, open_clip
from mgld_bench.clips.resized import in_short_side
from mgld_bench.errors import InputError, did_you_mean, first_of

Source: TypeAlias = Path | Sequence[Path] | Clip
"""Where a method's clips are: a clip, a folder of clips, several clips, or a clip in memory."""
_Found: TypeAlias = Mapping[str, Clip | InputError]
"""Clips by name; an error in place of one that cannot be opened."""


@dataclass(frozen=True)
class ScoredClip:
    """One clip with its ground truth, as each method restored it."""

    name: str
    reference: Clip | None
    restored: Mapping[str, Clip]
    """By method; only those that have it."""


@dataclass(frozen=True)
class ClipChoice:
    """What is to be scored."""

    methods: tuple[str, ...]
    names: tuple[str, ...]
    """Every clip that is asked for, whether it is there or not."""
    clips: tuple[ScoredClip, ...]
    problems: tuple[str, ...]
    """Clips that are asked for but cannot be scored, in words, one line each."""


def resized_choice(choice: ClipChoice, short_side: int | None) -> ClipChoice:
    """The choice with every clip brought to this short side; see in_short_side()."""
    clips = (
        ScoredClip(
            clip.name,
            None if clip.reference is None else in_short_side(clip.reference, short_side),
            {method: in_short_side(restored, short_side) for method, restored in clip.restored.items()},
        )
        for clip in choice.clips
    )
    return replace(choice, clips=tuple(clips))


def method_sources(paths: Sequence[Path], ground_truth: Path | None) -> dict[str, Source]:
    """The methods whose clips ``paths`` hold, by name.

    A folder of folders of clips holds several methods. Several clips with different names are those of one method, unless they
    belong to a single clip of ground truth; with the same name they are one clip of several methods.

    Raises:
        InputError: A path holds no clips, or it is not clear what it holds.
    """
    found: list[Path] = []
    for path in paths:
        inside = clip_places(path)
        several = [place for place in inside if place != path and _holds_clips(place)]
        if several and len(several) < len(inside):
            odd = next(place for place in inside if place not in several)
            raise InputError(
                f"{path}: holds folders of clips ({first_of([place.name for place in several], 3)}) and also {odd.name}, so it "
                "is unclear whether these are methods or clips; move one of them"
            )
        found += several or [path]
    found = list(dict.fromkeys(found))
    alone = [path for path in found if clip_places(path) == [path]]
    if len(found) > 1 and len(alone) == len(found):
        names = [_name(path) for path in found]
        one_truth = ground_truth is not None and clip_places(ground_truth) == [ground_truth]
        if len(set(names)) == len(names) and not one_truth:
            return {"restored": tuple(found)}
        if len(set(names)) < len(names):
            return dict(zip(_distinct(found, [_name(path.absolute().parent) for path in found]), found, strict=True))
    return dict(zip(_distinct(found, [_name(path) for path in found]), found, strict=True))


def choose_clips(
    sources: Mapping[str, Source],
    ground_truth: Path | Clip | None,
    names: Sequence[str] = (),
    limit: int | None = None,
    cache: DigestCache | None = None,
    colour: str = "",
) -> ClipChoice:
    """Open the clips of every method, and pair them with their ground truth.

    A clip and a clip belong together whatever their names; folders of clips are paired by name.

    Args:
        sources: where the clips are, by method.
        ground_truth: likewise; None where there is none.
        names: only these clips; all where none is given.
        limit: only the first so many clips, in natural order.
        cache: digests of files, so that unchanged files are not read again.
        colour: what the samples of untagged video are; see `open_clip`.

    Raises:
        InputError: a chosen clip does not exist, or not a single clip can be scored.
    """
    truth = None if ground_truth is None else _open_all(ground_truth, names, cache, colour)
    found = {method: _open_all(source, names, cache, colour) for method, source in sources.items()}
    pairing = {method: _partners(clips, truth, sources[method], len(sources) > 1) for method, clips in found.items()}
    every = dict.fromkeys(name for partners in pairing.values() for name in partners)
    ordered = [name for name in truth if name in every] if truth is not None else []
    asked = (*ordered, *(name for name in every if name not in ordered))
    missing = [name for name in names if name not in asked]
    if missing:
        raise InputError(
            f"clip {missing[0]} does not exist: {did_you_mean(missing[0], asked, _what_there_is(sources, ground_truth))}"
        )
    asked = asked[:limit]
    problems: list[str] = []
    usable: dict[str, dict[str, Clip]] = {name: {} for name in asked}
    for method, partners in pairing.items():
        usable_here = {name: pair for name, pair in partners.items() if name in usable}
        problems += _problems(method if len(sources) > 1 else "", usable_here, truth)
        for name, (clip, reference) in usable_here.items():
            if isinstance(clip, Clip) and (truth is None or isinstance(reference, Clip)):
                usable[name][method] = clip
    references = {name: _reference(name, pairing) for name in asked}
    clips = tuple(ScoredClip(name, references[name], restored) for name, restored in usable.items() if restored)
    if not clips:
        raise InputError("; ".join(problems))
    return ClipChoice(tuple(sources), asked, clips, tuple(problems))


_Partners: TypeAlias = Mapping[str, tuple[Clip | InputError | None, Clip | InputError | None]]
"""By clip: the restored one and its ground truth; None where there is none."""


def _partners(restored: _Found, truth: _Found | None, source: Source, several_methods: bool) -> _Partners:
    if truth is None:
        return {name: (clip, None) for name, clip in restored.items()}
    if len(restored) == len(truth) == 1:
        ((name, clip),), ((true_name, reference),) = restored.items(), truth.items()
        return {true_name if several_methods else name: (clip, reference)}
    # Where one clip is named, the rest of the ground truth is not asked for.
    unrestored = [] if _is_one_clip(source) and set(restored) & set(truth) else [name for name in truth if name not in restored]
    both = {name: (clip, truth.get(name)) for name, clip in restored.items()}
    return {**both, **{name: (None, truth[name]) for name in unrestored}}


def _problems(method: str, partners: _Partners, truth: _Found | None) -> list[str]:
    """What a method lacks, one line for each kind, and for each clip that cannot be opened."""
    of = f"{method}: " if method else ""
    lines = [f"{of}{found}" for pair in partners.values() for found in pair if isinstance(found, InputError)]
    if truth is None:
        return lines
    lonely = [name for name, (_, reference) in partners.items() if reference is None]
    if lonely:
        lines.append(f"{of}no ground truth for restored clip(s) {first_of(lonely)}: --gt has {first_of(list(truth))}")
    unrestored = [name for name, (clip, _) in partners.items() if clip is None]
    if unrestored:
        there = sum(clip is not None and reference is not None for clip, reference in partners.values())
        lines.append(
            f"{of}no restored clip for ground truth {first_of(unrestored)}: {there} of {there + len(unrestored)} clips are "
            "there; restore the rest, or choose those that are to be scored with --clips"
        )
    return lines


def _reference(name: str, pairing: Mapping[str, _Partners]) -> Clip | None:
    for partners in pairing.values():
        reference = partners.get(name, (None, None))[1]
        if isinstance(reference, Clip):
            return reference
    return None


def _open_all(source: Source, names: Sequence[str], cache: DigestCache | None, colour: str) -> _Found:
    if isinstance(source, Clip):
        return {source.name: source}
    places = clip_places(source) if isinstance(source, Path) else list(source)
    if len(places) == 1 and places[0] == source:
        clip = open_clip(places[0], cache=cache, colour=colour)
        return {clip.name: clip}
    found: dict[str, Clip | InputError] = {}
    where: dict[str, Path] = {}
    for place in places:
        name = _name(place)
        if names and name not in names:
            continue
        if name in where:
            raise InputError(f"{where[name].parent}: {where[name]} and {place} are both clip {name}; keep one of them")
        where[name] = place
        try:
            found[name] = open_clip(place, name, cache, colour)
        except InputError as error:
            found[name] = error
    return found


def _holds_clips(place: Path) -> bool:
    """Whether a folder holds clips, and is not one itself."""
    try:
        return place.is_dir() and clip_places(place) != [place]
    except InputError:
        return False


def _is_one_clip(source: Source) -> bool:
    return isinstance(source, Clip) or (isinstance(source, Path) and clip_places(source) == [source])


def _name(path: Path) -> str:
    return given_name(path if path.is_dir() else path.with_suffix(""))


def _distinct(paths: Sequence[Path], names: Sequence[str]) -> list[str]:
    """The names; the whole path where several are alike."""
    return [str(path) if names.count(name) > 1 else name for path, name in zip(paths, names, strict=True)]


def _what_there_is(sources: Mapping[str, Source], ground_truth: Path | Clip | None) -> str:
    places = [*sources.values(), *([] if ground_truth is None else [ground_truth])]
    known = dict.fromkeys(_name(clip) for place in places if isinstance(place, Path) for clip in clip_places(place))
    return f"there are {first_of(list(known))}"

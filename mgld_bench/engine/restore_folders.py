"""Restoring clips that belong to no suite: any clips, with the method of one card."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from mgld_bench.cards.loader import load_method
from mgld_bench.cards.schemas import MethodCard
from mgld_bench.clips.clip import Clip
from mgld_bench.clips.colour import colour_without_effect
from mgld_bench.clips.frame_rate import frames_per_second
from mgld_bench.clips.naming import given_name
from mgld_bench.clips.places import require_apart
from mgld_bench.clips.reading import clip_places, open_clip
from mgld_bench.engine.keys import method_facts, restore_key
from mgld_bench.engine.progress import Progress, resumed_steps, stage
from mgld_bench.engine.safe_writes import sole_writer
from mgld_bench.errors import InputError, broken, contained
from mgld_bench.methods.compute import Compute
from mgld_bench.methods.restorer import AnyRestorer
from mgld_bench.pairs.subset import EVERY_CLIP, Subset
from mgld_bench.restoring.loading import load_restorer
from mgld_bench.restoring.partial import PartialClip
from mgld_bench.restoring.record import read_record, record_path
from mgld_bench.restoring.running import restore_clip
from mgld_bench.restoring.video_copy import remove_video, require_room_for_video, video_path, write_video_copy
from mgld_bench.restoring.way import Way, way_here

Finished = Callable[[Path], None]
"""Called with the folder of each restored clip as soon as it is there."""


@dataclass(frozen=True)
class Wish:
    """How clips are to be restored, beside the method."""

    overwrite: bool = False
    """Replace what a different method, or the same one from different input, weights or options, has left in the output."""
    video: bool = False
    """Also write each restored clip as a lossless video beside its frames."""
    rate: Fraction | None = None
    """Frames per second of the videos; None: as many as the input has, 25 for folders of frames."""
    colour: str = ""
    """What the samples of untagged video are; see `open_clip`."""
    subset: Subset = EVERY_CLIP
    """Which clips of a folder."""


def restore_folder(
    method: str,
    source: Path,
    output: Path,
    compute: Compute,
    cards: Sequence[Path],
    progress: Progress,
    wish: Wish = Wish(),
    finished: Finished | None = None,
) -> list[Path]:
    """As `restore_clips`, for the clip that ``source`` is, or every clip in it; one that cannot be opened is left to the end."""
    require_apart(output, [source])
    places = _chosen(clip_places(source), wish.subset)
    failures: dict[str, InputError] = {}
    clips: list[Clip] = []
    for place in places:
        try:
            clips.append(open_clip(place, colour=wish.colour))
        except InputError as error:
            failures[place.name] = error
            if len(places) > 1:
                progress.log(f"FAILED {place.name}: {error}")
    if not clips:
        raise _failed(failures, len(places))
    if note := colour_without_effect(wish.colour, clips):
        progress.log(note)
    return _restore(method, clips, output, compute, cards, progress, wish, finished, failures)


def _chosen(places: Sequence[Path], subset: Subset) -> list[Path]:
    """The clips that are asked for. Raises InputError where one of them is not there."""
    names = [given_name(place if place.is_dir() else place.with_suffix("")) for place in places]
    subset.check(names)
    chosen = subset.of(names)
    return [place for place, name in zip(places, names, strict=True) if name in chosen]


def restore_clips(
    method: str,
    clips: Sequence[Clip],
    output: Path,
    compute: Compute,
    cards: Sequence[Path],
    progress: Progress,
    wish: Wish = Wish(),
    finished: Finished | None = None,
) -> list[Path]:
    """Restore each clip into output/<clip name>/%08d.png, with a side file that records how.

    A clip that is there already, from the same input by the same method, weights and options, is kept; a partial one is resumed.
    A clip that cannot be restored does not hold up the rest.

    Args:
        method: name of a method card, or a card file.
        clips: LR clips.
        output: folder for the restored clips.
        compute: where and how to compute.
        cards: further folders with cards.
        progress: where to report progress.
        wish: how, beside the method.
        finished: called as clips are finished.

    Returns:
        The folder of each restored clip.

    Raises:
        InputError: the method cannot run here, something different is in the place of a restored clip, or another run is using
            ``output``: before any clip is restored. Or, at the end, one line that names every clip that failed.
    """
    require_apart(output, [clip.path for clip in clips if clip.path is not None])
    return _restore(method, clips, output, compute, cards, progress, wish, finished, {})


def _restore(
    method: str,
    clips: Sequence[Clip],
    output: Path,
    compute: Compute,
    cards: Sequence[Path],
    progress: Progress,
    wish: Wish,
    finished: Finished | None,
    failures: dict[str, InputError],
) -> list[Path]:
    card = load_method(method, cards)
    _require_one_of_each_name(clips)
    with sole_writer(output):
        restorer = load_restorer(card, compute)
        keys = _keys_of_what_is_there(card, clips, output, compute, wish)
        total = len(clips) + len(failures)
        done: list[Path] = []
        with stage(progress, "restore", sum(clip.frame_count for clip in clips)):
            for clip in clips:
                progress.unit(f"{card.name} {clip.name}")
                try:
                    _restore_one(restorer, card, clip, output, keys.get(clip.name), progress, wish)
                except broken() as error:
                    failures[clip.name] = contained(error)
                    if total > 1:
                        progress.log(f"FAILED {clip.name}: {failures[clip.name]}")
                    continue
                done.append(output / clip.name)
                if finished is not None:
                    finished(done[-1])
    if failures:
        raise _failed(failures, total)
    return done


def _restore_one(
    restorer: AnyRestorer,
    card: MethodCard,
    clip: Clip,
    output: Path,
    known: tuple[str, str] | None,
    progress: Progress,
    wish: Wish,
) -> None:
    way = way_here(card, clip.size, restorer.compute)
    source, key = known or _source_and_key(card, clip, restorer.compute, way)
    older = read_record(record_path(output, clip.name))
    facts = {**method_facts(card), "input": source}
    restore_clip(restorer, clip, output, key, facts, resumed_steps(progress), way=way, log=progress.log)
    if older is not None and older.key != key:
        remove_video(output, older)
    if wish.video:
        write_video_copy(output, clip.name, wish.rate or frames_per_second(clip), wish.overwrite)


def _keys_of_what_is_there(
    card: MethodCard, clips: Sequence[Clip], output: Path, compute: Compute, wish: Wish
) -> dict[str, tuple[str, str]]:
    """Digest of the input and key, by clip, for those clips that are in ``output`` already.

    Raises:
        InputError: something different is in the place of a restored clip, or of its video.
    """
    keys: dict[str, tuple[str, str]] = {}
    for clip in clips:
        place = output / clip.name
        # What was ended between its frames and its record was made by a restore.
        PartialClip(output, clip.name).recover()
        record = read_record(record_path(output, clip.name))
        if wish.video and not wish.overwrite:
            require_room_for_video(video_path(output, clip.name), record)
        if record is None:
            if place.exists():
                raise InputError(
                    f"{place}: exists, but was not made by a restore; move it away or choose a different output folder"
                )
            continue
        try:
            way = way_here(card, clip.size, compute)
        except InputError:
            # It does not fit the memory: its own failure, which does not hold up the others.
            continue
        source, key = keys[clip.name] = _source_and_key(card, clip, compute, way)
        # What differs in nothing but device or memory is the same work, which is done again without being asked.
        same = record.key == restore_key(source, "", clip.name, card, compute.arithmetic, record.way)
        if record.key != key and not same and not wish.overwrite:
            there = _method_of(record.facts)
            how = (
                f"by {there}"
                if there != card.name
                else f"by {there} too, but from different input, weights, options or precision"
            )
            raise InputError(
                f"{place}: holds clip {clip.name}, restored {how} (key {record.key[:12]}…; "
                f"{card.name} would now have {key[:12]}…); choose a different output folder, or replace it with --overwrite"
            )
    return keys


def _source_and_key(card: MethodCard, clip: Clip, compute: Compute, way: Way) -> tuple[str, str]:
    source = clip.digest()
    return source, restore_key(source, "", clip.name, card, compute.arithmetic, way)


def _method_of(facts: Mapping[str, object]) -> str:
    method = facts.get("method")
    return str(method.get("name", "an unknown method")) if isinstance(method, Mapping) else "an unknown method"


def _require_one_of_each_name(clips: Sequence[Clip]) -> None:
    seen: dict[str, Path | None] = {}
    for clip in clips:
        if clip.name in seen:
            raise InputError(f"{seen[clip.name]} and {clip.path} are both clip {clip.name}; keep one of them")
        seen[clip.name] = clip.path


def _failed(failures: Mapping[str, InputError], total: int) -> InputError:
    if total == 1:
        return next(iter(failures.values()))
    listed = "; ".join(f"{name}: {error}" for name, error in failures.items())
    return InputError(f"{len(failures)} of {total} clips failed; everything else is done and kept: {listed}")

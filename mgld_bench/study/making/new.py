"""From a card and a workspace to a folder that can be served: everything is checked and stated before anything is written."""

from __future__ import annotations

import math
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Final

from mgld_bench.cards.loader import load_study_card
from mgld_bench.clips.atomic import write_bytes_atomic
from mgld_bench.engine.card_check import check_study_names
from mgld_bench.engine.progress import Progress
from mgld_bench.engine.safe_writes import LOCK, sole_writer
from mgld_bench.errors import InputError, first_of
from mgld_bench.study.blinding import require_blind
from mgld_bench.study.card import StudyCard
from mgld_bench.study.folder import Study, StudyFolder
from mgld_bench.study.making.choosing import choose_clips
from mgld_bench.study.making.design import DesignPlan, balance_lines, plan_design, power_lines
from mgld_bench.study.making.links import Link, add_participants
from mgld_bench.study.making.sources import Place, StudySource, find_sources
from mgld_bench.study.making.videos import DEFAULT_RATE, VideoPlan, plan_videos, shown_part, write_videos

STUDIES: Final = "studies"
"""The folder of a workspace in which studies are."""


@dataclass(frozen=True)
class StudyRequest:
    """What is asked for."""

    card: str
    """A study card's name or file."""
    place: Place
    output: Path | None = None
    """The study's folder; None: studies/NAME in the workspace."""
    dry_run: bool = False
    """Whether the study is only to be planned: then its folder may hold anything."""


@dataclass(frozen=True)
class PlannedStudy:
    """A study that could be made."""

    card: StudyCard
    sources: tuple[StudySource, ...]
    design: DesignPlan
    videos: VideoPlan
    folder: StudyFolder
    lines: tuple[str, ...]
    """What it comes to, for the user."""


@dataclass(frozen=True)
class NewStudy:
    """A study that was made."""

    study: Study
    folder: StudyFolder
    links: tuple[Link, ...]


def plan_study(request: StudyRequest, progress: Progress) -> PlannedStudy:
    """Check everything, choose the clips, make the schedule, and estimate the videos; nothing is written.

    Raises:
        InputError: The card is wrong, something that it names is missing (the line names what makes it), no schedule is possible,
            or the folder holds something else.
    """
    card = load_study_card(request.card, request.place.cards)
    check_study_names(card, request.place.cards)
    require_blind(card, card.methods)
    folder = StudyFolder(request.output or request.place.workspace / STUDIES / card.name)
    if not request.dry_run:
        _require_free(folder)
    found = find_sources(card, request.place)
    if card.clips:
        for source in found.sources:
            shown_part(card, source)
    sources, why = choose_clips(card, found, progress)
    traps = found.traps if card.trap_clips else [source for source in sources if source.ground_truth is not None]
    if card.design.traps and not traps:
        raise InputError(f"study {card.name}: design.traps: none of the chosen clips has ground truth; name trap_clips")
    used = traps if card.design.traps else []
    design = plan_design(card, [source.key for source in sources], [source.key for source in used])
    videos = plan_videos(card, sources, used, request.place.workspace)
    lines = (
        *found.remarks,
        *why,
        *_outline(card, sources, design),
        *power_lines(card, design),
        *balance_lines(design),
        *videos.lines,
    )
    return PlannedStudy(card, tuple(sources), design, videos, folder, lines)


def make_study(planned: PlannedStudy, progress: Progress) -> NewStudy:
    """Make a planned study: videos, participants and links, and last of all study.json, which stands for the whole.

    Interrupted, the same command resumes: encoded videos are kept in the workspace.

    Raises:
        InputError: A file cannot be read or written, an encoder fails, or the disk is too full.
    """
    folder, card = planned.folder, planned.card
    planned.videos.require_room(folder.path)
    with sole_writer(folder.path):
        _require_free(folder)
        _remove_left_over(folder)
        clips, made = write_videos(planned.videos, folder, progress)
        now = datetime.now(timezone.utc)
        links = add_participants(folder, planned.design.schedules, card.expires_days, now)
        study = Study(
            name=card.name,
            card=card,
            created_at=now.isoformat(timespec="seconds"),
            methods=card.methods,
            clips=clips,
            rate=planned.videos.rate,
            exact=planned.videos.exact,
            notes=(*planned.lines, *made),
        )
        write_bytes_atomic(folder.description, (study.model_dump_json(indent=2) + "\n").encode())
    for line in made:
        progress.log(line)
    return NewStudy(study, folder, tuple(links))


def _outline(card: StudyCard, sources: Sequence[StudySource], design: DesignPlan) -> list[str]:
    low = {
        "middle": f"LR ({card.enlarged}) between them",
        "on demand": f"LR ({card.enlarged}) on demand",
        "hidden": "LR not shown",
    }[card.low_resolution]
    ties = "ties allowed" if card.ties else "no ties"
    questions = ", ".join(question.name for question in card.questions)
    trials = design.balance.most_trials
    pairs = trials - card.design.training - card.design.repeats - card.design.traps
    seconds = sum(source.low_resolution.frame_count for source in sources) / len(sources) / (card.rate or DEFAULT_RATE)
    return [
        f"study {card.name}: methods: {len(card.methods)}, pairs of them: {len(card.pairs)}, clips: {len(sources)}; questions: "
        f"{questions}; {ties}; {low}",
        f"participants: {card.design.participants}; trials of each: {trials} (to learn: {card.design.training}, pairs: {pairs}, "
        f"repeats: {card.design.repeats}, traps: {card.design.traps}), which take at least "
        f"{math.ceil(trials * (seconds * card.plays + _DECIDING) / 60)} min",
    ]


_DECIDING: Final = 6.0
"""Seconds that an answer takes beside watching, at least."""


def _require_free(folder: StudyFolder) -> None:
    """Raise InputError where the folder is a study already, or holds something else, which would be in the way."""
    if folder.description.exists():
        raise InputError(
            f"{folder.path}: there is a study already; use --output for another one, or remove the folder with its votes"
        )
    if folder.path.exists() and not folder.path.is_dir():
        raise InputError(f"{folder.path}: is a file, not a folder; use --output")
    known = {path.name for path in (folder.videos, folder.votes, folder.links)} | {LOCK}
    found = sorted(path.name for path in folder.path.iterdir()) if folder.path.is_dir() else []
    strange = [name for name in found if name not in known and not name.startswith((".", folder.votes.name))]
    if strange:
        raise InputError(f"{folder.path}: holds other files ({first_of(strange, 3)}); use --output with an empty folder")


def _remove_left_over(folder: StudyFolder) -> None:
    """Remove what an interrupted run has left. Nobody has voted: without study.json nothing was served."""
    shutil.rmtree(folder.videos, ignore_errors=True)
    for path in (folder.links, folder.votes, *(folder.votes.with_name(f"{folder.votes.name}{end}") for end in ("-wal", "-shm"))):
        path.unlink(missing_ok=True)

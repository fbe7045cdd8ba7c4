"""The links of participants: made, kept for the owner alone, and known to the study only as digests."""

from __future__ import annotations

import csv
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Final

from mgld_bench.clips.atomic import replacing
from mgld_bench.engine.safe_writes import sole_writer
from mgld_bench.errors import InputError, of_system
from mgld_bench.study.folder import Study, StudyFolder, load_study
from mgld_bench.study.making.schedule import Schedule
from mgld_bench.study.opening import open_votes
from mgld_bench.study.store import VoteStore
from mgld_bench.study.votes import GROUND_TRUTH, Trial

_COLUMNS: Final = ("participant", "link", "expires_at")
_TOKEN_BYTES: Final = 32


@dataclass(frozen=True)
class Link:
    """What one participant gets."""

    participant: int
    path: str
    """Below the address at which the study is served."""
    expires_at: str


def add_participants(folder: StudyFolder, schedules: Sequence[Sequence[Trial]], expires_days: int, now: datetime) -> list[Link]:
    """Add a participant for each schedule, and append the links to links.csv.

    The database has only digests of the secret parts: who loses links.csv cannot make the links anew, only invite more people.

    Raises:
        InputError: The database or the file cannot be written.
    """
    expires_at = (now + timedelta(days=expires_days)).astimezone(timezone.utc).isoformat(timespec="seconds")
    store = VoteStore(folder.votes)
    links = []
    try:
        for trials in schedules:
            token = secrets.token_urlsafe(_TOKEN_BYTES)
            number = store.add_participant(token, expires_at, trials)
            links.append(Link(number, f"s/{token}/", expires_at))
    finally:
        store.close()
        if links:
            _append(folder.links, links)
    return links


def invite(folder: StudyFolder, count: int, now: datetime) -> list[Link]:
    """Make links for ``count`` more participants of a study: the schedule goes on where it ended.

    Raises:
        InputError: There is no study, or the database or links.csv cannot be written.
    """
    study = load_study(folder)
    schedule = _schedule(study)
    # Two that invite at once would ask the same people twice.
    with sole_writer(folder.path):
        store = open_votes(folder, study)
        try:
            there = len(store.participants())
        finally:
            store.close()
        schedules = [schedule.trials(number) for number in range(there, there + count)]
        return add_participants(folder, schedules, study.card.expires_days, now)


def _schedule(study: Study) -> Schedule:
    clips = tuple((clip.dataset, clip.clip) for clip in study.clips if set(study.methods) <= set(clip.videos))
    traps = tuple((clip.dataset, clip.clip) for clip in study.clips if GROUND_TRUTH in clip.videos)
    return Schedule(study.methods, study.card.pairs, clips, traps, study.card.design)


def _append(file: Path, links: Sequence[Link]) -> None:
    try:
        before = file.read_text(encoding="utf-8") if file.exists() else ",".join(_COLUMNS) + "\n"
        with replacing(file) as temporary:
            # Before anything is in it.
            temporary.chmod(0o600)
            with temporary.open("w", encoding="utf-8", newline="") as target:
                target.write(before)
                writer = csv.writer(target, lineterminator="\n")
                writer.writerows([link.participant, link.path, link.expires_at] for link in links)
    except OSError as error:
        raise InputError(f"{file}: {of_system(error)}") from error

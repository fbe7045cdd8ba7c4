"""What a participant may see and do now: by the study, the schedule, the clock and the database; no word of HTTP.

Every call reads or writes the database, and belongs on a thread. Writes come from one thread alone, so that between what
`answer` checks and what it keeps nothing changes.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Final, Literal

from mgld_bench.plain_data import PlainData
from mgld_bench.study.folder import Study, StudyFolder
from mgld_bench.study.serving.asked import Answers
from mgld_bench.study.serving.refusals import RefusedError, expired_link, unknown_link
from mgld_bench.study.store import Participant, VoteStore
from mgld_bench.study.votes import Trial, Vote

Shown = Literal["left", "right", "low-resolution"]
"""The videos of a trial, by the only names that a browser ever sees."""
_EASE: Final = 0.9
"""The part of the playing time that must have passed: clocks of browsers and servers differ a little."""
_SECONDS_TO_ANSWER: Final = 8.0
"""Per trial, for the estimate of the time that all of them take."""


class ShownTrial(PlainData):
    """The current trial, as the page is told of it: nothing of methods, clips, repeats or traps."""

    position: int
    training: bool
    frames: int
    width: int
    height: int
    following: bool
    """Whether there is another one, whose videos may be fetched meanwhile."""


class Standing(PlainData):
    """Where a participant stands."""

    stage: Literal["consent", "trial", "finished"]
    answered: int
    total: int
    minutes: int
    """That what is left takes, about."""
    trial: ShownTrial | None = None


class Desk:
    """The rules of one study."""

    def __init__(self, folder: StudyFolder, study: Study, store: VoteStore, log: Callable[[str], None]) -> None:
        """``log``: takes a line for whoever runs the study when a participant begins or has finished."""
        self._folder = folder
        self._study = study
        self._store = store
        self._log = log
        self._trials: dict[int, list[Trial]] = {}

    def participant(self, token: str) -> Participant:
        """Whose link this is. Raises RefusedError where it is nobody's, or has expired."""
        found = self._store.participant_of(token)
        if found is None:
            raise unknown_link()
        if _moment(found.expires_at) <= _now():
            raise expired_link()
        return found

    def standing(self, participant: Participant) -> Standing:
        """Where the participant stands."""
        trials = self._trials_of(participant)
        answered = self._store.answered(participant.number)
        left = [trial for trial in trials if trial.position not in answered]
        stage: Literal["consent", "trial", "finished"] = "trial" if left else "finished"
        if left and participant.consented_at is None:
            stage = "consent"
        return Standing(
            stage=stage,
            answered=len(trials) - len(left),
            total=len(trials),
            minutes=math.ceil(sum(self._playing_time(trial) + _SECONDS_TO_ANSWER for trial in left) / 60),
            trial=self._shown(left[0], len(left) > 1) if stage == "trial" else None,
        )

    def opened(self, participant: Participant) -> None:
        """Note that the link was opened; and that all is answered, where the process ended before it could note that."""
        if participant.opened_at is None:
            self._store.mark(participant.number, "opened_at", _written(_now()))
        if participant.finished_at is None and self.standing(participant).stage == "finished":
            self._finish(participant)

    def consent(self, participant: Participant, browser: dict[str, Any]) -> None:
        """Note that the participant agrees, and the browser."""
        if participant.consented_at is None:
            self._store.mark(participant.number, "consented_at", _written(_now()), browser)
            self._log(f"participant {participant.number} begins")

    def video(self, participant: Participant, position: int, shown: Shown) -> Path:
        """The file of a video of the current trial or the one after it. Raises RefusedError for every other one."""
        trial = next((trial for trial in self._open_trials(participant) if trial.position == position), None)
        if trial is None or (shown == "low-resolution" and self._study.card.low_resolution == "hidden"):
            raise RefusedError(404, "not-now", "There is no such video for you now.")
        clip = self._study.clip(trial.dataset, trial.clip)
        names = {"left": clip.videos[trial.left], "right": clip.videos[trial.right], "low-resolution": clip.low_resolution}
        return self._folder.videos / names[shown]

    def fetched(self, participant: Participant, position: int, shown: Shown) -> None:
        """Note that a video goes to the participant's browser."""
        if shown != "low-resolution":
            self._store.note_fetched(participant.number, position, shown, _written(_now()))

    def answer(self, participant: Participant, position: int, asked: Answers) -> None:
        """Keep the answers to the current trial; they are on disk when this returns. Raises RefusedError for all others."""
        answered = self._store.answered(participant.number)
        if position in answered:
            raise _answered_before()
        open_trials = self._open_trials(participant)
        if not open_trials or open_trials[0].position != position:
            raise RefusedError(409, "not-now", "This is not the pair to be answered now.")
        trial = open_trials[0]
        self._check(participant, trial, asked)
        now = _written(_now())
        votes = [
            Vote(
                participant=str(participant.number),
                trial=trial,
                question=question.name,
                answer=answer,
                seconds=asked.seconds,
                plays=asked.plays,
                decided_at=now,
            )
            for question, answer in zip(self._study.card.questions, asked.answers, strict=True)
        ]
        if not self._store.record(participant.number, votes):
            raise _answered_before()
        if len(open_trials) == 1:
            self._finish(participant)

    def _check(self, participant: Participant, trial: Trial, asked: Answers) -> None:
        """Raise RefusedError for answers that no page of ours sends, and for those that come before the videos can be over."""
        card = self._study.card
        if len(asked.answers) != len(card.questions):
            raise RefusedError(422, "invalid", "Each question takes one answer.")
        if "tie" in asked.answers and not card.ties:
            raise RefusedError(422, "invalid", "This study takes no ties.")
        least = self._playing_time(trial, max(asked.plays, card.plays)) * _EASE
        if asked.plays < card.plays or asked.seconds < least:
            raise RefusedError(422, "invalid", "The pair was not watched to its end.")
        fetched = self._store.fetched(participant.number, trial.position)
        if set(fetched) != {"left", "right"}:
            raise RefusedError(409, "not-watched", "The videos of this pair were not loaded yet.")
        # Videos may be fetched while the pair before is watched: what counts is from when on both could be.
        since = [*fetched.values(), self._store.last_answer_at(participant.number) or participant.consented_at or ""]
        passed = (_now() - max(_moment(at) for at in since)).total_seconds()
        if passed < least:
            raise RefusedError(425, "too-soon", "The pair cannot have been watched to its end yet.", wait=least - passed)

    def _open_trials(self, participant: Participant) -> list[Trial]:
        """The current trial and the one after it."""
        if participant.consented_at is None:
            return []
        answered = self._store.answered(participant.number)
        return [trial for trial in self._trials_of(participant) if trial.position not in answered][:2]

    def _trials_of(self, participant: Participant) -> list[Trial]:
        """All; they do not change once a participant is there."""
        if participant.number not in self._trials:
            self._trials[participant.number] = self._store.trials(participant.number)
        return self._trials[participant.number]

    def _playing_time(self, trial: Trial, plays: int | None = None) -> float:
        """Seconds until the last frame of the last play appears."""
        frames = self._study.clip(trial.dataset, trial.clip).frames
        return (frames - 1) / self._study.rate * (self._study.card.plays if plays is None else plays)

    def _shown(self, trial: Trial, following: bool) -> ShownTrial:
        clip = self._study.clip(trial.dataset, trial.clip)
        return ShownTrial(
            position=trial.position,
            training=trial.kind == "training",
            frames=clip.frames,
            width=clip.size[0],
            height=clip.size[1],
            following=following,
        )

    def _finish(self, participant: Participant) -> None:
        self._store.mark(participant.number, "finished_at", _written(_now()))
        self._log(f"participant {participant.number} has finished")


def _answered_before() -> RefusedError:
    return RefusedError(409, "answered", "This pair has been answered before; the first answer counts.")


def _now() -> datetime:
    return datetime.now(timezone.utc)


def _written(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _moment(text: str) -> datetime:
    """ISO 8601; without a zone, UTC."""
    moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)

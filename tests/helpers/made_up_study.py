"""A study on disk whose participants do not exist; without videos, which its result does not need."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, timezone
from itertools import combinations
from pathlib import Path

import numpy as np

from mgld_bench.study.card import Design, Question, Screening, StudyCard
from mgld_bench.study.folder import Study, StudyClip, StudyFolder
from mgld_bench.study.store import VoteStore
from mgld_bench.study.votes import GROUND_TRUTH, Answer, Kind, Trial, Vote

BEGAN = datetime(2026, 3, 2, 9, 0, tzinfo=timezone.utc)
DECIDING = 4.0
"""Seconds per answer."""


def made_up_study(
    folder: Path,
    strengths: Mapping[str, float],
    *,
    people: int = 6,
    clips: Sequence[str] = ("demo/bikes", "demo/bigbuckbunny", "demo/carphone"),
    questions: Sequence[str] = ("overall",),
    finished: int | None = None,
    careless: Sequence[int] = (),
    ties: float = 0.4,
    screening: Screening | None = None,
    seed: int = 0,
    pairs_each: int | None = None,
) -> Path:
    """Write a study in which everybody has answered everything.

    Args:
        folder: the study's.
        strengths: of the methods, in log odds; infinite: preferred always.
        people: participants.
        clips: as dataset/clip.
        questions: their names.
        finished: how many have begun and finished; the links of the others were not opened; default: all.
        careless: numbers of participants who fail the trap, answer the repeat differently, and take half a second.
        ties: odds of a tie against a decision for one of two equal methods.
        screening: the card's rule; default: nobody is left out.
        seed: of all that is drawn.
        pairs_each: how many pairs one participant sees; default: all of all clips.
    """
    methods = tuple(strengths)
    card = StudyCard(
        name=folder.name,
        title="A study that was made up",
        methods=methods,
        clips=tuple(clips),
        questions=tuple(Question(name=name, text=f"Which one has the better {name}?") for name in questions),
        design=Design(participants=people, repeats=1, traps=1),
        screening=screening or Screening(),
    )
    place = StudyFolder(folder)
    folder.mkdir(parents=True)
    shown = [
        StudyClip(
            dataset=dataset,
            clip=clip,
            frames=10,
            size=(64, 48),
            low_resolution_size=(64, 48),
            videos={side: f"{side}.webm" for side in (*methods, "bicubic", GROUND_TRUTH)},
            low_resolution="lr.webm",
        )
        for dataset, clip in (name.split("/") for name in clips)
    ]
    study = Study(
        name=card.name, card=card, created_at=BEGAN.isoformat(), methods=methods, clips=tuple(shown), rate=24, exact=True
    )
    place.description.write_text(study.model_dump_json())
    random = np.random.default_rng(seed)
    store = VoteStore(place.votes)
    for number in range(1, people + 1):
        trials = _trials(random, methods, clips, pairs_each)
        store.add_participant(f"secret {number}", (BEGAN + timedelta(days=90)).isoformat(), trials)
        if finished is not None and number > finished:
            continue
        at = BEGAN + timedelta(hours=number)
        for moment in ("opened_at", "consented_at"):
            store.mark(number, moment, at.isoformat())
        given: dict[tuple[int, str], Answer] = {}
        for trial in trials:
            at += timedelta(seconds=10)
            for name in questions:
                before = None if trial.repeats is None else given[trial.repeats, name]
                given[trial.position, name] = _answer(random, trial, strengths, ties, number in careless, before)
            seconds = 0.5 if number in careless else DECIDING + trial.position / 10
            store.record(number, [_vote(number, trial, name, given[trial.position, name], seconds, at) for name in questions])
        store.mark(number, "finished_at", at.isoformat())
    store.close()
    return folder


def _trials(random: np.random.Generator, methods: Sequence[str], clips: Sequence[str], pairs_each: int | None) -> list[Trial]:
    found: list[Trial] = []

    def add(kind: Kind, clip: str, left: str, right: str, repeats: int | None = None) -> None:
        dataset, name = clip.split("/")
        found.append(Trial(position=len(found), kind=kind, dataset=dataset, clip=name, left=left, right=right, repeats=repeats))

    add("training", clips[0], methods[0], methods[1])
    asked = [(clip, pair) for pair in combinations(methods, 2) for clip in clips]
    chosen = [asked[index] for index in random.permutation(len(asked))][: pairs_each or len(asked)]
    for clip, pair in chosen:
        left, right = pair if random.random() < 0.5 else pair[::-1]
        add("pair", clip, left, right)
    add("trap", clips[0], "bicubic", GROUND_TRUTH)
    first = found[1]
    add("repeat", f"{first.dataset}/{first.clip}", first.right, first.left, repeats=1)
    return found


def _answer(
    random: np.random.Generator,
    trial: Trial,
    strengths: Mapping[str, float],
    ties: float,
    careless: bool,
    before: Answer | None,
) -> Answer:
    opposite: Mapping[Answer, Answer] = {"left": "right", "right": "left", "tie": "tie"}
    if trial.kind == "trap":
        return "left" if careless else "right"
    if before is not None:
        # The sides are exchanged: the same answer is the other side.
        return before if careless and before != "tie" else "left" if careless else opposite[before]
    difference = strengths[trial.left] - strengths[trial.right]
    if math.isinf(difference):
        return "left" if difference > 0 else "right"
    odds = np.array([math.exp(difference / 2), ties, math.exp(-difference / 2)])
    answers: tuple[Answer, ...] = ("left", "tie", "right")
    return answers[int(random.choice(3, p=odds / odds.sum()))]


def _vote(number: int, trial: Trial, question: str, answer: Answer, seconds: float, at: datetime) -> Vote:
    return Vote(
        participant=str(number),
        trial=trial,
        question=question,
        answer=answer,
        seconds=seconds,
        plays=1,
        decided_at=at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
    )

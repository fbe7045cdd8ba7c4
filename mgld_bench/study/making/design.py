"""What a study's design comes to, before it starts: its balance, and which preferences it can show."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from mgld_bench.statistics.vote_power import (
    Clustering,
    VoteDesign,
    detectable_preference,
    effective_votes,
    participants_needed,
)
from mgld_bench.study.card import StudyCard
from mgld_bench.study.making.balance import Balance, balance
from mgld_bench.study.making.schedule import ClipKey, Schedule
from mgld_bench.study.votes import Trial

ASSUMED: Final = Clustering(participant=0.05, clip=0.1)
"""How much votes are taken to resemble each other before there are any: preferences depend more on the clip than on who is asked.
Assumptions, not measurements: the result states what the votes themselves show."""
LEVEL: Final = 0.05
_ASKED: Final = (0.6, 0.7)
"""Preferences for which the participants that they need are stated."""


@dataclass(frozen=True)
class DesignPlan:
    """Who is asked what, and what that can show."""

    schedules: tuple[tuple[Trial, ...], ...]
    """The trials of each participant."""
    balance: Balance
    clips: int
    """Of the study, without those that only traps show."""
    votes: float
    """On each pair of methods, on average; of one question."""
    effective: float
    """How many independent votes those are worth."""
    detectable: float | None
    """The smallest preference that is found in 4 of 5 studies."""
    needed: dict[float, int | None]
    """By preference, how many participants find it."""


def plan_design(card: StudyCard, clips: Sequence[ClipKey], trap_clips: Sequence[ClipKey]) -> DesignPlan:
    """The schedule of every participant and what it can show.

    Args:
        card: The study's.
        clips: Of the study.
        trap_clips: Those with ground truth that traps may show.

    Raises:
        InputError: No order keeps some clip from being seen twice in a row.
    """
    schedule = Schedule(card.methods, card.pairs, tuple(clips), tuple(trap_clips), card.design)
    schedules = tuple(tuple(schedule.trials(number)) for number in range(card.design.participants))
    each = schedule.pairs_each / len(card.pairs)
    # Who is asked about a pair less than once on average is asked once, or not at all.
    asking = min(1.0, each)
    design = VoteDesign(card.design.participants * asking, max(1.0, each), len(clips))
    level = LEVEL / len(card.pairs)
    effective = effective_votes(design, ASSUMED)
    needed: dict[float, int | None] = {}
    for preference in _ASKED:
        found = participants_needed(preference, design, ASSUMED, level)
        needed[preference] = None if found is None else math.ceil(found / asking)
    return DesignPlan(
        schedules,
        balance(schedules, card.pairs, clips),
        len(clips),
        design.votes,
        effective,
        detectable_preference(design, ASSUMED, level),
        needed,
    )


def power_lines(card: StudyCard, plan: DesignPlan) -> list[str]:
    """What the design can show, in words."""
    pairs = len(card.pairs)
    lines = [
        f"each pair of methods gets {plan.votes:.4g} votes per question, worth about {plan.effective:.0f} independent ones "
        f"(assumed intraclass correlations: {ASSUMED.participant:g} of a participant's votes, {ASSUMED.clip:g} of a clip's)"
    ]
    at = f"80 % power, two-sided 5 % after Holm over {pairs} pairs" if pairs > 1 else "80 % power, two-sided 5 %"
    if plan.detectable is None:
        lines.append(f"the votes on one pair are too few to show any preference ({at}): ask more people about more clips")
    else:
        shown = 100 * plan.detectable
        lines.append(f"the smallest preference that the votes on one pair can show: {shown:.0f} to {100 - shown:.0f} ({at})")
    for preference, count in plan.needed.items():
        share = f"{100 * preference:.0f} to {100 - 100 * preference:.0f}"
        if count is None:
            lines.append(f"to show {share}: no number of participants is enough on {plan.clips} clips")
        else:
            lines.append(f"to show {share}: {count} participants with as many pairs each")
    return lines


def balance_lines(plan: DesignPlan) -> list[str]:
    """The balance of the schedule, as a table and in words."""
    found = plan.balance
    width = max(len(f"{pair.first} / {pair.second}") for pair in found.pairs)
    lines = [f"{'pair':{width}}  votes  first left  first right  clips"]
    lines += [
        f"{f'{pair.first} / {pair.second}':{width}}  {pair.votes:5}  {pair.first_left:10}  {pair.votes - pair.first_left:11}  "
        f"{pair.clips:5}"
        for pair in found.pairs
    ]
    lines.append(
        f"{found.votes} votes per question; {_span(found.per_clip)} on each clip, {_span(found.per_cell)} on each pair of "
        "methods on a clip"
    )
    if found.nearest_repeat is not None:
        lines.append(f"a repeat comes {found.nearest_repeat} or more trials after what it repeats, sides exchanged")
    return lines


def _span(ends: tuple[int, int]) -> str:
    return str(ends[0]) if ends[0] == ends[1] else f"{ends[0]} to {ends[1]}"

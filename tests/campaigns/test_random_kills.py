"""Whoever is killed, whenever: nothing finished is lost or done again, and the same command ends as if nothing had been."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.campaigns.campaign import Campaign
from tests.campaigns.killable import Program, Victim, drawn_victim
from tests.campaigns.verbs import Verb, done_units, make_verbs, state
from tests.helpers.file_server import serving

SAMPLE = ("restore", "run on", "score", "fetch")
"""In the suite: those without worker processes, a kill each."""


@pytest.fixture
def program(campaign: Campaign) -> Iterator[Program]:
    with Program(everything=campaign.budget is not None) as loaded:
        yield loaded


def killed_and_resumed(program: Program, verb: Verb, folder: Path, after: float, victim: Victim) -> str:
    """One trial; returns who was killed, "" where the verb was done before."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(verb.start, folder, symlinks=True)
    home = folder / "home"
    ended = program.run(verb.arguments, folder, home, after, victim)
    assert "Traceback" not in ended.errors, ended.errors
    before = done_units(folder)
    again = program.run(verb.arguments, folder, home)
    assert again.code == 0, (ended, again.errors)
    after_all = done_units(folder)
    assert {unit: after_all.get(unit) for unit in before} == before, "a finished unit was lost, or done again"
    found = state(folder)
    assert {name for name in found if name not in verb.expected} == set(), "leftovers"
    assert found == verb.expected
    # One that was just ending when it was hit was not killed.
    return ended.killed if ended.code else ""


def test_random_kills(campaign: Campaign, program: Program, tmp_path: Path) -> None:
    with serving() as site:
        wanted = SAMPLE if campaign.budget is None else None
        verbs = make_verbs(tmp_path / "verbs", tmp_path / "here", program, site, wanted)
        draw = campaign.draw
        killed: Counter[str] = Counter()
        failures = []
        for number in range(campaign.trials(len(SAMPLE), 200)):
            verb = verbs[number % len(verbs)]
            after, victim = draw.uniform(0.0, 0.8 * verb.seconds), drawn_victim(draw)
            try:
                killed[verb.name] += bool(killed_and_resumed(program, verb, tmp_path / "here", after, victim))
            except AssertionError as error:
                failures.append(f"trial {number} of seed {campaign.seed}: {verb.name}, {victim} after {after:.3f} s: {error}")
            figures = {f"killed in {name}": count for name, count in killed.items()}
            campaign.keep(failures, trials=number + 1, kills=killed.total(), **figures)
    assert not failures, "\n\n".join(failures)
    assert killed.total() > 0

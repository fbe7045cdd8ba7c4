"""Killed before the n-th call that changes a file, whichever library makes it: the same command ends as if nothing had been."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.campaigns.campaign import Campaign
from tests.campaigns.failing_calls import KINDS, compiled
from tests.campaigns.killable import Program
from tests.campaigns.verbs import Verb, done_units, make_verbs, state
from tests.helpers.file_server import serving

SAMPLE = ("restore", "run on", "score", "fetch")
"""In the suite: those without worker processes, one point each."""
CHANGING = ("open", "write", "fsync", "rename", "mkdir", "unlink")
"""Kinds of calls; a file may come into being when it is opened."""


@pytest.fixture
def program(campaign: Campaign, tmp_path: Path) -> Iterator[Program]:
    with Program(everything=campaign.budget is not None, library=compiled(tmp_path)) as loaded:
        yield loaded


def crashed_and_resumed(program: Program, verb: Verb, folder: Path, kind: int, number: int) -> bool:
    """One trial; returns whether the program was killed."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(verb.start, folder, symlinks=True)
    ended = program.run(verb.arguments, folder, folder / "home", crash=(kind, number))
    assert "Traceback" not in ended.errors, ended.errors
    before = done_units(folder)
    again = program.run(verb.arguments, folder, folder / "home")
    assert again.code == 0, (ended, again.errors)
    after = done_units(folder)
    assert {unit: after.get(unit) for unit in before} == before, "a finished unit was lost, or done again"
    found = state(folder)
    assert {name for name in found if name not in verb.expected} == set(), "leftovers"
    assert found == verb.expected
    return ended.code == -9


def test_crash_points(campaign: Campaign, program: Program, tmp_path: Path) -> None:
    with serving() as site:
        wanted = SAMPLE if campaign.budget is None else None
        verbs = make_verbs(tmp_path / "verbs", tmp_path / "here", program, site, wanted)
        draw = campaign.draw
        crashed: Counter[str] = Counter()
        failures = []
        for trial in range(campaign.trials(len(SAMPLE), 500)):
            verb = verbs[trial % len(verbs)]
            kind = draw.choice([index for index, name in enumerate(KINDS) if name in CHANGING and verb.calls[index]])
            number = draw.randint(1, verb.calls[kind])
            try:
                crashed[verb.name] += crashed_and_resumed(program, verb, tmp_path / "here", kind, number)
            except AssertionError as error:
                failures.append(f"trial {trial} of seed {campaign.seed}: {verb.name}, {KINDS[kind]} {number}: {error}")
            figures = {f"killed in {name}": count for name, count in crashed.items()}
            campaign.keep(failures, trials=trial + 1, kills=crashed.total(), **figures)
    assert not failures, "\n\n".join(failures)
    # A few calls depend on time, such as those of a download: what is drawn may lie beyond the last.
    assert crashed.total() > 0

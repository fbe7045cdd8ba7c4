"""Many participants at once: whatever the server has acknowledged is in the database, also where it is killed meanwhile."""

from __future__ import annotations

import http.client
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import pytest

from tests.helpers.small_study import SmallStudy, make_study
from tests.helpers.study_server import Person, serving

TRIALS = 4


@pytest.mark.parametrize("count", [6, pytest.param(50, marks=pytest.mark.slow)])
def test_all_at_once(tmp_path: Path, count: int) -> None:
    study = make_study(tmp_path / "small", participants=count, frames=2, pairs=1)
    with serving(study.folder.path) as server, ThreadPoolExecutor(count) as crowd:
        done = list(crowd.map(lambda token: session(Person(server.base, token), token), study.tokens))
    assert all(stage == "finished" for stage, _ in done)
    assert recorded(study) == {vote for _, votes in done for vote in votes}
    assert len(recorded(study)) == count * TRIALS * 2


@pytest.mark.slow
def test_a_kill_among_fifty(tmp_path: Path) -> None:
    """Each goes on with a new server until all is answered, and nothing that was acknowledged is gone or changed."""
    study = make_study(tmp_path / "small", participants=50, frames=2, pairs=1)
    acknowledged: set[tuple[str, int, str, str]] = set()
    with ThreadPoolExecutor(50) as crowd:
        for goal in (60, 160, 260):
            enough = Event()
            with serving(study.folder.path) as server:
                running = [
                    crowd.submit(session_until_killed, Person(server.base, token), token, acknowledged, goal, enough)
                    for token in study.tokens
                ]
                enough.wait(60)
                server.process.kill()
                for one in running:
                    one.result()
            assert acknowledged <= recorded(study)
    before = recorded(study)
    with serving(study.folder.path) as server, ThreadPoolExecutor(50) as crowd:
        list(crowd.map(lambda token: session(Person(server.base, token), token), study.tokens))
    assert before <= recorded(study)
    assert len(recorded(study)) == 50 * TRIALS * 2


def session(person: Person, token: str) -> tuple[str, list[tuple[str, int, str, str]]]:
    """What is left of a participant's study, and the votes of it."""
    state = person.begin()
    votes = []
    while state["stage"] == "trial":
        position = state["trial"]["position"]
        person.watch(position)
        answers = [chosen(token, position, index) for index in range(2)]
        answer = person.answer(position, answers)
        assert answer.status == 200
        votes += [(token, position, question, given) for question, given in zip(("overall", "stability"), answers, strict=True)]
        state = answer.json
    return state["stage"], votes


def session_until_killed(
    person: Person, token: str, acknowledged: set[tuple[str, int, str, str]], goal: int, enough: Event
) -> None:
    """The same, until the server is away; ``enough`` is set once there are ``goal`` votes of all."""
    try:
        state = person.begin()
        while state["stage"] == "trial":
            position = state["trial"]["position"]
            person.watch(position)
            answers = [chosen(token, position, index) for index in range(2)]
            state = person.answer(position, answers).json
            acknowledged |= {
                (token, position, question, given) for question, given in zip(("overall", "stability"), answers, strict=True)
            }
            if len(acknowledged) >= goal:
                enough.set()
    except (OSError, http.client.HTTPException):
        return


def chosen(token: str, position: int, index: int) -> str:
    """An answer that differs from person to person and from pair to pair."""
    return ("left", "right", "tie")[(ord(token[position]) + index) % 3]


def recorded(study: SmallStudy) -> set[tuple[str, int, str, str]]:
    """All votes in the database."""
    votes = study.store().votes()
    return {(study.tokens[int(vote.participant) - 1], vote.trial.position, vote.question, vote.answer) for vote in votes}

"""The database of a study: participants, trials, votes."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from mgld_bench.errors import InputError
from mgld_bench.study.store import VoteStore
from mgld_bench.study.votes import Answer, Trial, Vote

TRIALS = [
    Trial(position=0, kind="training", dataset="demo", clip="bikes", left="bicubic", right="realesrgan"),
    Trial(position=1, kind="pair", dataset="demo", clip="carphone", left="realesrgan", right="bicubic"),
]


def vote(position: int, answer: Answer = "left", question: str = "overall") -> Vote:
    return Vote(
        participant="1",
        trial=TRIALS[position],
        question=question,
        answer=answer,
        seconds=2.5,
        plays=1,
        decided_at="2026-01-01T00:00:00Z",
    )


@pytest.fixture
def store(tmp_path: Path) -> Iterator[VoteStore]:
    with closing(VoteStore(tmp_path / "votes.sqlite")) as opened:
        yield opened


def test_votes_come_back_as_they_were_given(tmp_path: Path, store: VoteStore) -> None:
    assert store.add_participant("secret", "2027-01-01T00:00:00Z", TRIALS) == 1
    assert store.add_participant("other", "2027-01-01T00:00:00Z", []) == 2
    assert store.trials(1) == TRIALS
    assert store.record(1, [vote(1), vote(1, "tie", "fidelity")])
    with closing(VoteStore(tmp_path / "votes.sqlite")) as again:
        assert again.votes() == [vote(1, "tie", "fidelity"), vote(1)]
        assert [item.chosen for item in again.votes()] == [None, "realesrgan"]
        assert again.answered(1) == {1}
        assert again.answered(2) == set()


def test_the_first_answer_counts_and_a_foreign_trial_is_refused(store: VoteStore) -> None:
    store.add_participant("secret", "2027-01-01T00:00:00Z", TRIALS[:1])
    assert store.record(1, [vote(0)])
    assert not store.record(1, [vote(0, "right")])
    assert [item.answer for item in store.votes()] == ["left"]
    with pytest.raises(InputError, match="participant 1 has no trial 1"):
        store.record(1, [vote(1)])


def test_the_database_does_not_hold_the_link(tmp_path: Path, store: VoteStore) -> None:
    store.add_participant("secret", "2027-01-01T00:00:00Z", TRIALS)
    found = store.participant_of("secret")
    assert found is not None
    assert found.number == 1
    assert store.participant_of("Secret") is None
    store.mark(1, "opened_at", "2026-01-02T00:00:00Z", {"width": 1920})
    store.mark(1, "opened_at", "2026-01-03T00:00:00Z", {"width": 1})
    (participant,) = store.participants()
    assert (participant.opened_at, participant.browser) == ("2026-01-02T00:00:00Z", {"width": 1920})
    store.close()
    assert b"secret" not in b"".join(path.read_bytes() for path in tmp_path.iterdir())


def test_when_videos_were_fetched_and_when_answered_outlast_the_process(tmp_path: Path, store: VoteStore) -> None:
    store.add_participant("secret", "2027-01-01T00:00:00Z", TRIALS)
    assert store.last_answer_at(1) is None
    store.note_fetched(1, 0, "left", "2026-01-01T00:00:01Z")
    store.note_fetched(1, 0, "left", "2026-01-01T00:00:09Z")
    store.note_fetched(1, 1, "right", "2026-01-01T00:00:05Z")
    store.record(1, [vote(0)])
    with closing(VoteStore(tmp_path / "votes.sqlite")) as again:
        assert again.fetched(1, 0) == {"left": "2026-01-01T00:00:01Z"}
        assert again.fetched(1, 1) == {"right": "2026-01-01T00:00:05Z"}
        assert again.last_answer_at(1) == "2026-01-01T00:00:00Z"


def test_what_is_no_database_of_votes_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text.sqlite").write_text("not a database, but long enough to be taken for the header of one" * 20)
    with pytest.raises(InputError, match="not a database; bring back a copy of it: votes are nowhere else"):
        VoteStore(tmp_path / "text.sqlite")
    with closing(sqlite3.connect(tmp_path / "newer.sqlite")) as connection, connection:
        connection.execute("PRAGMA user_version = 99")
    with pytest.raises(InputError, match="a later release"):
        VoteStore(tmp_path / "newer.sqlite")

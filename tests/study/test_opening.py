"""A database of votes that is not the one of its study is noticed before anybody is asked or counted."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from mgld_bench.errors import InputError
from mgld_bench.study.folder import load_study
from mgld_bench.study.opening import open_votes
from mgld_bench.study.results.collected import votes_of_study
from mgld_bench.study.votes import Vote
from tests.helpers.command import call
from tests.helpers.small_study import SmallStudy, make_study


@pytest.fixture
def small(tmp_path: Path) -> SmallStudy:
    return make_study(tmp_path / "small", participants=1, frames=2, pairs=1)


def change(small: SmallStudy, statement: str) -> None:
    with closing(sqlite3.connect(small.folder.votes)) as connection, connection:
        connection.execute(statement)


def test_without_its_participants_a_study_is_not_served_and_nobody_is_invited(small: SmallStudy) -> None:
    open_votes(small.folder, load_study(small.folder)).close()
    small.folder.votes.write_bytes(b"")
    for verb in ("serve", "invite", "status"):
        done = call("study", verb, small.folder.path)
        assert done.code == 2
        assert done.err.endswith("has no votes.sqlite, the database of its participants: copy it back from the server\n")
    assert small.folder.votes.read_bytes() == b""


def test_a_database_of_another_study_is_refused(small: SmallStudy) -> None:
    change(small, "UPDATE trials SET left = 'other' WHERE position = 1")
    with pytest.raises(InputError, match=r"is not of this study: its participants are shown other of "):
        open_votes(small.folder, small.study)


def test_an_answer_that_nobody_can_give_and_a_card_of_other_methods_are_one_line(small: SmallStudy) -> None:
    with closing(small.store()) as store:
        trial = store.trials(1)[1]
        fields = {"participant": "1", "question": "overall", "answer": "left", "seconds": 1.0, "plays": 1, "decided_at": ""}
        store.record(1, [Vote.model_validate({**fields, "trial": trial})])
    change(small, "UPDATE votes SET answer = 'maybe'")
    with pytest.raises(InputError, match=r"a row of it is malformed \(answer Input should be 'left', 'right' or 'tie'\)"):
        votes_of_study(small.folder.path)
    study = small.study.model_copy(update={"methods": small.study.methods[:2]})
    small.folder.description.write_text(study.model_dump_json(), encoding="utf-8")
    with pytest.raises(InputError, match="its methods are not those of its card"):
        load_study(small.folder)

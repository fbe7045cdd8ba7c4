"""Votes of others: both forms are read, and what is not clear is refused with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from mgld_bench.errors import InputError
from mgld_bench.study.results.collected import votes_of_study
from mgld_bench.study.results.export import write_votes
from mgld_bench.study.results.votes_csv import votes_of_file
from tests.helpers.made_up_study import made_up_study

PWCMP = "observer,session,scene,condition_A,condition_B,is_A_selected\n"
OURS = "participant,question,dataset,clip,method_a,method_b,choice,kind,position,repeats,seconds\n"


def file_of(folder: Path, content: str | bytes) -> Path:
    path = folder / "votes.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def test_pwcmps_form_with_a_mark_of_the_encoding_windows_line_ends_and_ties(tmp_path: Path) -> None:
    lines = "ann,1,demo/bikes,a,b,1\r\nann,1,city,b,a,0\r\nbo,1,city,a,b,0.5\r\nbo,2,city,a,b,1\r\n\r\n"
    found = votes_of_file(file_of(tmp_path, b"\xef\xbb\xbf" + PWCMP.replace("\n", "\r\n").encode() + lines.encode()))
    assert [(vote.participant, vote.trial.dataset, vote.trial.clip, vote.chosen) for vote in found.votes] == [
        ("ann", "demo", "bikes", "a"),
        ("ann", "", "city", "a"),
        ("bo", "", "city", None),
        ("bo", "", "city", "a"),
    ]
    assert found.methods == ("a", "b")
    assert found.pairs == (("a", "b"),)
    assert not found.timed


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "is empty"),
        (PWCMP, "holds no votes"),
        ("observer,scene,condition_A,condition_B\n", "no column 'is_A_selected'"),
        ("observer;scene;condition_A;condition_B;is_A_selected\n", "not separated by commas"),
        ("observer,observer,scene,condition_A,condition_B,is_A_selected\n", "'observer' is there twice"),
        (f"{PWCMP}1,1,s,a,b,1\n1,1,s,b,a,1\n", ":3: 1 has voted on a and b of s before, in line 2"),
        (f"{PWCMP}1,1,s,a,b,1\n\n2,1,s,a,b,1\n", ":3: is blank"),
        (f"{PWCMP}1,1,s,a,b\n", ":2: has 5 values, and there are 6 columns"),
        (f"{PWCMP}1,1,s,a,b,nan\n", ":2: is_A_selected 'nan'"),
        (f"{PWCMP}1,1,s,a,b,2\n", ":2: is_A_selected '2'"),
        (f"{PWCMP}1,1,s,a,b,\n", ":2: is_A_selected ''"),
        (f"{PWCMP}1,1,s,a,a,1\n", ":2: a vote is between two methods"),
        (f"{PWCMP}NaN,1,s,a,b,1\n", ":2: observer is 'NaN'"),
        (f"{PWCMP}1,1,,a,b,1\n", ":2: scene is empty"),
        (f'{PWCMP}1,1,"s,a,b,1\n', ":2: is not CSV"),
        (f'{PWCMP}1,1,s,"a\na",b,1\n', ":3: 'a\\na' holds a line break"),
        (PWCMP.encode() + b"1,1,caf\xe9,a,b,1\n", ":2: is not UTF-8"),
        (PWCMP.encode("utf-16"), ":1: is not UTF-8"),
        (f"{OURS}1,q,d,c,a,b,c,pair,1,,2\n", ":2: choice 'c'"),
        (f"{OURS}1,q,d,c,a,b,a,test,1,,2\n", ":2: kind 'test'"),
        (f"{OURS}1,q,d,c,a,b,a,pair,-1,,2\n", ":2: position '-1'"),
        (f"{OURS}1,q,d,c,a,b,a,pair,1,,inf\n", ":2: seconds 'inf'"),
        (f"{OURS}1,q,d,c,a,ground-truth,a,pair,1,,1\n", ":2: ground-truth stands in a pair"),
        (f"{OURS}1,q,d,c,a,b,a,pair,1,,1\n1,q,d,c,b,a,a,repeat,2,9,1\n", ":3: is a repeat, but"),
    ],
)
def test_what_is_not_clear_is_refused_with_its_line(tmp_path: Path, content: str | bytes, message: str) -> None:
    with pytest.raises(InputError) as refused:
        votes_of_file(file_of(tmp_path, content))
    assert message in str(refused.value)
    assert str(refused.value).startswith(str(tmp_path / "votes.csv"))


def test_an_export_is_read_back_whole(tmp_path: Path) -> None:
    study = votes_of_study(
        made_up_study(tmp_path / "made", {"bicubic": -1.0, "ours": 1.0}, people=3, questions=("overall", "stability"))
    )
    exported = write_votes(study, tmp_path / "out")
    again = votes_of_file(exported.files[0])
    assert again.timed
    for vote, read in zip(study.votes, again.votes, strict=True):
        assert vote.model_copy(update={"decided_at": ""}) == read.model_copy(update={"seconds": vote.seconds})
    assert "2026" not in exported.files[0].read_text()
    for question, path in zip(("overall", "stability"), exported.files[1:], strict=True):
        decided = [vote for vote in study.counted(question) if vote.chosen is not None]
        # pwcmp takes anything but 0 as a vote for A: a tie would be one.
        assert {line.split(",")[-1] for line in path.read_text().splitlines()[1:]} <= {"0", "1"}
        assert [vote.chosen for vote in votes_of_file(path).votes] == [vote.chosen for vote in decided]

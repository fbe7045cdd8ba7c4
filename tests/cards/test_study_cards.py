"""Study cards: found like all cards, and their contradictions are one line with file, line and field."""

from __future__ import annotations

from pathlib import Path

import pytest

from mgld_bench.cards.loader import load_card, load_study_card
from mgld_bench.cards.schemas import ReportCard
from mgld_bench.errors import InputError
from tests.helpers.command import call

CARD = """\
name: mine
title: Mine
methods: [bicubic, realesrgan, bsrgan]
clips: [demo/bikes, demo/bigbuckbunny]
questions:
  - {name: overall, text: "Which is better?"}
"""


def written(folder: Path, text: str) -> Path:
    (folder / "mine.yaml").write_text(text)
    return folder / "mine.yaml"


def test_a_study_is_found_by_name_and_a_name_that_a_report_has_too_stays_the_report(tmp_path: Path) -> None:
    study = load_study_card("figure6")
    assert study.pairs == (("realbasicvsr", "mgld-vsr"), ("stablesr", "mgld-vsr"))
    assert isinstance(load_card("figure6"), ReportCard)
    # In no folder of a kind, the questions show what it is; a report of few fields stays a report.
    written(tmp_path, CARD)
    assert load_card("mine", search=[tmp_path]) == load_study_card(str(tmp_path / "mine.yaml"))
    report = "title: T\nprotocol: smoke\nmethods: [bicubic]\ndatasets: [{name: demo, metrics: [psnr]}]\n"
    (tmp_path / "few.yaml").write_text(f"name: few\n{report}")
    assert isinstance(load_card("few", search=[tmp_path]), ReportCard)


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        (
            "methods: [",
            "of: realesr-gan\nmethods: [",
            "mine.yaml:3: of: realesr-gan is none of the methods; did you mean realesrgan",
        ),
        ("[bicubic, realesrgan, bsrgan]", "[bicubic, bicubic]", "methods[1]: bicubic is there twice"),
        ("demo/bikes, ", "", "clips: one clip would be seen several times in a row"),
        ("[bicubic, realesrgan, bsrgan]", "[bicubic]", "mine.yaml:3: methods: should have at least 2 entries, not 1"),
        ("demo/bikes", "bikes", 'clips[0]: name a clip as dataset/clip, such as demo/bikes, not "bikes"'),
        ("clips: [demo/bikes, demo/bigbuckbunny]\n", "", "clips: names no clip; name some as dataset/clip, or set spread"),
        ("questions", "spread: 3\nquestions", "mine.yaml:5: spread: the card names its clips"),
        ("clips: [demo/bikes, demo/bigbuckbunny]", "spread: 3", "datasets: is missing"),
        ("questions", "design: {pairs_each: 7}\nquestions", "3 pairs of methods on 2 clips are no more than 6 pairs"),
        ("questions", "design: {repeats: 7}\nquestions", "no more than the 6 pairs of a participant"),
        ("questions", "screening: {wrong_traps: 2}\nquestions", "with 2 traps nobody can answer more"),
        ("questions", "crop: [63, 64]\nquestions", "crop: width and height must be even"),
        ("questions", "sead: 3\nquestions", "sead: unknown field"),
        ("questions", "design: {sead: 3}\nquestions", "design.sead: unknown field; did you mean seed?"),
    ],
)
def test_contradictions_are_found_when_the_card_is_read(tmp_path: Path, before: str, after: str, message: str) -> None:
    file = written(tmp_path, CARD.replace(before, after, 1))
    with pytest.raises(InputError) as raised:
        load_study_card(str(file))
    assert message in str(raised.value)
    assert str(raised.value).startswith(f"{file}:")


def test_the_check_of_cards_finds_names_that_do_not_exist(tmp_path: Path) -> None:
    for before, after, message in (
        ("bsrgan", "bsrgam", 'methods[2]: there is no method "bsrgam"; did you mean bsrgan'),
        ("demo/bikes", "demo/bike", "clips[0]: demo has no clip bike; did you mean bikes?"),
        (
            "demo/bikes, demo/bigbuckbunny",
            "videolq/000, videolq/001",
            "design.traps: traps show ground truth, and videolq has none",
        ),
    ):
        done = call("cards", "check", written(tmp_path, CARD.replace(before, after)))
        assert done.code == 2
        assert message in done.out
    done = call("cards", "check", written(tmp_path, CARD))
    assert (done.code, done.out.split(": ", 1)[0]) == (0, "ok    study mine")

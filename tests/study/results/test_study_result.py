"""Results of made-up studies: what was put in is found, and studies that can say little say so in words."""

from __future__ import annotations

import json
import math
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from mgld_bench.clips.digest import text_digest
from mgld_bench.engine.origins import RESTORED_KEY
from mgld_bench.engine.plan import restored_folder
from mgld_bench.engine.store import FinishedUnit, open_store
from mgld_bench.metrics.metric import ClipScore
from mgld_bench.restoring.record import RestoreRecord, record_path
from mgld_bench.study.card import Screening
from mgld_bench.study.results.collected import votes_of_study
from mgld_bench.study.results.conduct import conduct_of_all
from mgld_bench.study.results.metric_agreement import tell_metrics
from mgld_bench.study.results.result import study_result
from tests.helpers.command import call
from tests.helpers.made_up_study import made_up_study

STRENGTHS = {"bicubic": -1.2, "realesrgan": 0.0, "ours": 1.2}
CLIPS = tuple(f"demo/{name}" for name in ("bikes", "bigbuckbunny", "carphone", "city"))


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve people, one of whom is careless and left out by the card; two have not come yet."""
    return made_up_study(
        tmp_path_factory.mktemp("workspace") / "studies" / "made",
        STRENGTHS,
        people=12,
        finished=10,
        clips=CLIPS,
        questions=("overall", "stability"),
        careless=(3,),
        screening=Screening(wrong_traps=0),
    )


def test_what_was_put_in_is_found(study: Path) -> None:
    found = study_result(votes_of_study(study))
    for question in found.questions:
        assert [method.name for method in question.methods] == ["ours", "realesrgan", "bicubic"]
        assert question.votes == 9 * 12
        assert question.over == "participants and clips"
        ours = question.pair("bicubic", "ours")
        assert ours is not None
        assert (ours.first, ours.verdict) == ("ours", "preferred")
        for method in question.methods:
            assert method.interval is not None
            assert method.interval[0] < STRENGTHS[method.name] < method.interval[1]
    assert found.preliminary == "10 of 12 participants have finished"
    assert found.missing == ()


def test_participants_are_shown_and_left_out_by_the_rule_of_the_card_only(study: Path) -> None:
    found = {each.participant: each for each in study_result(votes_of_study(study)).conduct}
    assert len(found) == 10
    assert found["3"].left_out == "1 of 1 traps wrong, the card allows 0"
    assert (found["3"].wrong_traps, found["3"].seconds) == (1, 0.5)
    assert [each for each in found.values() if each.left_out] == [found["3"]]
    assert all((each.wrong_traps, each.changed) == (0, 0) for name, each in found.items() if name != "3")
    assert all(each.pairs == 12 and each.repeats == 2 for each in found.values())


@pytest.mark.parametrize(
    ("screening", "why"),
    [
        (Screening(), ""),
        (Screening(wrong_traps=1), ""),
        (Screening(inconsistent_repeats=0.4), "repeats answered differently, the card allows 40%"),
        (Screening(fastest_seconds=1.5), "0.5 s per pair, the card allows no less than 1.5 s"),
    ],
)
def test_each_part_of_the_rule(study: Path, screening: Screening, why: str) -> None:
    conduct = conduct_of_all(replace(votes_of_study(study), screening=screening))
    left_out = {each.participant: each.left_out for each in conduct if each.left_out}
    assert set(left_out) == ({"3"} if why else set())
    assert why in left_out.get("3", "")


def test_the_verbs_write_and_print_it(study: Path) -> None:
    done = call("study", "result", study)
    assert done.code == 0, done.err
    assert "preliminary: 10 of 12 participants have finished" in done.out
    assert re.search(r"overall: preferred: .*ours over bicubic", done.out)
    files = {path.name for path in (study / "result").iterdir()}
    figures = {f"votes.{ending}" for ending in ("png", "svg", "pdf")}
    assert files >= figures | {"index.html", "result.json", "result.md", "strengths.csv", "pairs.csv", "votes.csv"}
    whole = json.loads((study / "result" / "result.json").read_text())
    assert whole["questions"][0]["methods"][0]["method"] == "ours"
    assert json.loads(call("study", "result", study, "--json").out) == whole
    page, markdown = ((study / "result" / name).read_text() for name in ("index.html", "result.md"))
    for text in (page, markdown, done.out):
        assert not re.search(r"\b(nan|NaN|inf|None)\b", text)
    elsewhere = call("study", "analyse", study / "result" / "votes.csv", "--json")
    assert elsewhere.code == 0, elsewhere.err
    # The same votes, read from a file: the same numbers.
    for one, other in zip(whole["questions"], json.loads(elsewhere.out)["questions"], strict=True):
        for parts, names in (("pairs", ("first", "second")), ("methods", ("method",))):
            ours, theirs = ({tuple(row[name] for name in names): row for row in each[parts]} for each in (one, other))
            assert ours.keys() == theirs.keys()
            for key, row in ours.items():
                assert row == pytest.approx(theirs[key])
        assert one["agreement"] == other["agreement"]


def test_status_and_export(study: Path, tmp_path: Path) -> None:
    done = call("study", "status", study)
    assert done.code == 0, done.err
    assert "12 links: 10 opened, 10 begun, 10 finished" in done.out
    assert "not opened: participants 11, 12" in done.out
    assert re.search(r"bicubic / ours +40 of 48 ", done.out)
    plain = json.loads(call("study", "status", study, "--json").out)
    assert (plain["answered"], plain["trials"]) == (150, 180)
    exported = call("study", "export", study, "--output", tmp_path)
    assert exported.code == 0, exported.err
    assert {path.name for path in tmp_path.iterdir()} == {"votes.csv", "pwcmp-overall.csv", "pwcmp-stability.csv"}


@pytest.fixture(scope="module")
def degenerate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("degenerate")
    yield folder
    shutil.rmtree(folder)


def only(folder: Path, **wish: object) -> Path:
    return made_up_study(folder, STRENGTHS, **wish)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "wish", "expected"),
    [
        ("one-person", {"people": 1}, "1 participant: intervals and tests are for these participants on other clips"),
        ("one-clip", {"clips": CLIPS[:1]}, "1 clip: intervals and tests are for other participants on these clips"),
        ("one-of-each", {"people": 1, "clips": CLIPS[:1]}, "no intervals and no tests"),
        ("two-of-each", {"people": 2, "clips": CLIPS[:2]}, "no intervals and no tests"),
        ("all-ties", {"ties": 1e9}, "every vote is a tie"),
        ("equal", {"ties": 0.0}, ""),
    ],
)
def test_small_and_uniform_studies_say_so_in_words(degenerate: Path, name: str, wish: dict[str, object], expected: str) -> None:
    folder = only(degenerate / name, **wish)
    done = call("study", "result", folder)
    assert done.code == 0, done.err
    shown = " ".join(done.out.split())
    assert expected in shown
    for text in (shown, (folder / "result" / "result.md").read_text(), (folder / "result" / "index.html").read_text()):
        assert not re.search(r"\b(nan|NaN|inf|None)\b", text)


def test_a_method_that_always_wins_has_a_word_in_place_of_a_strength(degenerate: Path) -> None:
    folder = made_up_study(degenerate / "always", {"a": 0.0, "b": 0.2, "best": math.inf}, clips=CLIPS)
    (question,) = study_result(votes_of_study(folder)).questions
    assert question.methods[0].name == "best"
    assert (question.methods[0].strength, question.methods[0].missing) == (None, "never lost")
    assert all(method.interval is not None for method in question.methods[1:])
    pair = question.pair("best", "a")
    assert pair is not None
    assert pair.share is not None
    assert pair.share.interval is not None
    # All of 24 votes, and yet no certainty: four clips say little.
    assert pair.share.share == 1
    assert pair.share.interval[0] < 0.5
    assert pair.verdict == "cannot tell"
    assert "above the others: never lost" in " ".join(call("study", "result", folder).out.split())


def test_no_votes_and_nobody_left_are_incomplete(degenerate: Path) -> None:
    empty = only(degenerate / "empty", people=2, finished=0)
    for verb in ("result", "export"):
        done = call("study", verb, empty)
        assert (done.code, done.err.count("\n")) == (3, 1)
        assert "there are no votes yet" in done.err
    assert call("study", "status", empty).code == 0
    nobody = only(degenerate / "nobody", people=2, careless=(1, 2), screening=Screening(wrong_traps=0))
    done = call("study", "result", nobody)
    assert done.code == 3
    assert "the rule of the card leaves out all 2 participants" in done.err
    assert "1 of 1 traps wrong" in (nobody / "result" / "index.html").read_text()
    assert not (nobody / "result" / "votes.png").exists()
    gone = call("study", "result", degenerate / "nowhere")
    assert (gone.code, gone.err.count("\n")) == (2, 1)


def test_names_that_act_are_shown_as_they_are(tmp_path: Path) -> None:
    wicked = '<script>alert(1)</script>|"'
    quoted = wicked.replace('"', '""')
    lines = [f'{person},1,s{clip},"{quoted}",b,{(person + clip) % 2}' for person in range(4) for clip in range(3)]
    path = tmp_path / "votes.csv"
    path.write_text("observer,session,scene,condition_A,condition_B,is_A_selected\n" + "\n".join(lines))
    done = call("study", "analyse", path, "--output", tmp_path / "out")
    assert done.code == 0, done.err
    page = (tmp_path / "out" / "index.html").read_text()
    assert "<script>" not in page
    assert "&lt;script&gt;" in page


def test_metrics_are_held_against_the_votes_clip_by_clip(study: Path, tmp_path: Path) -> None:
    collected = votes_of_study(study)
    better = {"bicubic": 1.0, "realesrgan": 2.0, "ours": 3.0}
    with open_store("", tmp_path, create=True) as store:
        units = [
            (
                FinishedUnit(f"{clip} {method} {metric}", "score", "demo", clip.split("/")[1], method, metric, "smoke"),
                ClipScore(metric, sign * value, None),
            )
            for clip in CLIPS
            for method, value in better.items()
            for metric, sign in (("psnr.rgb", 1), ("lpips.alex", -1), ("niqe.pyiqa", 1))
        ]
        store.add(store.begin_run("made", {}), units)
        found, notes = tell_metrics(collected, frozenset({"3"}), store, None)
    assert notes == ()
    by_name = {each.metric: each for each in found if each.question == "overall"}
    # PSNR is better the higher, LPIPS and NIQE the lower: the first two have the order of the votes, the third the opposite.
    psnr, lpips, niqe = by_name["psnr.rgb"], by_name["lpips.alex"], by_name["niqe.pyiqa"]
    assert psnr.tau is not None
    assert psnr.tau > 0.5
    assert lpips.tau == psnr.tau
    assert niqe.tau == pytest.approx(-psnr.tau)
    assert psnr.clips == 4
    assert psnr.agreed == psnr.clear - niqe.agreed > 4
    assert psnr.interval is not None


def test_scores_of_frames_that_nobody_judged_are_left_out_and_named(study: Path, tmp_path: Path) -> None:
    made = {"bicubic": ("old",), "realesrgan": ("old",), "ours": ("new",)}
    for method, frames in made.items():
        record = RestoreRecord(
            name="bikes",
            key=f"{method} {frames[0]}",
            facts={},
            frame_count=1,
            height=48,
            width=64,
            sha256=frames,
            seconds=(1.0,),
            peak_memory=0,
            peak_gpu_memory=None,
            device="cpu",
            precision="float32",
            notes={},
            versions={},
        )
        path = record_path(restored_folder(tmp_path, "demo", method), "bikes")
        path.parent.mkdir(parents=True)
        path.write_text(record.model_dump_json())
    judged = {("demo", "bikes", method): text_digest(("old",)) for method in made}
    collected = replace(votes_of_study(study), digests=judged)
    with open_store("", tmp_path, create=True) as store:
        units = [
            (
                FinishedUnit(f"{method} {key}", "score", "demo", "bikes", method, "psnr.rgb", "smoke", facts={RESTORED_KEY: key}),
                ClipScore("psnr.rgb", value, None),
            )
            # Bicubic has scores of an earlier state too, scored later.
            for method, key, value in (
                ("bicubic", "bicubic old", 1.0),
                ("realesrgan", "realesrgan old", 2.0),
                ("ours", "ours new", 3.0),
                ("bicubic", "bicubic older", 9.0),
            )
        ]
        store.add(store.begin_run("made", {}), units)
        found, (note,) = tell_metrics(collected, frozenset({"3"}), store, tmp_path)
    assert "not the frames that were judged, so that their scores are left out: ours on bikes" in note
    overall = next(each for each in found if each.question == "overall")
    # Only realesrgan against Bicubic is left, and realesrgan's votes and score are the better ones.
    assert (overall.clips, overall.tau) == (1, 1.0)


def test_a_pair_that_nobody_was_asked_about_is_named(degenerate: Path) -> None:
    folder = only(degenerate / "few", people=1, pairs_each=1)
    done = call("study", "result", folder)
    assert done.code == 3
    assert "no votes on" in done.err


def test_a_pair_of_few_people_has_an_interval_that_says_less(tmp_path: Path) -> None:
    lines = [f"{person},s{clip},a,b,{(person + clip) % 2}" for person in range(4) for clip in range(4)]
    lines += [f"{person},s{clip},b,c,{(person + clip) % 2}" for person in range(2) for clip in range(4)]
    path = tmp_path / "votes.csv"
    path.write_text("\n".join(["observer,scene,condition_A,condition_B,is_A_selected", *lines]))
    shown = " ".join(call("study", "analyse", path).out.split())
    assert "fewer than 3 participants or clips of a pair, so that its interval says less: b and c, over clips only." in shown

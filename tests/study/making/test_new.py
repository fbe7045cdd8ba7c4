"""A study from its card to a folder that can be served, on a real workspace."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from mgld_bench.clips.reading import open_clip
from mgld_bench.engine.progress import Silent
from mgld_bench.methods.bicubic import enlarge
from mgld_bench.study.folder import Study, StudyFolder, load_study
from mgld_bench.study.making.new import StudyRequest, make_study, plan_study
from mgld_bench.study.making.sources import Place
from mgld_bench.study.store import VoteStore
from mgld_bench.study.votes import GROUND_TRUTH
from tests.helpers.command import call
from tests.study.making.conftest import CARD, Bench


@pytest.fixture(scope="module")
def made(bench: Bench) -> tuple[StudyFolder, Study, str]:
    bench.card()
    done = bench("study", "new", "mine", "--quiet")
    assert done.code == 0, done.err
    folder = StudyFolder(bench.workspace / "studies" / "mine")
    return folder, load_study(folder), done.out


def frames(file: Path) -> np.ndarray:
    return np.stack(list(open_clip(file).frames()))


def test_every_video_shows_exactly_its_frames(bench: Bench, made: tuple[StudyFolder, Study, str]) -> None:
    folder, study, _ = made
    assert study.exact
    for clip in study.clips:
        places = {name: bench.workspace / "restored" / "tiny" / name / clip.clip for name in ("bicubic", "compact")}
        pairs = bench.workspace / "pairs" / "tiny" / "realbasicvsr"
        for name, place in {**places, GROUND_TRUTH: pairs / "GT" / clip.clip}.items():
            assert np.array_equal(frames(folder.videos / clip.videos[name]), frames(place)), name
        low = np.stack([enlarge(frame, 4) for frame in frames(pairs / "LQ" / clip.clip)])
        assert np.array_equal(frames(folder.videos / clip.low_resolution), low)
        assert clip.size == clip.low_resolution_size == (64, 64)


def test_neither_name_nor_size_nor_time_of_a_file_says_which_method_it_is(made: tuple[StudyFolder, Study, str]) -> None:
    folder, study, _ = made
    every = {path.name for path in folder.videos.iterdir()}
    named = {name for clip in study.clips for name in (*clip.videos.values(), clip.low_resolution)}
    assert every == named
    assert len(every) == 8
    assert all(len(Path(name).stem) == 32 and set(Path(name).stem) <= set("0123456789abcdef") for name in every)
    for clip in study.clips:
        facts = [(folder.videos / name).stat() for name in (*clip.videos.values(), clip.low_resolution)]
        assert len({(fact.st_size, fact.st_mtime_ns) for fact in facts}) == 1
    # Two studies of the same frames: other names, and paddings by chance.
    assert all(b"bicubic" not in path.read_bytes() and b"compact" not in path.read_bytes() for path in folder.videos.iterdir())


def test_the_links_are_the_owners_and_the_database_has_only_their_digests(made: tuple[StudyFolder, Study, str]) -> None:
    folder, _, out = made
    assert folder.links.stat().st_mode & 0o777 == 0o600
    with folder.links.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["participant"] for row in rows] == ["1", "2", "3"]
    assert all(f"participant {row['participant']}: {row['link']}" in out for row in rows)
    store = VoteStore(folder.votes)
    for row in rows:
        token = row["link"].split("/")[1]
        assert len(token) >= 43
        found = store.participant_of(token)
        assert found is not None
        assert str(found.number) == row["participant"]
        assert found.expires_at == row["expires_at"]
    store.close()
    tokens = [row["link"].split("/")[1].encode() for row in rows]
    for path in (path for path in folder.path.rglob("*") if path.is_file() and path != folder.links):
        assert not any(token in path.read_bytes() for token in tokens), path


def test_what_was_said_of_the_design_is_kept(made: tuple[StudyFolder, Study, str]) -> None:
    _, study, out = made
    for line in study.notes:
        assert line in out or line.startswith("the study's videos take")
    text = "\n".join(study.notes)
    assert "bicubic / compact" in text
    assert "psnr.rgb" in text
    assert "too few to show any preference" in text


def test_more_participants_go_on_where_the_schedule_ended(bench: Bench, tmp_path: Path) -> None:
    few, many = (tmp_path / name for name in ("few", "many"))
    for folder, count in ((few, 2), (many, 4)):
        bench.card(CARD.replace("participants: 3", f"participants: {count}"))
        assert bench("study", "new", "mine", "--output", folder, "--quiet").code == 0
    links = StudyFolder(few).links
    links.unlink()
    done = call("study", "invite", few, "--participants", "2", "--json")
    assert done.code == 0, done.err
    assert [row["participant"] for row in json.loads(done.out)["links"]] == [3, 4]
    assert len(links.read_text().splitlines()) == 3
    stores = [VoteStore(StudyFolder(folder).votes) for folder in (few, many)]
    for number in (1, 2, 3, 4):
        assert stores[0].trials(number) == stores[1].trials(number) != []
    for store in stores:
        store.close()


def test_a_study_that_is_there_is_never_written_over(bench: Bench, made: tuple[StudyFolder, Study, str], tmp_path: Path) -> None:
    bench.card()
    done = bench("study", "new", "mine")
    assert done.code == 2
    assert "there is a study already" in done.err
    assert load_study(made[0]) == made[1]
    (tmp_path / "thesis.tex").write_text("x")
    done = bench("study", "new", "mine", "--output", tmp_path)
    assert done.code == 2
    assert "holds other files (thesis.tex)" in done.err
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_a_dry_run_prints_the_plan_and_writes_nothing(bench: Bench, tmp_path: Path) -> None:
    bench.card()
    before = set(bench.workspace.rglob("*"))
    done = bench("study", "new", "mine", "--output", tmp_path / "no", "--dry-run", "--json")
    assert done.code == 0, done.err
    assert any(line.startswith("videos: 8, exact") for line in json.loads(done.out)["lines"])
    assert not (tmp_path / "no").exists()
    assert set(bench.workspace.rglob("*")) == before


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("[bicubic, compact]", "[bicubic, bsrgan, compact]", "2 of 6 restored clips are not in"),
        ("[tiny/a, tiny/b]", "[tiny/a, tiny/c]", "mine.yaml:4: clips[1]: tiny has no clip c"),
        ("questions", "crop: [66, 64]\nquestions", "crop: 66x64 is larger than tiny a, 64x64"),
        ("questions", "trap_clips: [reds4/000]\nquestions", "dataset reds4: "),
        ("clips: [tiny/a, tiny/b]", "spread: 3\ndatasets: [tiny]", "spread: tiny has 2 clips, fewer than 3"),
    ],
)
def test_what_is_missing_is_named_before_anything_is_written(
    bench: Bench, tmp_path: Path, before: str, after: str, message: str
) -> None:
    bench.card(CARD.replace(before, after, 1))
    done = bench("study", "new", "mine", "--output", tmp_path / "no")
    assert done.code == 2, done.out
    assert message in done.err
    assert len(done.err.strip().splitlines()) == 1
    assert not (tmp_path / "no").exists()


def test_the_line_about_missing_clips_ends_with_the_command_that_makes_them(bench: Bench) -> None:
    bench.card(CARD.replace("[bicubic, compact]", "[bicubic, bsrgan, compact]"))
    done = bench("study", "new", "mine", "--dry-run")
    assert done.err.strip().endswith(f"run: mgld-bench run small --datasets tiny --methods bsrgan --workspace {bench.workspace}")
    assert "tiny a by bsrgan, tiny b by bsrgan" in done.err


class Interrupting(Silent):
    """Ctrl-C when a stage begins."""

    def __init__(self, stage: str) -> None:
        self._stage = stage

    def start(self, stage: str, frames: int, what: str = "frames") -> None:
        if stage == self._stage:
            raise KeyboardInterrupt


def test_an_interrupted_study_is_none_and_the_same_command_resumes(bench: Bench, tmp_path: Path) -> None:
    card = bench.card(CARD.replace("questions", "crop: [32, 48]\nvideo: close\nquestions", 1))
    place = Place(bench.workspace, cards=(bench.folder / "cards",))
    request = StudyRequest(str(card), place, tmp_path / "study")
    first = plan_study(request, Silent())
    for stage in ("videos", "pad", "compare"):
        with pytest.raises(KeyboardInterrupt):
            make_study(first, Interrupting(stage))
        assert not (tmp_path / "study" / "study.json").exists()
    planned = plan_study(request, Silent())
    assert planned.videos.new_bytes == 0
    done = make_study(planned, Silent())
    assert len(list(done.folder.videos.iterdir())) == 8
    assert [clip.size for clip in done.study.clips] == [(32, 48)] * 2
    assert not done.study.exact
    assert "PSNR" in done.study.notes[-1]
    middle = frames(bench.workspace / "restored" / "tiny" / "compact" / "a")[:, 8:56, 16:48]
    shown = frames(done.folder.videos / done.study.clips[0].videos["compact"])
    assert shown.shape == middle.shape
    assert np.abs(shown.astype(int) - middle).mean() < 8

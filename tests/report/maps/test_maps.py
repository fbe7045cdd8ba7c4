from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mgld_bench.clips.clip import ArrayClip
from mgld_bench.engine.progress import Silent
from mgld_bench.metrics.fidelity.luma import luma
from mgld_bench.metrics.fidelity.ssim import ssim
from mgld_bench.report.maps.frames import mapped_frames
from mgld_bench.report.maps.kinds import Moment, error, lost_similarity, warping_error
from mgld_bench.report.maps.write import draw_maps, paint
from tests.report.videos.test_encode_videos import moving, report_of


def moment(seed: int = 0) -> Moment:
    """A patch that moves, and the same with noise that changes from frame to frame in the left half."""
    truth = moving(96, 128, 2)
    noise = np.random.default_rng(seed).integers(-40, 41, (2, 96, 128, 3))
    noise[:, :, 64:] = 0
    before, frame = (
        np.clip(true.astype(int) + part, 0, 255).astype(np.uint8) for true, part in zip(truth.frames(), noise, strict=True)
    )
    return Moment(frame, truth.frame(1), before, truth.frame(0))


def test_maps_are_large_where_the_error_is() -> None:
    given = moment()
    flat = error(given)
    assert flat[10, 20] == pytest.approx(np.abs(given.restored[10, 20].astype(int) - given.truth[10, 20]).mean())
    for values in (flat, lost_similarity(given), warping_error(given)):
        assert values is not None and values.shape == (96, 128)
        # Apart from windows that reach over the middle.
        assert values[:, :58].mean() > 20 * values[:, 70:].mean()


def test_the_map_of_ssim_is_what_the_score_is_the_mean_of() -> None:
    given = moment()
    values = lost_similarity(given)
    assert values is not None
    restored, truth = luma(np.stack([given.restored, given.truth]), "limited")
    assert 1 - values[5:-5, 5:-5].mean() == pytest.approx(ssim(restored, truth), abs=1e-12)


def test_motion_alone_is_no_warping_error() -> None:
    given = moment()
    same = warping_error(Moment(given.truth, given.truth, given.truth_before, given.truth_before))
    assert same is not None and same.max() == 0
    assert warping_error(Moment(given.truth, given.truth, None, None)) is None


def test_the_scale_is_the_same_for_all() -> None:
    values = np.tile(np.array([0.0, 32.0, 64.0, 500.0]), (4, 1))
    picture = np.asarray(Image.open(io.BytesIO(paint(values, 64.0))).convert("RGB")).astype(int)
    brightness = picture[0].sum(axis=1)
    assert brightness[0] < 10 and brightness[0] < brightness[1] < brightness[2] == brightness[3]


def test_frames_that_many_comparisons_lead_to_come_first() -> None:
    windows = {
        "psnr": [[[], [["one/a", 0, 7, 2.0], ["one/b", 4, 4, 1.0]]], [[], []]],
        "ssim": [[[], [["one/a", 0, 7, 0.1]]], [[], []]],
    }
    assert mapped_frames(windows) == {"one/a": [3], "one/b": [4]}
    assert mapped_frames(windows, most=1) == {"one/a": [3]}


def test_maps_are_drawn_once_for_sides_of_the_same_size(tmp_path: Path) -> None:
    other = ArrayClip("000", np.zeros((6, 40, 60, 3), np.uint8))
    data = report_of(moving(64, 96), moving(16, 24), a=moving(64, 96, seed=1), small=other)
    files = draw_maps(data, {"one/000": [0, 3, 99]}, tmp_path / "report", tmp_path / "kept", Silent())
    names = {file.relative_to(tmp_path / "report").as_posix() for file in files}
    # The first frame has none before it, and frame 99 is not there.
    drawn = {
        f"maps/one/000/a.{name}.png"
        for name in ("error.00000000", "ssim.00000000", "error.00000003", "ssim.00000003", "warping.00000003")
    }
    assert names == {"data/maps.js", *drawn}
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "kept").rglob("*.png")}
    assert draw_maps(data, {"one/000": [0, 3, 99]}, tmp_path / "report", tmp_path / "kept", Silent()) == files
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "kept").rglob("*.png")} == before

from __future__ import annotations

import re
from collections.abc import Sequence

import cv2
import numpy as np
import pytest

from mgld_bench.clips.bicubic import resize_bicubic
from mgld_bench.clips.clip import ArrayClip, Clip
from mgld_bench.errors import InputError
from mgld_bench.metrics.catalogue import load_metric
from mgld_bench.metrics.metric import Frames
from mgld_bench.scoring.agreement import TOLERANCE, check_agreement, measure_delay, measure_shift
from mgld_bench.scoring.score_pass import score_clip
from tests.helpers.metric_samples import degrade


@pytest.fixture(params=["bunny", "bikes"])
def truth(request: pytest.FixtureRequest) -> Frames:
    frames: Frames = request.getfixturevalue(request.param)
    return frames


def restorations(truth: Frames) -> dict[str, Frames]:
    """Honest ones, from good to bad."""
    bicubic = [resize_bicubic(resize_bicubic(frame, 48, 80), 192, 320) for frame in truth]
    harsh = [cv2.GaussianBlur(frame, (0, 0), 3) for frame in degrade(truth, seed=2)]
    sharpened = [
        np.clip(2.5 * frame.astype(float) - 1.5 * cv2.GaussianBlur(frame, (0, 0), 2), 0, 255) for frame in degrade(truth)
    ]
    made: dict[str, Sequence[np.ndarray]] = {
        "bicubic": bicubic,
        "degraded": list(degrade(truth)),
        "harsh": harsh,
        "sharpened": sharpened,
        "dark": list(truth // 3),
        "same": list(truth),
    }
    return {name: np.clip(np.rint(np.stack(frames)), 0, 255).astype(np.uint8) for name, frames in made.items()}


def place(restored: Clip, reference: Clip) -> tuple[float, float]:
    shift = measure_shift(restored, reference)
    assert shift is not None
    return shift.rows, shift.columns


def test_honest_restorations_agree(truth: Frames) -> None:
    for name, frames in restorations(truth).items():
        restored, reference = ArrayClip(name, frames), ArrayClip("truth", truth)
        check_agreement(restored, reference)
        assert place(restored, reference) == pytest.approx((0, 0), abs=0.25), name


@pytest.mark.parametrize(("rows", "columns"), [(1, 0), (0, -1), (2, 2), (-2, 0), (0, 3)])
def test_shifted_restorations_are_refused(rows: int, columns: int, truth: Frames) -> None:
    for name, frames in restorations(truth).items():
        shifted = ArrayClip(name, np.ascontiguousarray(np.roll(frames, (rows, columns), (1, 2))))
        with pytest.raises(InputError, match=rf"clip {name}: restored frames are shifted by"):
            check_agreement(shifted, ArrayClip("truth", truth))


def test_a_declared_shift_is_allowed_but_no_other(truth: Frames) -> None:
    shifted, reference = ArrayClip("x", np.roll(truth, (2, -1), (1, 2))), ArrayClip("truth", truth)
    assert place(shifted, reference) == pytest.approx((2, -1), abs=0.25)
    check_agreement(shifted, reference, allowed_shift=(2, -1))
    with pytest.raises(InputError, match=r"shifted by \+2\.\d rows \(down\), -1\.\d columns"):
        check_agreement(shifted, reference, allowed_shift=(-2, 1))


def test_a_declared_shift_that_is_not_there_is_refused(truth: Frames) -> None:
    with pytest.raises(InputError, match="shifted by"):
        check_agreement(ArrayClip("x", truth), ArrayClip("truth", truth), allowed_shift=(2, 0))


def test_a_shift_that_explains_little_is_a_warning_with_the_scores(bunny: Frames) -> None:
    # Part of the detail a pixel off, under noise: more than the tolerance is measured, yet moving back hardly helps.
    faint = np.stack([cv2.GaussianBlur(frame, (0, 0), 6) for frame in bunny]).astype(float)
    drawn = faint + 0.6 * np.roll(bunny.astype(float) - faint, 1, 2)
    noise = cv2.GaussianBlur(np.random.default_rng(5).normal(0, 90, drawn.shape[1:]), (0, 0), 3)
    restored, reference = ArrayClip("x", np.clip(drawn + noise, 0, 255).astype(np.uint8)), ArrayClip("truth", bunny)
    assert place(restored, reference)[1] > TOLERANCE
    warning = check_agreement(restored, reference)
    assert warning is not None and "columns" in warning
    scores = score_clip(reference, {"m": restored}, {"m": [load_metric("psnr.rgb")]})
    assert scores["m"]["psnr.rgb"].facts["position"] == warning
    assert scores["m"]["psnr.rgb"].notes == (warning,)
    assert check_agreement(reference, reference) is None


@pytest.mark.parametrize("late", [1, -1, 2])
def test_a_clip_that_is_late_or_early_is_named_as_such(late: int, truth: Frames) -> None:
    for name, frames in restorations(truth).items():
        restored = ArrayClip(name, frames[2:8])
        reference = ArrayClip("truth", truth[2 + late : 8 + late])
        words = {1: "one frame late", -1: "one frame early", 2: "two frames late"}[late]
        shown = f"t-{late}" if late > 0 else f"t+{-late}"
        with pytest.raises(InputError, match=rf"clip {name}: .*{words} in time: frame t shows frame {re.escape(shown)} "):
            check_agreement(restored, reference)


def test_frames_of_the_right_moment_are_not_late(truth: Frames) -> None:
    for name, frames in restorations(truth).items():
        for count in (1, 2, 3, 10):
            assert measure_delay(ArrayClip(name, frames[:count]), ArrayClip("truth", truth[:count])) is None, name


def test_the_message_names_the_option_with_which_a_shift_is_declared(truth: Frames) -> None:
    shifted, reference = ArrayClip("x", np.roll(truth, (0, -2), (1, 2))), ArrayClip("truth", truth)
    with pytest.raises(InputError, match=r"--shift 0,-2 \(down, right\).*shift: \[0, -2\]"):
        check_agreement(shifted, reference)


def test_a_shift_where_the_camera_moves_is_no_delay(bikes: Frames) -> None:
    # Both explain the difference; undoing the shift explains all of it.
    window = bikes[:, 16:176, 16:304]
    for rows, columns in ((0, 2), (0, 5), (8, 0), (-3, 3)):
        moved = ArrayClip("x", bikes[:, 16 - rows : 176 - rows, 16 - columns : 304 - columns])
        with pytest.raises(InputError, match=rf"--shift {rows},{columns} \(down, right\)"):
            check_agreement(moved, ArrayClip("truth", window))


def test_small_frames_that_measure_noise_give_neither_an_error_nor_advice(bunny: Frames) -> None:
    stream = np.random.default_rng(1)
    advised = []
    for top, left in ((0, 256), (32, 192), (64, 64), (96, 0), (64, 128)):
        true = bunny[:, top : top + 64, left : left + 64]
        noise = stream.normal(0, 20, (len(true), 16, 16, 3))
        small = [np.clip(resize_bicubic(frame, 16, 16) + one, 0, 255) for frame, one in zip(true, noise, strict=True)]
        coded = [cv2.imdecode(cv2.imencode(".jpg", frame.astype(np.uint8), [1, 10])[1], 1) for frame in small]
        enlarged = [resize_bicubic(np.asarray(frame, np.uint8), 64, 64) for frame in coded]
        restored = np.clip(np.rint(enlarged), 0, 255).astype(np.uint8)
        check_agreement(ArrayClip("x", restored), ArrayClip("truth", true))
        moved = ArrayClip("x", np.ascontiguousarray(np.roll(restored, 3, 2)))
        try:
            check_agreement(moved, ArrayClip("truth", true))
        except InputError as error:
            advised.append(str(error))
    assert advised
    assert all("--shift DOWN,RIGHT" in line and "cannot be measured here" in line for line in advised)


def test_the_half_pixels_of_taking_every_fourth_pixel_are_found(truth: Frames) -> None:
    # The first of four pixels lies 1.5 pixels before their middle, where an enlargement puts it.
    enlarged = [resize_bicubic(frame[::4, ::4], 192, 320) for frame in truth]
    clip = ArrayClip("x", np.clip(np.rint(enlarged), 0, 255).astype(np.uint8))
    assert place(clip, ArrayClip("truth", truth)) == pytest.approx((1.5, 1.5), abs=0.3)


def test_frames_that_do_not_tell_give_no_verdict(bunny: Frames) -> None:
    flat = ArrayClip("flat", np.full_like(bunny, 90))
    assert measure_shift(flat, ArrayClip("truth", bunny)) is None
    check_agreement(flat, ArrayClip("truth", bunny))
    stream = np.random.default_rng(0)
    noise = ArrayClip("noise", stream.integers(0, 256, bunny.shape, dtype=np.uint8))
    assert measure_shift(noise, ArrayClip("truth", bunny)) is None


def test_counts_and_sizes_are_named(bunny: Frames) -> None:
    truth = ArrayClip("truth", bunny)
    with pytest.raises(InputError, match="clip x: 7 restored frames, but 10 frames of ground truth"):
        check_agreement(ArrayClip("x", bunny[:7]), truth)
    with pytest.raises(InputError, match="clip x: restored frames are 320x188, but the ground truth is 320x192"):
        check_agreement(ArrayClip("x", bunny[:, :188]), truth)

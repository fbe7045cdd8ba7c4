from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from mgld_bench.clips.clip import ArrayClip
from mgld_bench.errors import InputError
from mgld_bench.metrics.catalogue import load_metric
from mgld_bench.metrics.metric import ClipScore
from mgld_bench.scoring.score_pass import score_clip
from tests.helpers.ffmpeg_by_hand import report_by_hand
from tests.helpers.metric_samples import Frames, facts_of
from tests.helpers.scores import frame_scores


def score(frames: Frames, reference: Frames | None = None, chunk: int = 4) -> ClipScore:
    truth = None if reference is None else ArrayClip("c", reference)
    return score_clip(truth, {"m": ArrayClip("c", frames)}, {"m": [load_metric("cambi")]}, chunk=chunk)["m"]["cambi"]


def test_scores_are_those_of_an_ffmpeg_command(bunny: Frames, degraded: Frames, tmp_path: Path) -> None:
    scoring = "[restored][reference]libvmaf=log_fmt=json:log_path=log:feature=name=cambi"
    report = json.loads(report_by_hand(degraded, bunny, scoring, tmp_path))
    expected = [frame["metrics"]["cambi"] for frame in report["frames"]]
    assert list(frame_scores(score(degraded)).values()) == expected
    assert score(degraded, bunny, chunk=10) == score(degraded)


def test_a_wide_gradient_shows_bands_which_dithering_hides() -> None:
    # 60 levels over 320 pixels: steps of one level, five pixels apart.
    gradient = np.broadcast_to(np.linspace(40, 100, 320)[None, None, :, None], (2, 216, 320, 3))
    dithered = gradient + np.random.default_rng(0).uniform(-2, 2, gradient.shape)
    found = [score(np.ascontiguousarray(frames).astype(np.uint8)).value for frames in (gradient, dithered)]
    assert found[0] > 5
    assert found[1] < found[0] / 4


def test_frames_that_libvmaf_refuses_are_refused_before_they_are_read() -> None:
    with pytest.raises(InputError, match="216 pixels in one direction, but these are 215x120"):
        load_metric("cambi").start(facts_of(120, 215))

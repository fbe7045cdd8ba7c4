from __future__ import annotations

import math
import re
from pathlib import Path

import numpy as np
import pytest

from mgld_bench.clips.clip import ArrayClip
from mgld_bench.errors import InputError
from mgld_bench.metrics.catalogue import load_metric
from mgld_bench.scoring.score_pass import Scores, score_clip
from tests.helpers.ffmpeg_by_hand import report_by_hand
from tests.helpers.metric_samples import Frames, facts_of
from tests.helpers.scores import frame_scores

NAMES = ("xpsnr.y", "xpsnr.u", "xpsnr.v", "xpsnr.weighted")


def scores(restored: Frames, reference: Frames, chunk: int = 4) -> Scores:
    metrics = [load_metric(name) for name in NAMES]
    return score_clip(ArrayClip("c", reference), {"m": ArrayClip("c", restored)}, {"m": metrics}, chunk=chunk)


def test_scores_are_those_of_an_ffmpeg_command(bunny: Frames, degraded: Frames, tmp_path: Path) -> None:
    report = report_by_hand(degraded, bunny, "[reference][restored]xpsnr=stats_file=log", tmp_path)
    lines = [list(map(float, re.findall(r"[yuv]: (\S+)", line))) for line in report.splitlines() if line.startswith("n:")]
    found = scores(degraded, bunny)["m"]
    for place, name in enumerate(NAMES[:3]):
        assert list(frame_scores(found[name]).values()) == [line[place] for line in lines]
    weighted = [(4 * y + u + v) / 6 for y, u, v in lines]
    assert list(frame_scores(found["xpsnr.weighted"]).values()) == pytest.approx(weighted, abs=1e-12)
    # ffmpeg prints four digits of each frame, and its average of the unrounded ones.
    average = re.findall(r"[yuv]: (\S+)", report.splitlines()[-1])
    for name, printed in zip(NAMES[:3], average, strict=True):
        assert found[name].facts["ffmpeg_average"] == pytest.approx(float(printed), abs=2e-4)
        assert found[name].value == pytest.approx(np.mean(list(frame_scores(found[name]).values())))


def test_worse_frames_score_lower_and_chunks_change_nothing(bunny: Frames, degraded: Frames) -> None:
    noise = np.random.default_rng(0).normal(0, 4, bunny.shape)
    good = np.clip(bunny + noise, 0, 255).astype(np.uint8)
    bad = np.clip(bunny + 4 * noise, 0, 255).astype(np.uint8)
    values = [scores(frames, bunny)["m"]["xpsnr.y"].value for frames in (good, bad)]
    assert values[0] > values[1]
    assert scores(degraded, bunny, chunk=1) == scores(degraded, bunny, chunk=10)


def test_identical_frames_are_infinite(bunny: Frames) -> None:
    found = scores(bunny[:2], bunny[:2])["m"]
    assert all(math.isinf(found[name].value) and "ffmpeg_average" not in found[name].facts for name in NAMES)


def test_a_long_report_does_not_stop_ffmpeg(bunny: Frames) -> None:
    # 70 bytes a frame: more than a pipe holds.
    few = np.ascontiguousarray(bunny[:, :48, :48])
    many = np.concatenate([few] * 110)
    assert len(frame_scores(scores(many // 2, many, chunk=100)["m"]["xpsnr.y"])) == 1100


def test_frames_that_are_too_small_for_its_weights_are_refused() -> None:
    with pytest.raises(InputError, match="48x48, but these are 200x47"):
        load_metric("xpsnr.y").start(facts_of(47, 200))

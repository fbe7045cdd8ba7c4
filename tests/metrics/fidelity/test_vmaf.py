from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import psutil
import pytest

from mgld_bench.clips.clip import ArrayClip
from mgld_bench.errors import InputError
from mgld_bench.metrics.catalogue import describe, load_metric, metric_names, reason_unavailable
from mgld_bench.metrics.fidelity.frame_feed import CONVERSION
from mgld_bench.metrics.fidelity.vmaf import VMAF
from mgld_bench.metrics.fidelity.vmaf_process import VmafProcess
from mgld_bench.metrics.frame_metric import ChunkScores, FrameMetric
from mgld_bench.metrics.metric import Chunk, Frames, SharedWork
from mgld_bench.scoring.score_pass import score_clip
from tests.helpers.ffmpeg_by_hand import report_by_hand
from tests.helpers.metric_samples import facts_of
from tests.helpers.scores import frame_scores

MODELS = ("vmaf_v0.6.1", "vmaf_v0.6.1neg")


def scores(restored: Frames, reference: Frames, models: Sequence[str] = MODELS, threads: int = 1) -> dict[str, list[float]]:
    _, height, width, _ = restored.shape
    process = VmafProcess(height, width, models, CONVERSION, threads)
    for start in range(0, len(restored), 3):
        process.add(restored[start : start + 3], reference[start : start + 3])
    return process.finish()


def ffmpeg_scores(restored: Frames, reference: Frames, model: str, folder: Path) -> list[float]:
    options = f"shortest=1:repeatlast=0:n_threads=1:log_fmt=json:log_path=log:model=version={model}"
    report = report_by_hand(restored, reference, f"[restored][reference]libvmaf={options}", folder)
    return [frame["metrics"]["vmaf"] for frame in json.loads(report)["frames"]]


@pytest.mark.parametrize("model", MODELS)
def test_scores_equal_those_of_an_ffmpeg_command(model: str, bunny: Frames, degraded: Frames, tmp_path: Path) -> None:
    expected = ffmpeg_scores(degraded, bunny, model, tmp_path)
    assert scores(degraded, bunny)[model] == expected
    assert len(expected) == len(bunny)
    assert ffmpeg_scores(bunny, degraded, model, tmp_path) != expected


@pytest.mark.parametrize(("height", "width"), [(191, 319), (17, 17), (18, 201)])
def test_odd_and_small_sizes_are_scored_like_the_command_does(
    height: int, width: int, bunny: Frames, degraded: Frames, tmp_path: Path
) -> None:
    restored, reference = (np.ascontiguousarray(frames[:3, :height, :width]) for frames in (degraded, bunny))
    assert scores(restored, reference)["vmaf_v0.6.1neg"] == ffmpeg_scores(restored, reference, "vmaf_v0.6.1neg", tmp_path)


@pytest.mark.parametrize("name", [name for name in metric_names() if name.startswith("vmaf.v1")])
def test_a_model_of_version_1_scores_like_the_command_does_beside_others(
    name: str, bunny: Frames, degraded: Frames, tmp_path: Path
) -> None:
    # The smallest size that it takes, in both directions.
    metric = load_metric(name)
    assert isinstance(metric, VMAF)
    side = max(metric.sides)
    restored, reference = (
        np.ascontiguousarray(frames[:3].repeat(2, 1).repeat(2, 2)[:, :side, :side]) for frames in (degraded, bunny)
    )
    found = scores(restored, reference, [*MODELS, metric.wanted])
    for model in (MODELS[1], metric.wanted):
        assert found[model] == ffmpeg_scores(restored, reference, model, tmp_path)
    assert max(found[metric.wanted]) < (metric.facts.bounds[1] or 0)
    with pytest.raises(InputError, match=f"at least {side}"):
        metric.start(facts_of(side - 1, side - 1))


def test_frames_below_17_pixels_are_refused() -> None:
    with pytest.raises(InputError, match="17x17, but these are 200x16"):
        load_metric("vmaf.v0.6.1").start(facts_of(16, 200))


def test_models_and_threads_do_not_change_each_other(bunny: Frames, degraded: Frames) -> None:
    together = scores(degraded, bunny)
    assert scores(degraded, bunny, threads=3) == together
    for model in MODELS:
        assert scores(degraded, bunny, [model])[model] == together[model]


def test_both_variants_of_a_clip_share_one_process(bunny: Frames, degraded: Frames) -> None:
    before = len(psutil.Process().children())
    metrics = [load_metric(name) for name in ("vmaf.v0.6.1neg", "vmaf.v0.6.1")]
    scorers = [metric.start(facts_of(192, 320)) for metric in metrics]
    work = SharedWork(metrics)
    for start in (0, 4):
        indices = range(start, min(start + 4, 6))
        restored, reference = Chunk(indices, degraded[indices], clip=work), Chunk(indices, bunny[indices])
        for scorer in scorers:
            scorer.add(restored, reference)
            assert len(psutil.Process().children()) == before + 1
    found = [scorer.finish() for scorer in scorers]
    expected = scores(degraded[:6], bunny[:6])
    assert [list(frame_scores(score).values()) for score in found] == [expected["vmaf_v0.6.1neg"], expected["vmaf_v0.6.1"]]
    assert [score.value for score in found] == pytest.approx([np.mean(expected[MODELS[1]]), np.mean(expected[MODELS[0]])])
    assert found[0].value < found[1].value
    assert "ffmpeg" in found[0].facts
    assert len(psutil.Process().children()) == before


@pytest.mark.timeout(60)
def test_variants_that_are_abandoned_together_end_their_process_once(bunny: Frames, degraded: Frames) -> None:
    before = set(psutil.Process().children())
    metrics = [load_metric(name) for name in ("vmaf.v0.6.1neg", "vmaf.v0.6.1")]
    broken = replace(describe("psnr.rgb"), name="broken")
    clip = ArrayClip("bunny", degraded)

    class Broken(FrameMetric):
        def score(self, restored: Chunk, reference: Chunk | None) -> ChunkScores:
            assert len(set(psutil.Process().children()) - before) == 1
            raise InputError("broken at the first chunk")

    with pytest.raises(InputError, match="broken at the first chunk"):
        score_clip(ArrayClip("bunny", bunny), {"m": clip}, {"m": [*metrics, Broken(broken, 1)]})
    assert set(psutil.Process().children()) == before


@pytest.mark.timeout(60)
def test_a_scorer_that_is_abandoned_leaves_nothing_behind(bunny: Frames, degraded: Frames) -> None:
    children, threads = set(psutil.Process().children()), threading.active_count()
    for chunks in (0, 1, 5):
        scorer = load_metric("vmaf.v0.6.1").start(facts_of(192, 320))
        for _ in range(chunks):
            scorer.add(Chunk(range(10), degraded), Chunk(range(10), bunny))
        scorer.close()
        scorer.close()
        assert set(psutil.Process().children()) == children
    assert threading.active_count() == threads


@pytest.mark.timeout(60)
def test_an_ffmpeg_that_dies_is_an_error_and_no_endless_wait(bunny: Frames, degraded: Frames) -> None:
    children = set(psutil.Process().children())
    process = VmafProcess(192, 320, MODELS, CONVERSION, 1)
    process.add(degraded, bunny)
    [ffmpeg] = set(psutil.Process().children()) - children
    ffmpeg.kill()
    for _ in range(10):
        process.add(degraded, bunny)
    with pytest.raises(InputError, match="VMAF: ffmpeg failed"):
        process.finish()
    process.close()
    assert set(psutil.Process().children()) == children


def test_a_model_that_libvmaf_lacks_is_an_error(bunny: Frames) -> None:
    process = VmafProcess(192, 320, ["vmaf_v9"], CONVERSION, 1)
    process.add(bunny, bunny)
    with pytest.raises(InputError, match="VMAF: ffmpeg failed"):
        process.finish()


def test_vmaf_can_run_here() -> None:
    assert reason_unavailable("vmaf.v0.6.1neg") is None

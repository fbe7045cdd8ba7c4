"""FAST-VQA and FasterVQA on streamed clips, with a small network that has fixed random weights and the views of the real one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from mgld_bench.cards.schemas import WeightFile
from mgld_bench.clips.clip import ArrayClip
from mgld_bench.errors import InputError
from mgld_bench.metrics.dover.metric import seed_of
from mgld_bench.metrics.fastvqa import metric as fastvqa_metric
from mgld_bench.metrics.fastvqa import variants as fastvqa
from mgld_bench.metrics.fastvqa.view import frames_of
from mgld_bench.metrics.metric import ClipScore
from mgld_bench.networks.dover.network import HeadConfig
from mgld_bench.networks.dover.technical import TechnicalConfig
from mgld_bench.networks.fastvqa import FastVQA, FastVQAConfig
from mgld_bench.scoring.score_pass import score_clip
from mgld_bench.weights.locate import weight_sha256
from tests.helpers.metric_samples import Frames, facts_of

SMALL = FastVQAConfig(
    TechnicalConfig(
        patch_size=(8, 16, 16), embed_dim=8, depths=(1,), num_heads=(1,), window_size=(2, 7, 7), fragment_bias_layers=(0,)
    ),
    HeadConfig(in_channels=8, hidden_channels=4),
)
NAMES = ("fastvqa.grid", "fastvqa.script", "fastervqa.grid", "fastervqa.script")


@pytest.fixture
def metrics(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[fastvqa_metric.FastVqa]:
    """All variants, with one small file of weights, wrapped as the official ones are."""
    (tmp_path / "weights").mkdir()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(5)
        torch.save({"state_dict": FastVQA(SMALL).state_dict()}, tmp_path / "weights/small.pth")
    monkeypatch.setenv("MGLD_BENCH_HOME", str(tmp_path))
    monkeypatch.setattr(fastvqa_metric, "FastVQAConfig", lambda: SMALL)
    weight = WeightFile(file="small.pth", sha256=weight_sha256(WeightFile(file="small.pth")))
    built = []
    for variant in fastvqa.variants():
        metric = replace(variant, facts=replace(variant.facts, weights={"network": weight})).load()
        assert isinstance(metric, fastvqa_metric.FastVqa)
        built.append(metric)
    assert [metric.facts.name for metric in built] == list(NAMES)
    return built


def score(metrics: Sequence[fastvqa_metric.FastVqa], frames: Frames, name: str, chunk: int = 4) -> list[ClipScore]:
    return [*score_clip(None, {"m": ArrayClip(name, frames)}, {"m": metrics}, chunk=chunk)["m"].values()]


def test_what_is_seen_depends_on_the_clips_name_and_on_nothing_else(
    metrics: list[fastvqa_metric.FastVqa], bunny: Frames, degraded: Frames
) -> None:
    frames = bunny.repeat(2, 1).repeat(2, 2)
    assert len({metric.network for metric in metrics}) == 1
    found = score(metrics, frames, "bunny")
    torch.manual_seed(9)
    np.random.seed(9)
    assert score(metrics, frames, "bunny", chunk=10) == found
    assert score(metrics, frames, "other") != found
    assert all(0 <= each.value <= 1 and each.per_frame is None for each in found)
    assert {each.facts["seed"] for each in found} == {seed_of("bunny")}
    raw = [float(each.facts["raw"]) for each in score(metrics, degraded.repeat(2, 1).repeat(2, 2), "bunny")]
    assert raw != [float(each.facts["raw"]) for each in found]


def test_the_grid_takes_every_second_frame_of_all_parts_and_the_script_neighbouring_ones() -> None:
    fast, faster = fastvqa.MODELS["fastvqa"], fastvqa.MODELS["fastervqa"]

    def taken(model: fastvqa.Model, sampling: fastvqa.Sampling) -> list[int]:
        frames: list[int] = frames_of(model, sampling, 600, np.random.RandomState(0)).tolist()
        return frames

    # The frames that the records of a study name, which ran the authors' script on clips of 600 frames.
    assert taken(faster, "script") == list(range(284, 316))
    assert taken(fast, "script")[::32] == [71, 213, 355, 497]
    grid = np.array(taken(faster, "grid")).reshape(8, 4)
    assert (np.diff(grid, axis=1) == 2).all()
    assert (grid // 75 == np.arange(8)[:, None]).all()
    assert (np.array(taken(fast, "grid")).reshape(4, 32) // 150 == np.arange(4)[:, None]).all()


def test_frames_smaller_than_a_fragment_are_refused(metrics: list[fastvqa_metric.FastVqa]) -> None:
    with pytest.raises(InputError, match="32x32, but these are 100x31"):
        metrics[0].start(facts_of(31, 100))

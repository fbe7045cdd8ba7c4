from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torchvision.models.optical_flow import raft_large

from mgld_bench.cards.schemas import WeightFile
from mgld_bench.clips.clip import ArrayClip
from mgld_bench.metrics.catalogue import load_metric
from mgld_bench.metrics.flow.estimators import flow_estimators
from mgld_bench.metrics.flow.metric import FlowMetric
from mgld_bench.metrics.flow.variants import variants
from mgld_bench.metrics.weight_files import weight_files
from mgld_bench.networks.spynet import SPyNet
from mgld_bench.scoring.score_pass import score_clip
from tests.helpers.metric_samples import Frames
from tests.helpers.scores import frame_scores

OF_AN_ESTIMATOR = (
    "we.{}.l1",
    "we.{}.l1.border",
    "we.{}.l1.valid",
    "we.{}.l1.masked",
    "ewarp.{}.lai",
    "ewarp.{}.masked",
    "swc.{}",
)


@pytest.fixture
def random_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """SPyNet and RAFT with random weights under the names of the official files; returns $MGLD_BENCH_HOME."""
    monkeypatch.setenv("MGLD_BENCH_HOME", str(tmp_path))
    torch.manual_seed(0)
    small = {name: 0.3 * tensor for name, tensor in SPyNet().state_dict().items()}
    for name, state in (("spynet", {"params": small}), ("raft", raft_large().state_dict())):
        path = tmp_path / f"{name}.pth"
        torch.save(state, path)
        monkeypatch.setitem(weight_files(), name, WeightFile(file=str(path)))
    return tmp_path


def test_every_estimator_has_every_measure_and_says_what_decides_the_number() -> None:
    facts = {variant.facts.name: variant.facts for variant in variants()}
    expected = [name.format(estimator) for estimator in flow_estimators() for name in OF_AN_ESTIMATOR]
    assert sorted(facts) == sorted([*expected, "ewarp.raft.masked-unscaled"])
    for name, known in facts.items():
        estimator = flow_estimators()[name.split(".")[1]]
        assert known.weights == {"flow": estimator.weight}
        assert known.needs_neighbours
        assert known.direction == "lower"
        assert known.needs_reference == name.startswith("swc")
        assert estimator.weight.file in known.definition
        assert estimator.preparation in known.definition
        assert "forward" in known.definition or "backward" in known.definition


def test_all_measures_of_an_estimator_are_scored_in_one_pass(random_weights: Path, bunny: Frames, degraded: Frames) -> None:
    names = [name.format("spynet") for name in OF_AN_ESTIMATOR]
    metrics = [load_metric(name) for name in names]
    assert all(isinstance(metric, FlowMetric) for metric in metrics)
    assert len({metric.network.adapter for metric in metrics if isinstance(metric, FlowMetric)}) == 1
    truth, restored = ArrayClip("bunny", bunny[:3, :96, :128]), ArrayClip("bunny", degraded[:3, :96, :128])
    scores = score_clip(truth, {"m": restored}, {"m": metrics})["m"]
    assert list(scores) == names
    for score in scores.values():
        assert list(frame_scores(score)) == [1, 2]
        assert score.value > 0
    assert scores["ewarp.spynet.lai"].value < 1 < scores["we.spynet.l1"].value
    alone = score_clip(None, {"m": restored}, {"m": metrics[:-1]})["m"]
    assert alone["ewarp.spynet.masked"] == scores["ewarp.spynet.masked"]
    assert alone["we.spynet.l1"] != scores["we.spynet.l1"]
    # Two pairs, two directions, of the ground truth only.
    assert len(list((random_weights / "flow").rglob("*.npz"))) == 4


def test_evalcrafters_way_to_feed_raft_has_a_variant_of_its_own(random_weights: Path, bikes: Frames) -> None:
    large = np.concatenate([bikes[:2], bikes[:2, ::-1]], axis=1)[:, :256, :264]
    clip = ArrayClip("bikes", large)
    metrics = [load_metric(name) for name in ("ewarp.raft.masked", "ewarp.raft.masked-unscaled")]
    scores = score_clip(None, {"m": clip}, {"m": metrics})["m"]
    scaled, unscaled = (scores[metric.facts.name].value for metric in metrics)
    assert scaled != pytest.approx(unscaled, rel=1e-3)

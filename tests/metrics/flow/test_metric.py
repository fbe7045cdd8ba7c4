from __future__ import annotations

import math
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch

from mgld_bench.clips.clip import ArrayClip
from mgld_bench.errors import InputError
from mgld_bench.metrics.flow import measures
from mgld_bench.metrics.flow import variants as flow_variants
from mgld_bench.metrics.flow.measures import structure_weighted_consistency
from mgld_bench.metrics.flow.metric import FLOW_MEASURES, FlowMetric
from mgld_bench.metrics.flow.sources import FlowFolder, FlowNetwork
from mgld_bench.scoring.score_pass import score_clip
from tests.helpers.feeding import feed
from tests.helpers.flow_samples import raft, spynet
from tests.helpers.metric_samples import Frames, facts_of
from tests.helpers.scores import frame_scores, text_fact

FACTS = {variant.facts.name: variant.facts for variant in flow_variants.variants()}
GIVEN = ("l1", "l1.border", "l1.valid", "l1.masked", "lai")


def metric(measure: str, network: FlowNetwork, folder: Path) -> FlowMetric:
    prefix = "we" if measure.startswith("l1") else "ewarp"
    facts = FACTS[f"{prefix}.{network.estimator.name}.{measure}"]
    return FlowMetric(facts, FLOW_MEASURES[measure], network, FlowFolder(folder))


def metrics(network: FlowNetwork, folder: Path, *measures: str) -> list[FlowMetric]:
    return [metric(measure, network, folder) for measure in measures]


def levels(frame: Frames) -> torch.Tensor:
    return torch.from_numpy(frame).permute(2, 0, 1)[None].float()


def flow(network: FlowNetwork, source: Frames, target: Frames) -> torch.Tensor:
    return network.flow(network.features(levels(source)), network.features(levels(target)))


@pytest.fixture
def clips(bikes: Frames) -> tuple[Frames, Frames, Frames]:
    """Five frames of 64x96: the ground truth, and two restored clips."""
    truth = bikes[:5, 40:104, 100:196].copy()
    noise = np.random.default_rng(0).integers(-20, 20, truth.shape)
    return truth, np.clip(truth + noise, 0, 255).astype(np.uint8), truth // 2


def test_a_score_is_that_of_the_restored_frames_with_the_flow_of_the_ground_truth(
    clips: tuple[Frames, Frames, Frames], tmp_path: Path
) -> None:
    truth, restored, _ = clips
    network, _ = spynet()
    found = feed(metrics(network, tmp_path, *GIVEN), {"m": restored}, truth)["m"]
    for index in range(1, 5):
        pair = levels(restored[index - 1]), levels(restored[index])
        backward, forward = flow(network, truth[index], truth[index - 1]), flow(network, truth[index - 1], truth[index])
        expected = {
            "we.spynet.l1": measures.l1_zeros(*pair, backward),
            "we.spynet.l1.border": measures.l1_border(*pair, backward),
            "we.spynet.l1.valid": measures.l1_valid(*pair, backward),
            "we.spynet.l1.masked": measures.l1_masked(*pair, backward, forward),
            "ewarp.spynet.lai": measures.lai(*pair, backward, forward),
        }
        for name, value in expected.items():
            assert frame_scores(found[name])[index] == pytest.approx(value.item(), rel=1e-6)
    for score in found.values():
        assert list(frame_scores(score)) == [1, 2, 3, 4]
        assert score.value == pytest.approx(np.mean(list(frame_scores(score).values())))
        assert "of the ground truth" in text_fact(score, "flow")
        assert "sha256 0000000000000000" in text_fact(score, "flow")
        assert score.facts["pairs"] == 4


def test_without_ground_truth_the_flow_is_the_clips_own(clips: tuple[Frames, Frames, Frames], tmp_path: Path) -> None:
    truth, restored, _ = clips
    network, _ = spynet()
    alone = feed(metrics(network, tmp_path, "l1"), {"m": restored}, None)["m"]["we.spynet.l1"]
    pair = levels(restored[0]), levels(restored[1])
    own = measures.l1_zeros(*pair, flow(network, restored[1], restored[0])).item()
    assert frame_scores(alone)[1] == pytest.approx(own, rel=1e-6)
    assert "of the clip itself" in text_fact(alone, "flow")
    against = feed(metrics(network, tmp_path, "l1"), {"m": restored}, truth)["m"]["we.spynet.l1"]
    assert frame_scores(against)[1] != frame_scores(alone)[1]
    # A prediction's own flow is not kept.
    assert not list(tmp_path.rglob(f"{'?' * 64}.npz"))[4:]


@pytest.mark.parametrize("size", [1, 3, 5])
def test_chunks_change_no_score(size: int, clips: tuple[Frames, Frames, Frames], tmp_path: Path) -> None:
    truth, restored, darker = clips
    network, _ = spynet()
    chosen = metrics(network, tmp_path / "a", *GIVEN)
    whole = feed(chosen, {"m": restored, "n": darker}, truth, 4)
    parts = feed(metrics(network, tmp_path / "b", *GIVEN), {"m": restored, "n": darker}, truth, size)
    for method, scores in whole.items():
        for name, score in scores.items():
            assert parts[method][name].per_frame == pytest.approx(score.per_frame, rel=1e-6)


def test_the_flow_of_the_ground_truth_is_estimated_once_for_all_metrics_and_methods(
    clips: tuple[Frames, Frames, Frames], tmp_path: Path
) -> None:
    truth, restored, darker = clips
    network, calls = spynet()
    both = {"m": restored, "n": darker}
    feed(metrics(network, tmp_path, "l1", "l1.border", "l1.valid"), both, truth)
    assert calls.count == 4
    # A pass that needs the other direction as well estimates only that one.
    feed(metrics(network, tmp_path, "l1", "l1.masked", "lai"), both, truth)
    assert calls.count == 8
    # From now on all is kept: another checkpoint costs no flow.
    feed(metrics(network, tmp_path, *GIVEN), {"new": truth // 3}, truth, 2)
    assert calls.count == 8


def test_kept_flow_gives_the_same_scores_and_a_damaged_file_is_replaced(
    clips: tuple[Frames, Frames, Frames], tmp_path: Path
) -> None:
    truth, restored, _ = clips
    network, calls = spynet()
    first = feed(metrics(network, tmp_path, *GIVEN), {"m": restored}, truth)
    again = feed(metrics(network, tmp_path, *GIVEN), {"m": restored}, truth)
    assert again == first
    assert calls.count == 8
    damaged = sorted(tmp_path.rglob("*.npz"))[3]
    whole = damaged.read_bytes()
    damaged.write_bytes(whole[:1000])
    assert feed(metrics(network, tmp_path, *GIVEN), {"m": restored}, truth) == first
    assert calls.count == 9
    assert damaged.read_bytes()[1000:-200] == whole[1000:-200]


def test_kept_flow_depends_on_frames_weights_estimator_and_revision(clips: tuple[Frames, Frames, Frames], tmp_path: Path) -> None:
    truth, restored, darker = clips
    network, calls = spynet()
    feed(metrics(network, tmp_path, "l1"), {"m": restored}, truth)
    other, other_calls = spynet(seed=1)
    feed(metrics(other, tmp_path, "l1"), {"m": restored}, truth)
    assert other_calls.count == 4
    feed(metrics(network, tmp_path, "l1"), {"m": restored}, darker)
    assert calls.count == 8
    assert len(list(tmp_path.rglob("*.npz"))) == 12
    revised = FlowNetwork(network.estimator, network.adapter, network.sha256, network.device, input_scale=0.5)
    feed(metrics(revised, tmp_path, "l1"), {"m": restored}, truth)
    assert calls.count == 12


def test_a_frames_features_are_computed_once_for_both_of_its_pairs(bikes: Frames, tmp_path: Path) -> None:
    truth = bikes[:4, :128, :136].copy()
    network, encoded = raft()
    feed(metrics(network, tmp_path, "l1"), {"m": truth // 2}, truth, 1)
    assert encoded.count == 4
    own, encoded = raft()
    feed(metrics(own, tmp_path, "l1"), {"m": truth // 2}, None, 2)
    assert encoded.count == 4


def test_evalcrafters_error_is_of_the_halved_clip_and_its_own_flow(bikes: Frames, tmp_path: Path) -> None:
    odd = bikes[:3, :66, :91].copy()
    network, _ = spynet()
    chosen = metrics(network, tmp_path, "masked")
    alone = feed(chosen, {"m": odd}, None)["m"]["ewarp.spynet.masked"]
    against = feed(chosen, {"m": odd}, odd // 2)["m"]["ewarp.spynet.masked"]
    assert against.per_frame == alone.per_frame
    assert "of the clip itself" in text_fact(against, "flow")
    assert not list(tmp_path.iterdir())
    # 66x91 halved is 33x45, padded to 40x48: 3 rows above and 4 below, 1 column before and 2 behind.
    halve = partial(torch.nn.functional.interpolate, scale_factor=0.5, mode="bilinear", align_corners=False)
    padded = [torch.nn.functional.pad(halve(levels(frame)), (1, 2, 3, 4), mode="replicate") for frame in odd[:2]]
    features = [network.features(frame) for frame in padded]
    flows = network.flow(features[1], features[0]), network.flow(features[0], features[1])
    expected = measures.evalcrafter(padded[0], padded[1], *flows).item()
    assert frame_scores(alone)[1] == pytest.approx(expected, rel=1e-6)


def test_a_pair_without_a_pixel_that_counts_is_left_out_and_counted(clips: tuple[Frames, Frames, Frames], tmp_path: Path) -> None:
    truth, restored, _ = clips
    network, _ = spynet()
    steady = np.repeat(truth[:1], 5, axis=0)
    chosen = metrics(network, tmp_path, "l1.valid", "l1")
    whole = feed(chosen, {"m": restored}, steady)["m"]
    # Flow out of the image for one pair: its kept file is replaced by such a flow.
    away = [flow(network, steady[1], steady[0]).numpy()[0] + 1000]
    keys = [path.stem for path in tmp_path.rglob("*.npz")]
    assert len(keys) == 1
    assert whole["we.spynet.l1.valid"].facts["pairs"] == 4
    FlowFolder(tmp_path).write(keys[0], away[0])
    mixed = steady.copy()
    mixed[4] = truth[4]
    part = feed(chosen, {"m": restored}, mixed)["m"]["we.spynet.l1.valid"]
    assert list(frame_scores(part)) == [4]
    assert (part.facts["pairs"], part.facts["pairs_left_out"], part.facts["pairs_left_out_at"]) == (1, 3, "1, 2, 3")
    assert math.isfinite(part.value)
    with pytest.raises(InputError, match=r"clip clip: we\.spynet\.l1\.valid has no value: no pixel of any pair"):
        feed(chosen[:1], {"m": restored}, steady)


def test_what_is_too_short_or_too_small_is_an_error(tmp_path: Path) -> None:
    network, _ = spynet()
    for measure in ("l1", "masked"):
        with pytest.raises(InputError, match="compares neighbouring frames and needs 2 of them, not 1"):
            metric(measure, network, tmp_path).start(facts_of(64, 96, frame_count=1))
    with pytest.raises(InputError, match=r"we\.spynet\.l1 needs frames of at least 32x32, but these are 31x128"):
        metric("l1", network, tmp_path).start(facts_of(128, 31))
    with pytest.raises(InputError, match=r"ewarp\.spynet\.masked needs frames of at least 64x64, but these are 63x128"):
        metric("masked", network, tmp_path).start(facts_of(128, 63))


def test_the_scoring_pass_gives_the_same_and_pools_selected_frames(clips: tuple[Frames, Frames, Frames], tmp_path: Path) -> None:
    truth, restored, _ = clips
    network, calls = spynet()
    chosen = metrics(network, tmp_path, "l1", "l1.masked")
    fed = feed(chosen, {"m": restored}, truth)["m"]
    passed = score_clip(ArrayClip("clip", truth), {"m": ArrayClip("clip", restored)}, {"m": chosen})["m"]
    assert passed == fed
    selected = score_clip(ArrayClip("clip", truth), {"m": ArrayClip("clip", restored)}, {"m": chosen}, frames=(0, 3))["m"]
    assert selected["we.spynet.l1"].per_frame == {3: frame_scores(fed["we.spynet.l1"])[3]}
    assert calls.count == 8


def test_the_kept_flow_may_not_be_written_and_the_score_says_so(clips: tuple[Frames, Frames, Frames], tmp_path: Path) -> None:
    truth, restored, _ = clips
    network, _ = spynet()
    (tmp_path / "flow").write_text("in the way")
    blocked = feed(metrics(network, tmp_path / "flow", "l1"), {"m": restored}, truth)["m"]["we.spynet.l1"]
    free = feed(metrics(network, tmp_path / "other", "l1"), {"m": restored}, truth)["m"]["we.spynet.l1"]
    assert blocked.per_frame == free.per_frame
    problem = text_fact(blocked, "flow_not_kept")
    assert "cannot be written" in problem
    assert blocked.notes == (f"we.spynet.l1: the ground truth's flow could not be kept: {problem}",)
    assert free.notes == ()
    assert "flow_not_kept" not in free.facts


def test_structure_weighted_consistency_is_that_of_the_measure(clips: tuple[Frames, Frames, Frames], tmp_path: Path) -> None:
    truth, restored, darker = clips
    network, calls = spynet()
    metric = FlowMetric(FACTS["swc.spynet"], FLOW_MEASURES["swc"], network, FlowFolder(tmp_path))
    scores = feed([metric], {"m": restored, "n": darker, "GT": truth}, truth)
    assert calls.count == 8
    previous, frame, true_previous, true_frame = (levels(each) / 127.5 - 1 for each in (*restored[:2], *truth[:2]))
    flows = flow(network, truth[1], truth[0]), flow(network, truth[0], truth[1])
    onto_frame, onto_previous = structure_weighted_consistency(previous, frame, true_previous, true_frame, *flows)
    expected = (onto_frame + onto_previous).item()
    assert frame_scores(scores["m"]["swc.spynet"])[1] == pytest.approx(expected, rel=1e-5)
    with pytest.raises(InputError, match=r"swc\.spynet needs ground truth"):
        feed([metric], {"m": restored}, None)

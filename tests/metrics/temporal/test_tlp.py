from __future__ import annotations

import numpy as np
import pytest
import torch

from mgld_bench.errors import InputError
from mgld_bench.metrics.catalogue import describe
from mgld_bench.metrics.temporal.tlp import TemporalLpips, temporal_lpips
from mgld_bench.metrics.temporal.tof import centre
from mgld_bench.networks.perceptual.lpips import LPIPS
from tests.helpers.feeding import feed
from tests.helpers.metric_samples import Frames, facts_of
from tests.helpers.scores import frame_scores


@pytest.fixture(scope="module")
def network() -> LPIPS:
    """Random but fixed weights."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = LPIPS("alex").eval().requires_grad_(False)
    for name, parameter in network.named_parameters():
        if name.startswith("lin"):
            parameter.abs_()
    return network


@pytest.fixture
def tlp(network: LPIPS) -> TemporalLpips:
    return TemporalLpips(describe("tlp.alex"), network, "cpu")


def distance(network: LPIPS, first: Frames, second: Frames) -> float:
    images = [
        torch.from_numpy(np.ascontiguousarray(centre(frame))).permute(2, 0, 1)[None].float() / 255 for frame in (first, second)
    ]
    return float(network(*images))


def test_a_score_is_the_difference_of_the_distances_of_neighbouring_frames(
    tlp: TemporalLpips, network: LPIPS, bunny: Frames, degraded: Frames
) -> None:
    truth, restored = bunny[:8, :70, :90], degraded[:8, :70, :90]
    score = feed([tlp], {"m": restored}, truth)["m"]["tlp.alex"]
    assert list(frame_scores(score)) == [3, 4, 5]
    for index, value in frame_scores(score).items():
        theirs, ours = (distance(network, clip[index - 1], clip[index]) for clip in (truth, restored))
        assert value == pytest.approx(100 * abs(theirs - ours), rel=1e-4, abs=1e-5)
        assert value > 1e-3


def test_chunks_change_no_score_and_every_frame_is_encoded_once(
    tlp: TemporalLpips, network: LPIPS, bunny: Frames, degraded: Frames
) -> None:
    truth, both = bunny[:7, :64, :80], {"m": degraded[:7, :64, :80], "n": bunny[:7, 1:65, 1:81]}
    whole = feed([tlp], both, truth, 7)
    encoded = []
    hook = network.features[0].register_forward_hook(lambda *_of_call: encoded.append(1))
    parts = feed([tlp], both, truth, 1)
    hook.remove()
    # Frames 2 to 4 count, of three clips.
    assert len(encoded) == 9
    for method, scores in whole.items():
        assert parts[method]["tlp.alex"].per_frame == pytest.approx(scores["tlp.alex"].per_frame, rel=1e-6)


def test_a_clip_changes_like_itself(tlp: TemporalLpips, bunny: Frames) -> None:
    assert feed([tlp], {"m": bunny[:6, :64, :64]}, bunny[:6, :64, :64])["m"]["tlp.alex"].value == 0
    assert temporal_lpips(0.25, 0.5) == temporal_lpips(0.5, 0.25) == 25


def test_what_is_too_short_or_without_ground_truth_is_an_error(tlp: TemporalLpips, bunny: Frames) -> None:
    with pytest.raises(InputError, match=r"tlp\.alex compares neighbouring frames and needs 6 of them, not 5"):
        tlp.start(facts_of(64, 64, frame_count=5))
    with pytest.raises(InputError, match=r"tlp\.alex needs ground truth"):
        feed([tlp], {"m": bunny[:6, :64, :64]}, None)

from __future__ import annotations

import sys
import threading
from importlib import metadata

import numpy as np
import pytest

from mgld_bench.clips.clip import ArrayClip
from mgld_bench.errors import InputError
from mgld_bench.metrics.catalogue import describe, load_metric, reason_unavailable
from mgld_bench.metrics.cvvdp import variants
from mgld_bench.metrics.metric import Chunk
from mgld_bench.scoring.score_pass import score_clip
from tests.helpers.metric_samples import Frames, facts_of

installed = pytest.mark.skipif(not variants.installed_version(), reason=f"cvvdp is not installed: {variants.INSTALL}")
NAME = "cvvdp.standard_4k"


def score(restored: Frames, reference: Frames, chunk: int = 2) -> float:
    scores = score_clip(ArrayClip("c", reference), {"m": ArrayClip("c", restored)}, {"m": [load_metric(NAME)]}, chunk=chunk)
    return scores["m"][NAME].value


@pytest.fixture(scope="module")
def truth(bunny: Frames) -> Frames:
    return np.ascontiguousarray(bunny[:3, :64, :96])


@pytest.fixture(scope="module")
def restored(degraded: Frames) -> Frames:
    return np.ascontiguousarray(degraded[:3, :64, :96])


@installed
def test_scores_are_those_of_the_package_whatever_the_chunks(truth: Frames, restored: Frames) -> None:
    import pycvvdp
    import torch

    path = list(sys.path)
    model = pycvvdp.cvvdp(display_name="standard_4k", device=torch.device("cpu"), quiet=True)
    expected = float(model.predict(restored, truth, dim_order="FHWC", frames_per_second=25)[0])
    assert [score(restored, truth, chunk) for chunk in (1, 3)] == [pytest.approx(expected, abs=1e-5)] * 2
    assert sys.path == path
    assert score(truth, truth) == 10


@installed
def test_what_is_seen_less_scores_higher(truth: Frames) -> None:
    noise = np.random.default_rng(0).normal(0, 3, truth.shape)
    noisy = [np.clip(truth + factor * noise, 0, 255).astype(np.uint8) for factor in (1, 4)]
    assert 10 > score(noisy[0], truth) > score(noisy[1], truth)


@installed
def test_a_clip_that_is_given_up_leaves_no_thread(truth: Frames, restored: Frames) -> None:
    threads = threading.active_count()
    scorer = load_metric(NAME).start(facts_of(64, 96))
    scorer.add(Chunk(range(3), restored), Chunk(range(3), truth))
    assert threading.active_count() == threads + 1
    scorer.close()
    scorer.close()
    assert threading.active_count() == threads


@installed
def test_an_error_of_the_package_is_raised_where_the_frames_are_given(truth: Frames, restored: Frames) -> None:
    scorer = load_metric(NAME).start(facts_of(64, 96, 3))
    with pytest.raises(RuntimeError):
        scorer.add(Chunk(range(3), restored[:, :40]), Chunk(range(3), truth[:, :40]))
    with pytest.raises(ValueError, match="no more frames"):
        scorer.add(Chunk(range(3), restored), Chunk(range(3), truth))
    with pytest.raises(InputError, match="was not given all of its 3 frames"):
        scorer.finish()
    scorer.close()


def test_without_the_package_one_line_states_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> str:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "version", missing)
    assert reason_unavailable(NAME) == "the package cvvdp is not installed (pip install --no-deps cvvdp==0.5.7)"
    assert describe(NAME).files == {"cvvdp": "0.5.7"}

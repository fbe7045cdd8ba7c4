"""MUSIQ as a metric: pyiqa's network, our reading of its weights."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from mgld_bench.cards.schemas import WeightFile
from mgld_bench.clips.clip import ArrayClip
from mgld_bench.errors import InputError
from mgld_bench.metrics.learned.musiq import MUSIQ, build_network, variants
from mgld_bench.metrics.pyiqa.metric import without_network
from mgld_bench.scoring.score_pass import score_clip
from tests.helpers.metric_samples import Frames, facts_of
from tests.helpers.scores import frame_scores

(VARIANT,) = variants()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of the user's with a weight file as the official one, but random."""
    folder = tmp_path_factory.mktemp("home")
    (folder / "weights").mkdir()
    torch.manual_seed(11)
    with without_network():
        network = build_network()
    torch.nn.init.normal_(network.get_parameter("transformer_encoder.posembed_input.position_emb"))
    torch.save(network.state_dict(), folder / "weights" / "musiq.pth")
    return folder


@pytest.fixture(scope="module")
def metric(home: Path) -> MUSIQ:
    return load(home, "musiq.pth")


def load(home: Path, file: str, crop: int = 0) -> MUSIQ:
    with pytest.MonkeyPatch.context() as patch, without_network():
        patch.setenv("MGLD_BENCH_HOME", str(home))
        built = replace(VARIANT, facts=replace(VARIANT.facts, weights={"network": WeightFile(file=file)})).load(crop)
    assert isinstance(built, MUSIQ)
    return built


def scores(metric: MUSIQ, frames: Frames, chunk: int | None = None) -> list[float]:
    found = score_clip(None, {"m": ArrayClip("clip", frames)}, {"m": [metric]}, chunk=chunk)["m"]["musiq.koniq"]
    return list(frame_scores(found).values())


def test_a_score_is_that_of_pyiqas_network_on_each_frame_alone(metric: MUSIQ, home: Path, bunny: Frames) -> None:
    network = build_network()
    network.load_state_dict(torch.load(home / "weights" / "musiq.pth", weights_only=True))
    with torch.inference_mode():
        images = torch.from_numpy(bunny[:2]).permute(0, 3, 1, 2) / 255
        expected = network.eval()(images).view(-1).tolist()
    assert scores(metric, bunny[:2]) == pytest.approx(expected, abs=1e-5)
    assert expected[0] != expected[1]
    assert scores(metric, bunny[:2], chunk=1) == scores(metric, bunny[:2])


def test_a_crop_is_cut_first(metric: MUSIQ, home: Path, bunny: Frames) -> None:
    inner = np.ascontiguousarray(bunny[:1, 5:-5, 5:-5])
    assert scores(load(home, "musiq.pth", crop=5), bunny[:1]) == scores(metric, inner)


def test_a_file_of_something_else_is_named(home: Path) -> None:
    state = torch.load(home / "weights" / "musiq.pth", weights_only=True)
    torch.save({name: tensor for name, tensor in state.items() if name != "head.bias"}, home / "weights" / "less.pth")
    with pytest.raises(InputError, match=r"less\.pth: not a checkpoint of MUSIQ \(KonIQ\): head\.bias is missing"):
        load(home, "less.pth")
    with pytest.raises(InputError, match=r"absent\.pth is missing"):
        load(home, "absent.pth")


def test_the_memory_estimate_grows_with_the_square_of_large_frames(metric: MUSIQ) -> None:
    small, medium, large = (metric.memory(facts_of(9 * side, 16 * side)).fixed for side in (80, 240, 480))
    # Beside the weights, 0.35 GB were measured for a frame of 720p.
    assert 0.3e9 < small - 108e6 < 0.7e9
    assert large > 10 * medium

"""DOVER on streamed clips, with a small network that has fixed random weights and the views of the real one."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from mgld_bench.cards.schemas import WeightFile
from mgld_bench.clips.clip import ArrayClip
from mgld_bench.errors import InputError
from mgld_bench.metrics.dover import metric as dover_metric
from mgld_bench.metrics.dover import variants as dover
from mgld_bench.metrics.dover.variants import fuse
from mgld_bench.metrics.dover.views import MEAN, STD, AestheticView, TechnicalView, plan_views
from mgld_bench.metrics.metric import Chunk, ClipScore
from mgld_bench.networks.dover.aesthetic import AestheticConfig
from mgld_bench.networks.dover.network import DOVER, DoverConfig, HeadConfig
from mgld_bench.networks.dover.technical import TechnicalConfig
from mgld_bench.scoring.score_pass import score_clip
from mgld_bench.weights.locate import weight_sha256
from tests.helpers.metric_samples import Frames, degrade, facts_of, read_frames

SMALL = DoverConfig(
    TechnicalConfig(
        patch_size=(4, 8, 8), embed_dim=8, depths=(2, 1), num_heads=(1, 1), window_size=(2, 7, 7), fragment_bias_layers=(0,)
    ),
    AestheticConfig(patch_size=(4, 8, 8), depths=(1, 1), dims=(8, 16)),
    HeadConfig(in_channels=16, hidden_channels=4),
)
NAMES = ("dover.fused", "dover.technical", "dover.aesthetic")


def small_network() -> DOVER:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(5)
        network = DOVER(SMALL).eval()
        for name, parameter in network.named_parameters():
            # Raw scores near those of the real network, so that no sigmoid is at its end.
            torch.nn.init.normal_(parameter, std=0.02 if "fc_last" in name else 0.3)
    return network


@pytest.fixture
def metrics(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[dover_metric.Dover]:
    """The three variants, with a small DOVER.pth in a weights folder of its own."""
    (tmp_path / "weights").mkdir()
    torch.save(small_network().state_dict(), tmp_path / "weights/DOVER.pth")
    monkeypatch.setenv("MGLD_BENCH_HOME", str(tmp_path))
    monkeypatch.setattr(dover_metric, "DoverConfig", lambda: SMALL)
    weight = WeightFile(file="DOVER.pth", sha256=weight_sha256(WeightFile(file="DOVER.pth")))
    built = []
    for variant in dover.variants():
        metric = replace(variant, facts=replace(variant.facts, weights={"dover": weight})).load()
        assert isinstance(metric, dover_metric.Dover)
        built.append(metric)
    assert [metric.facts.name for metric in built] == list(NAMES)
    return built


@pytest.fixture(scope="module")
def clip() -> Frames:
    """(36, 240, 400, 3): the fragments have room to move, across at least, and down."""
    frames = read_frames("bigbuckbunny.mp4", 30, 36, 160, 384)
    return np.stack([cv2.resize(frame, (400, 240), interpolation=cv2.INTER_CUBIC) for frame in frames])


def score(
    metrics: Sequence[dover_metric.Dover], frames: Frames, name: str = "bunny", chunk: int | None = None
) -> Mapping[str, ClipScore]:
    scores = score_clip(None, {"method": ArrayClip(name, frames)}, {"method": metrics}, chunk=chunk)["method"]
    assert all(isinstance(found, ClipScore) and found.per_frame is None for found in scores.values())
    return scores


@pytest.mark.parametrize("size", [(240, 400), (192, 320)])
def test_streamed_scores_are_those_of_the_whole_clip(
    metrics: list[dover_metric.Dover], clip: Frames, size: tuple[int, int]
) -> None:
    frames = np.ascontiguousarray(clip[:, : size[0], : size[1]])
    seed = zlib.crc32(b"bunny")
    plan = plan_views(TechnicalView(), AestheticView(), len(frames), *size, seed, seed)
    stack = torch.from_numpy(frames[plan.technical_frames]).permute(3, 0, 1, 2)
    ratio = min(size[0] / 224, size[1] / 224)
    if ratio < 1:
        larger = torch.nn.functional.interpolate(stack / 255.0, scale_factor=1 / ratio, mode="bilinear")
        stack = (larger * 255.0).to(torch.uint8)
    groups = stack.permute(1, 2, 3, 0).numpy().reshape(3, 32, *stack.shape[2:], 3)
    technical = np.stack([[plan.fragments.take(frame, group) for frame in groups[group]] for group in range(3)])
    whole = torch.from_numpy(frames[plan.aesthetic_frames]).permute(0, 3, 1, 2).float()
    aesthetic = torch.nn.functional.interpolate(whole, size=(224, 224), mode="bilinear", antialias=False).round()
    mean, std = torch.tensor(MEAN), torch.tensor(STD)
    network = small_network()
    with torch.inference_mode():
        expected = fuse(
            network.technical((torch.from_numpy(technical).float() - mean) / std).mean().item(),
            network.aesthetic((aesthetic.permute(0, 2, 3, 1)[None] - mean) / std).mean().item(),
        )
    found = score(metrics, frames)
    assert found["dover.fused"].facts["technical_raw"] == pytest.approx(expected.technical_raw, abs=1e-4)
    assert found["dover.fused"].facts["aesthetic_raw"] == pytest.approx(expected.aesthetic_raw, abs=1e-4)
    values = [found[name].value for name in NAMES]
    assert values == pytest.approx([expected.fused, expected.technical, expected.aesthetic], abs=2e-3)
    assert len(set(values)) == 3
    assert all(0.001 < value < 0.999 for value in values)


def test_neither_chunks_nor_other_variants_nor_other_random_numbers_change_a_score(
    metrics: list[dover_metric.Dover], clip: Frames
) -> None:
    wanted = score(metrics, clip)
    for chunk in (1, 7):
        torch.manual_seed(chunk)
        np.random.seed(chunk)
        assert score(metrics, clip, chunk=chunk) == wanted
    for metric in metrics:
        assert score([metric], clip) == {metric.facts.name: wanted[metric.facts.name]}


def test_the_global_random_state_is_left_alone(metrics: list[dover_metric.Dover], clip: Frames) -> None:
    before = np.random.get_state(legacy=False)["state"]["key"].copy(), torch.random.get_rng_state()
    again = dover_metric.Dover(metrics[0].facts, metrics[0].reported, "cpu")
    dover_metric._load(metrics[0].facts.weights["dover"], torch.device("cpu"))
    score([again], clip)
    assert np.array_equal(before[0], np.random.get_state(legacy=False)["state"]["key"])
    assert torch.equal(before[1], torch.random.get_rng_state())


def test_the_seed_is_the_clips_and_the_same_for_every_method(metrics: list[dover_metric.Dover], clip: Frames) -> None:
    bad = degrade(clip)
    scores = score_clip(
        None, {"a": ArrayClip("x", clip), "b": ArrayClip("x", bad), "c": ArrayClip("x", clip)}, dict.fromkeys("abc", metrics)
    )
    assert scores["a"] == scores["c"]
    assert scores["a"]["dover.fused"].value != scores["b"]["dover.fused"].value
    assert {found.facts["seed"] for of_method in scores.values() for found in of_method.values()} == {zlib.crc32(b"x")}
    other = score(metrics, clip, name="y")
    assert other["dover.fused"].facts["seed"] == zlib.crc32(b"y")
    assert other["dover.technical"].value != scores["a"]["dover.technical"].value
    assert other["dover.aesthetic"].value == scores["a"]["dover.aesthetic"].value


def test_variants_share_one_network_and_one_pass(metrics: list[dover_metric.Dover], clip: Frames) -> None:
    network = metrics[0].network
    assert all(metric.network is network for metric in metrics)
    passes: list[str] = []
    handles = [
        getattr(network, branch).register_forward_hook(lambda *_, branch=branch: passes.append(branch))
        for branch in ("technical_head", "aesthetic_head")
    ]
    score(metrics, clip)
    assert passes == ["technical_head"] * 3 + ["aesthetic_head"]
    for handle in handles:
        handle.remove()


@pytest.mark.parametrize(("count", "noted"), [(1, True), (20, True), (31, True), (32, False)])
def test_short_clips_are_scored_as_published_and_noted(
    metrics: list[dover_metric.Dover], clip: Frames, count: int, noted: bool
) -> None:
    scores = score(metrics, clip[:count])
    assert all(("aesthetic_view" in found.facts) == noted for found in scores.values())
    seen = "frame 0 only, as in the authors' code for clips of fewer than 32 frames"
    for name, found in scores.items():
        assert found.notes == ((f"{name}: the aesthetic view sees {seen}",) if noted else ())
    if noted:
        assert scores["dover.fused"].facts["aesthetic_view"] == seen
        assert scores["dover.aesthetic"].value == score(metrics, clip[:1])["dover.aesthetic"].value


def test_anti_aliasing_would_give_another_score(
    metrics: list[dover_metric.Dover], clip: Frames, monkeypatch: pytest.MonkeyPatch
) -> None:
    def smooth(frame: np.ndarray, height: int, width: int) -> np.ndarray:
        planes = torch.from_numpy(frame).permute(2, 0, 1)[None].float()
        resized = torch.nn.functional.interpolate(planes, size=(height, width), mode="bilinear", antialias=True)
        return resized.round().clamp(0, 255).to(torch.uint8)[0].permute(1, 2, 0).numpy()

    large = np.stack([cv2.resize(frame, (1000, 600), interpolation=cv2.INTER_CUBIC) for frame in clip[:3]])
    # Grain is what anti-aliasing takes away.
    large = np.clip(large + np.random.default_rng(1).normal(0, 30, large.shape), 0, 255).astype(np.uint8)
    ours = score(metrics, large)
    monkeypatch.setattr("mgld_bench.metrics.dover.views.squeezed", smooth)
    smoothed = score(metrics, large)
    assert ours["dover.technical"].value == smoothed["dover.technical"].value
    assert abs(ours["dover.aesthetic"].value - smoothed["dover.aesthetic"].value) > 1e-5
    assert all("without anti-aliasing" in metric.facts.definition for metric in metrics if "technical" not in metric.facts.name)


def test_what_cannot_be_scored_is_an_error(metrics: list[dover_metric.Dover], clip: Frames) -> None:
    with pytest.raises(InputError, match=r"metric dover\.fused needs frames of at least 32x32, but these are 31x40"):
        metrics[0].start(facts_of(40, 31))
    scorer = metrics[0].start(facts_of(240, 400, frame_count=36, name="bunny"))
    scorer.add(Chunk(range(30), clip[:30]), None)
    with pytest.raises(InputError, match="clip bunny: DOVER needs frame 30, which it was not given"):
        scorer.finish()


def test_a_weight_file_that_does_not_fit_is_an_error_that_names_the_parameter(
    metrics: list[dover_metric.Dover], tmp_path: Path
) -> None:
    state = small_network().state_dict()
    state["technical_head.fc_last.old"] = state.pop("technical_head.fc_last.bias")
    torch.save(state, tmp_path / "weights/other.pth")
    facts = replace(metrics[0].facts, weights={"dover": WeightFile(file="other.pth")})
    with pytest.raises(InputError, match=r"other\.pth: not a checkpoint of DOVER: technical_head\.fc_last\.bias is missing"):
        dover_metric.Dover(facts, metrics[0].reported, "cpu")


def test_memory_is_bounded_whatever_the_clip(metrics: list[dover_metric.Dover]) -> None:
    assert metrics[0].memory(facts_of(240, 400)) == metrics[0].memory(facts_of(1080, 1920, frame_count=5000))

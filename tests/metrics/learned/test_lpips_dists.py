"""LPIPS and DISTS as metrics: from weight files to scores of clips."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from mgld_bench.cards.schemas import WeightFile
from mgld_bench.clips.clip import ArrayClip
from mgld_bench.errors import InputError
from mgld_bench.metrics.learned import dists, lpips
from mgld_bench.metrics.learned.feature_distance import FeatureDistance
from mgld_bench.metrics.metric import Chunk, Variant
from mgld_bench.networks.perceptual.torchvision_features import alexnet_features, vgg16_features
from mgld_bench.scoring.score_pass import score_clip
from tests.helpers.metric_samples import Frames, facts_of
from tests.helpers.scores import frame_scores

VARIANTS = {variant.facts.name: variant for variant in (*lpips.variants(), *dists.variants())}
FILES = {"lpips.alex": "alexnet-owt-7be5be79.pth", "lpips.vgg": "vgg16-397923af.pth", "dists": "vgg16-397923af.pth"}
Build = Callable[..., FeatureDistance]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of the user's with backbones as torchvision's files have them, but random."""
    folder = tmp_path_factory.mktemp("home")
    (folder / "weights").mkdir()
    torch.manual_seed(7)
    for name, features in (("lpips.alex", alexnet_features()), ("dists", vgg16_features(lambda: nn.MaxPool2d(2)))):
        for module in features:
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight)
        state = {f"features.{key}": tensor for key, tensor in features.state_dict().items()}
        classifier = {"classifier.1.weight": torch.zeros(3, 2), "classifier.1.bias": torch.zeros(3)}
        torch.save({**state, **classifier}, folder / "weights" / FILES[name])
    return folder


@pytest.fixture
def build(home: Path, monkeypatch: pytest.MonkeyPatch) -> Build:
    """Builds a metric from the files of ``home``, which cannot have the sha256 of the real ones."""
    monkeypatch.setenv("MGLD_BENCH_HOME", str(home))

    def built(name: str, crop: int = 0, **weights: WeightFile) -> FeatureDistance:
        variant: Variant = VARIANTS[name]
        files = {**variant.facts.weights, "backbone": WeightFile(file=FILES[name]), **weights}
        metric = replace(variant, facts=replace(variant.facts, weights=files)).load(crop)
        assert isinstance(metric, FeatureDistance)
        return metric

    return built


def network_of(metric: FeatureDistance) -> torch.nn.Module:
    network = metric.loaded.network
    assert isinstance(network, torch.nn.Module)
    return network


def scores(metric: FeatureDistance, restored: Frames, truth: Frames, chunk: int | None = None) -> list[float]:
    clips = {"m": ArrayClip("clip", restored)}
    found = score_clip(ArrayClip("clip", truth), clips, {"m": [metric]}, chunk=chunk)["m"][metric.facts.name]
    assert found.value == pytest.approx(np.mean(list(frame_scores(found).values())))
    return list(frame_scores(found).values())


@pytest.mark.filterwarnings("ignore")
def test_lpips_of_a_clip_is_that_of_the_authors_package(build: Build, home: Path, bunny: Frames, degraded: Frames) -> None:
    import lpips as authors

    metric = build("lpips.alex")
    theirs = authors.LPIPS(net="alex", pnet_rand=True, verbose=False).eval()
    ours = torch.load(home / "weights" / FILES["lpips.alex"])
    theirs.load_state_dict(
        {name: ours[f"features.{name.split('.', 2)[2]}"] for name in theirs.state_dict() if name.startswith("net.")}, strict=False
    )
    with torch.inference_mode():
        expected = [
            theirs(*(torch.from_numpy(frame).permute(2, 0, 1)[None] / 255 for frame in pair), normalize=True).item()
            for pair in zip(degraded[:2], bunny[:2], strict=True)
        ]
    assert scores(metric, degraded[:2], bunny[:2]) == pytest.approx(expected, abs=1e-6)
    assert expected[0] > 0.01


@pytest.mark.parametrize("name", ["lpips.alex", "dists"])
def test_a_score_does_not_depend_on_chunks_or_other_frames(build: Build, name: str, bunny: Frames, degraded: Frames) -> None:
    truth, restored = bunny[:3, :64, :80], degraded[:3, :64, :80]
    metric = build(name)
    together = scores(metric, restored, truth)
    assert scores(metric, restored, truth, chunk=1) == together
    assert scores(metric, restored[1:2], truth[1:2]) == [together[1]]
    ours, theirs = (torch.from_numpy(frames).permute(0, 3, 1, 2) / 255 for frames in (restored, truth))
    with torch.inference_mode():
        # As on a GPU, all frames at once.
        batch = network_of(metric)(ours, theirs).tolist()
    assert batch == pytest.approx(together, abs=1e-6)


@pytest.mark.parametrize("name", ["lpips.alex", "lpips.vgg", "dists"])
def test_the_ground_truths_features_are_computed_once_for_all_methods(
    build: Build, name: str, bunny: Frames, degraded: Frames
) -> None:
    metric = build(name)
    passes: list[torch.Size] = []
    first = network_of(metric).get_submodule("features.0")
    first.register_forward_hook(lambda _module, inputs, _output: passes.append(inputs[0].shape))
    frames = slice(0, 2), slice(0, 64), slice(0, 96)
    clips = {method: ArrayClip("clip", degraded[frames] // strength) for method, strength in (("a", 1), ("b", 2), ("c", 3))}
    found = score_clip(ArrayClip("clip", bunny[frames]), clips, {method: [metric] for method in clips})
    assert passes == [(1, 3, 64, 96)] * 2 * (1 + len(clips))
    values = [found[method][name].value for method in clips]
    assert values == sorted(values)
    assert values[0] > 0


@pytest.mark.parametrize("name", ["lpips.alex", "dists"])
def test_a_crop_is_cut_first(build: Build, name: str, bunny: Frames, degraded: Frames) -> None:
    truth, restored = bunny[:1, :80, :96], degraded[:1, :80, :96]
    inner = scores(build(name), np.ascontiguousarray(restored[:, 8:-8, 8:-8]), np.ascontiguousarray(truth[:, 8:-8, 8:-8]))
    assert scores(build(name, crop=8), restored, truth) == pytest.approx(inner, abs=1e-6)


def test_the_same_frames_have_distance_zero(build: Build, bunny: Frames) -> None:
    for name in VARIANTS:
        assert scores(build(name), bunny[:1, :64, :64], bunny[:1, :64, :64]) == [0]


@pytest.mark.parametrize(("name", "side"), [("lpips.alex", 31), ("lpips.vgg", 16)])
def test_too_small_frames_are_refused(build: Build, name: str, side: int) -> None:
    for crop in (0, 3):
        metric = build(name, crop)
        with pytest.raises(InputError, match=f"{name} needs frames of at least {side + 2 * crop}x"):
            metric.start(facts_of(side - 1 + 2 * crop, 100))
        metric.start(facts_of(side + 2 * crop, 100))
        noise = [np.random.default_rng(seed).integers(0, 256, (1, side + 2 * crop, 100, 3), dtype=np.uint8) for seed in (1, 2)]
        assert np.isfinite(metric.score(Chunk([0], noise[0]), Chunk([0], noise[1])).values).all()


def test_a_file_that_holds_something_else_is_named(build: Build, home: Path) -> None:
    linear = WeightFile(file="lpips/weights/v0.1/vgg.pth", package="lpips")
    with pytest.raises(InputError, match=r"vgg\.pth: not a checkpoint of the linear layers .*: lin1\.model\.1\.weight has shape"):
        build("lpips.alex", linear=linear)
    with pytest.raises(InputError, match=r"vgg16-397923af\.pth: not a checkpoint of the backbone of LPIPS \(alex\)"):
        build("lpips.alex", backbone=WeightFile(file=FILES["dists"]))
    state = torch.load(home / "weights" / FILES["dists"], weights_only=True)
    torch.save({**state, "features.31.weight": torch.zeros(1)}, home / "weights" / "more.pth")
    with pytest.raises(InputError, match=r"more\.pth: .* 31\.weight does not belong"):
        build("dists", backbone=WeightFile(file="more.pth"))
    with pytest.raises(InputError, match=r"absent\.pth is missing"):
        build("dists", backbone=WeightFile(file="absent.pth"))


@pytest.mark.parametrize("name", ["lpips.alex", "lpips.vgg", "dists"])
def test_the_memory_estimate_covers_what_is_kept(build: Build, name: str) -> None:
    metric = build(name)
    with torch.inference_mode():
        stages = tuple(metric.loaded.network.stages(torch.rand(1, 3, 128, 256)))
    maps = [stage if isinstance(stage, torch.Tensor) else stage.maps for stage in stages]
    kept = sum(tensor.nbytes for tensor in maps)
    need = metric.memory(facts_of(128, 256))
    assert kept <= need.per_frame <= 1.3 * kept + 24 * 128 * 256
    assert need.fixed > sum(tensor.nbytes for tensor in network_of(metric).state_dict().values())
    assert metric.memory(facts_of(256, 256)).per_frame == 2 * need.per_frame

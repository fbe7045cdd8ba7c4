"""PSNR, SSIM, LPIPS, DISTS and BRISQUE beside the packages piq and lpips, which share no code with us or with pyiqa.

Both sides get the same weights: fixed random ones for the backbones, whose official files are downloads; the linear layers that
the package lpips carries; DISTS' alpha and beta from the package DISTS-pytorch; LIVE's support vectors for BRISQUE. Definitions
differ in places: each test uses the settings under which they agree, and the last one shows what cannot agree.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from importlib import import_module

import cv2
import lpips
import numpy as np
import numpy.typing as npt
import piq
import pytest
import torch
import torchvision
from fixed_weights import write_fixed_weights
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from mgld_bench.metrics.catalogue import load_metric
from mgld_bench.metrics.metric import Chunk, Metric
from mgld_bench.metrics.natural.statistics import load_model
from mgld_bench.metrics.weight_files import weight_file, weight_files
from mgld_bench.weights.locate import locate
from mgld_bench.weights.reading import read_state_dict
from tests.helpers.metric_samples import degrade, facts_of, read_frames

Frame = npt.NDArray[np.uint8]
Oracle = Callable[[Tensor, Tensor], Tensor]

PIQ_OFFSET = 1e-8
"""What piq's PSNR adds to the squared error on the scale 0..1."""
NETWORKS = {"lpips.alex": ("lpips",), "lpips.vgg": ("lpips", "piq"), "dists": ("piq",)}
"""Which packages have the metric: piq has LPIPS on VGG only."""


@pytest.fixture(scope="module", autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The weight files, without the network."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MGLD_BENCH_HOME", "")
        weight_files.cache_clear()
        write_fixed_weights(tmp_path_factory.mktemp("home"), "alexnet", "vgg16")
        yield
    weight_files.cache_clear()


@pytest.fixture(scope="module")
def metrics(home: None) -> dict[str, Metric]:
    return {name: load_metric(name) for name in ("psnr.rgb", "psnr.y-full", "ssim.rgb", "brisque.pyiqa", *NETWORKS)}


@pytest.fixture(scope="module")
def oracles(home: None) -> dict[tuple[str, str], Oracle]:
    """By metric and package: from two images (1, 3, h, w) in 0..1 to the distance. What they would download is ours."""
    return {
        ("lpips.alex", "lpips"): _authors_lpips("alex", "alexnet"),
        ("lpips.vgg", "lpips"): _authors_lpips("vgg", "vgg16"),
        ("lpips.vgg", "piq"): _piq(piq.LPIPS, [_state("lpips-vgg-linear")[f"lin{row}.model.1.weight"] for row in range(5)]),
        ("dists", "piq"): _piq(piq.DISTS, _state("dists")),
    }


@pytest.fixture(scope="module", autouse=True)
def support_vectors() -> Iterator[None]:
    """LIVE's support vectors in place of piq's download of them."""
    model = load_model("brisque_live.npz")

    def load(_url: str, map_location: torch.device) -> tuple[Tensor, Tensor]:
        # piq transposes the second in place.
        return torch.from_numpy(model["coefficients"].copy()), torch.from_numpy(model["support_vectors"].copy())

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(import_module("piq.brisque"), "load_url", load)
        yield


def _state(name: str) -> dict[str, Tensor]:
    return read_state_dict(locate(weight_file(name)))


def _authors_lpips(backbone: str, file: str) -> Oracle:
    with pytest.MonkeyPatch.context() as patch:
        # Otherwise it prints, and asks torchvision for weights in a way that is deprecated.
        build = getattr(torchvision.models, file)
        patch.setattr(torchvision.models, file, lambda **_: build(weights=None))
        network = lpips.LPIPS(net=backbone, pnet_rand=True, verbose=False)
    weights = _state(file)
    names = [name for name in network.state_dict() if name.startswith("net.")]
    network.load_state_dict({name: weights[f"features.{name.split('.', 2)[2]}"] for name in names}, strict=False)
    network.eval()
    return lambda restored, truth: network(restored, truth, normalize=True)


def _piq(build: Callable[[], nn.Module], own_weights: object) -> Oracle:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch.hub, "load_state_dict_from_url", lambda *_, **__: own_weights)
        patch.setattr(piq.perceptual, "vgg16", lambda **_: torchvision.models.vgg16(weights=None))
        network = build()
    network.get_submodule("model").load_state_dict(
        {name.removeprefix("features."): tensor for name, tensor in _state("vgg16").items() if name.startswith("features.")}
    )
    return network.eval()


@pytest.fixture(scope="module")
def pictures() -> list[tuple[Frame, Frame]]:
    """Pairs of a real frame and what a poor restoration makes of it; 160x160 and 192x256."""
    pairs = []
    for clip, start, top, left in (("bunny", 30, 160, 384), ("bikes", 146, 12, 88)):
        truth = read_frames(f"{'bigbuckbunny' if clip == 'bunny' else clip}.mp4", start, 1, top, left)
        restored = degrade(truth)
        pairs += [(truth[0, :160, :160], restored[0, :160, :160]), (truth[0, :, :256], restored[0, :, :256])]
    return pairs


@st.composite
def made(draw: st.DrawFn, smallest: int = 32, largest: int = 128) -> tuple[Frame, Frame]:
    """A picture with structure at all scales, and a blurred, noisy copy; even sides."""
    height, width = (2 * draw(st.integers(smallest // 2, largest // 2)) for _ in range(2))
    stream = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    picture = np.full((height, width, 3), draw(st.integers(60, 190)), np.float64)
    for step in (2, 4, 8, 16):
        coarse = stream.normal(0, draw(st.integers(5, 25)), (-(-height // step), -(-width // step), 3))
        picture += cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    picture += stream.normal(0, 3, picture.shape)
    blurred = cv2.GaussianBlur(picture, (0, 0), draw(st.floats(0.3, 2.0)))
    restored = blurred + stream.normal(0, draw(st.integers(2, 15)), picture.shape)
    truth, copy = (np.clip(np.rint(image), 0, 255).astype(np.uint8) for image in (picture, restored))
    return truth, copy


def score(metric: Metric, restored: Frame, truth: Frame) -> float:
    scorer = metric.start(facts_of(truth.shape[0], truth.shape[1], frame_count=1))
    scorer.add(Chunk([0], restored[None]), Chunk([0], truth[None]) if metric.facts.needs_reference else None)
    return scorer.finish().value


def levels(frame: Frame) -> Tensor:
    """(1, 3, h, w) float64, 0..255: piq then computes in float64, as PSNR, SSIM and BRISQUE of ours do."""
    return torch.from_numpy(frame.astype(np.float64)).permute(2, 0, 1)[None]


def check_psnr_and_ssim(metrics: dict[str, Metric], restored: Frame, truth: Frame) -> None:
    images = levels(restored), levels(truth)
    for name, grey in (("psnr.rgb", False), ("psnr.y-full", True)):
        error = 10 ** (-score(metrics[name], restored, truth) / 10)
        theirs = piq.psnr(*images, data_range=255, convert_to_greyscale=grey).item()
        # Not rounded luma on both sides; the offset is piq's, and what separates the two at any other tolerance.
        assert -10 * math.log10(error + PIQ_OFFSET) == pytest.approx(theirs, abs=1e-7)
    # Valid area, 11x11, sigma 1.5, mean over channels, no down-sampling.
    theirs = piq.ssim(*images, data_range=255, downsample=False).item()
    assert score(metrics["ssim.rgb"], restored, truth) == pytest.approx(theirs, abs=1e-9)


def check_networks(
    metrics: dict[str, Metric], oracles: dict[tuple[str, str], Oracle], names: list[str], restored: Frame, truth: Frame
) -> None:
    images = [levels(frame).float() / 255 for frame in (restored, truth)]
    for name in names:
        ours = score(metrics[name], restored, truth)
        for package in NETWORKS[name]:
            with torch.inference_mode():
                theirs = oracles[name, package](*images).item()
            # float32 on both sides; DISTS sums some 1500 ratios of variances that may be tiny.
            assert ours == pytest.approx(theirs, abs=1e-6 if name == "dists" else 1e-7, rel=1e-5), (name, package)
            assert ours > 1e-4


def brisque_of_piq(frame: Frame) -> float:
    """piq's defaults are ours: zero padding, 7x7 with sigma 7/6, rounded full-range BT.601 luma, an anti-aliased cubic kernel."""
    return float(piq.brisque(levels(frame), data_range=255))


def without_ties(frame: Frame) -> Frame:
    """The frame with one level of blue changed wherever its luma lies exactly between two integers."""
    ties: npt.NDArray[np.bool_] = frame.astype(np.int64) @ np.array([299, 587, 114]) % 1000 == 500
    changed: Frame = frame.copy()
    np.bitwise_xor(changed[..., 2], 1, out=changed[..., 2], where=ties)
    return changed


def test_psnr_and_ssim_are_those_of_piq(metrics: dict[str, Metric], pictures: list[tuple[Frame, Frame]]) -> None:
    for truth, restored in pictures:
        check_psnr_and_ssim(metrics, restored, truth)


@settings(max_examples=25, deadline=None)
@given(pair=made(smallest=12))
def test_psnr_and_ssim_of_made_frames_are_those_of_piq(metrics: dict[str, Metric], pair: tuple[Frame, Frame]) -> None:
    check_psnr_and_ssim(metrics, pair[1], pair[0])


def test_lpips_and_dists_are_those_of_piq_and_lpips(
    metrics: dict[str, Metric], oracles: dict[tuple[str, str], Oracle], pictures: list[tuple[Frame, Frame]]
) -> None:
    for truth, restored in pictures:
        check_networks(metrics, oracles, list(NETWORKS), restored, truth)


@settings(max_examples=8, deadline=None)
@given(pair=made(largest=96), name=st.sampled_from(list(NETWORKS)))
def test_lpips_and_dists_of_made_frames_are_those_of_piq_and_lpips(
    metrics: dict[str, Metric], oracles: dict[tuple[str, str], Oracle], pair: tuple[Frame, Frame], name: str
) -> None:
    check_networks(metrics, oracles, [name], pair[1], pair[0])


@settings(max_examples=20, deadline=None)
@given(pair=made(smallest=48))
def test_brisque_of_made_frames_is_that_of_piq(metrics: dict[str, Metric], pair: tuple[Frame, Frame]) -> None:
    for frame in map(without_ties, pair):
        assert score(metrics["brisque.pyiqa"], frame, frame) == pytest.approx(brisque_of_piq(frame), abs=1e-6)


def test_brisque_of_real_frames_is_that_of_piq_up_to_round_off(
    metrics: dict[str, Metric], pictures: list[tuple[Frame, Frame]]
) -> None:
    # Round-off decides two things: luma exactly between two integers, and the sign of what should be 0 in flat areas, which the
    # fit counts as if it were structure.
    for frame in (frame for pair in pictures for frame in pair):
        assert score(metrics["brisque.pyiqa"], frame, frame) == pytest.approx(brisque_of_piq(frame), abs=0.1)


def test_what_cannot_agree(metrics: dict[str, Metric], oracles: dict[tuple[str, str], Oracle]) -> None:
    """piq's defaults for larger or odd frames: other definitions, not errors on either side."""
    stream = np.random.default_rng(3)
    noise = stream.integers(0, 256, (391, 385, 3), np.uint8)
    truth, restored = (np.asarray(cv2.GaussianBlur(noise, (0, 0), sigma), np.uint8) for sigma in (0.5, 1.0))
    images = levels(restored), levels(truth)
    # SSIM: from 384 pixels on, piq averages blocks of 2x2 first, unless it is switched off.
    ours = score(metrics["ssim.rgb"], restored, truth)
    assert piq.ssim(*images, data_range=255, downsample=False).item() == pytest.approx(ours, abs=1e-9)
    assert abs(piq.ssim(*images, data_range=255).item() - ours) > 0.05
    # DISTS: from 257 pixels on, piq shrinks the frames to 256; ours scores them as they are.
    with torch.inference_mode():
        shrunk = oracles["dists", "piq"](*(image.float() / 255 for image in images)).item()
    assert abs(shrunk - score(metrics["dists"], restored, truth)) > 1e-3
    # BRISQUE: half of an odd side is rounded down by piq, up by MATLAB and by us.
    assert abs(brisque_of_piq(without_ties(truth)) - score(metrics["brisque.pyiqa"], without_ties(truth), truth)) > 1e-4
    # PSNR: identical frames have 80 dB there, and are infinite here.
    assert piq.psnr(images[0], images[0], data_range=255).item() == pytest.approx(80, abs=1e-6)
    assert score(metrics["psnr.rgb"], restored, restored) == math.inf

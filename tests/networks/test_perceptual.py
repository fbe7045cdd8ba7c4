"""LPIPS and DISTS: the official names, and the values of the authors' packages and of pyiqa on the same weights."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from functools import partial
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import pytest
import torch
import torchvision
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional

from mgld_bench.networks.perceptual.dists import DISTS
from mgld_bench.networks.perceptual.lpips import LPIPS
from mgld_bench.networks.perceptual.torchvision_features import channel_means, fast_layout

FIXTURES = Path(__file__).parents[1] / "parity" / "fixtures" / "metrics"
CONSTANTS = re.compile(r"scaling_layer\..*|lins\..*|mean|std|.*\.filter")
"""What pyiqa's state dicts hold beside the weights: constants, and the linear layers a second time."""


def carried(package: str, file: str) -> dict[str, torch.Tensor]:
    """The real weights inside a package."""
    path = Path(str(distribution(package).locate_file(file)))
    state: dict[str, torch.Tensor] = torch.load(path, map_location="cpu", weights_only=True)
    return state


def official(file: str) -> dict[str, tuple[int, ...]]:
    rows = [line.split("\t") for line in (FIXTURES / file).read_text().splitlines()]
    return {ours(name): ast.literal_eval(shape) for name, shape in rows if not CONSTANTS.fullmatch(name)}


def ours(name: str) -> str:
    """Our name, torchvision's, of one in pyiqa's or an author's network."""
    return re.sub(r"^(net\.slice|stage)\d\.(?=\d)", "features.", name)


def randomise(network: nn.Module) -> None:
    torch.manual_seed(5)
    for module in network.modules():
        if isinstance(module, nn.Conv2d) and module.bias is not None:
            nn.init.kaiming_normal_(module.weight)
            nn.init.normal_(module.bias, std=0.1)


def lpips_network(backbone: str) -> LPIPS:
    network = LPIPS(backbone)  # type: ignore[arg-type]
    randomise(network)
    network.load_state_dict(carried("lpips", f"lpips/weights/v0.1/{backbone}.pth"), strict=False)
    return network.eval()


def dists_network() -> DISTS:
    network = DISTS()
    randomise(network)
    network.load_state_dict(carried("DISTS-pytorch", "DISTS_pytorch/weights.pt"), strict=False)
    return network.eval()


def with_weights_of(network: nn.Module, other: nn.Module) -> nn.Module:
    """``other``, an author's network, with the weights of ours."""
    state = network.state_dict()
    names = [name for name in other.state_dict() if not CONSTANTS.fullmatch(name)]
    assert {ours(name) for name in names} == set(state)
    other.load_state_dict({name: state[ours(name)] for name in names}, strict=False)
    return other.eval()


@pytest.fixture
def untrained(monkeypatch: pytest.MonkeyPatch) -> None:
    """torchvision's networks without their weights, which would have to be downloaded."""
    for name in ("alexnet", "vgg16"):
        build = getattr(torchvision.models, name)
        monkeypatch.setattr(torchvision.models, name, lambda build=build, **_weights: build(weights=None))


@pytest.fixture(scope="module")
def pictures() -> tuple[torch.Tensor, torch.Tensor]:
    """Three pictures and what a poor restoration makes of them."""
    torch.manual_seed(3)
    smooth = functional.interpolate(torch.rand(3, 3, 9, 12), (65, 83), mode="bicubic")
    truth = (smooth + 0.05 * torch.randn_like(smooth)).clamp(0, 1)
    restored = (functional.avg_pool2d(truth, 5, stride=1, padding=2) + 0.03 * torch.randn_like(truth)).clamp(0, 1)
    restored[2] = truth[2]
    return truth, restored


@pytest.mark.parametrize("backbone", ["alex", "vgg"])
def test_lpips_has_the_official_names_and_shapes(backbone: str) -> None:
    with torch.device("meta"):
        network = LPIPS(backbone)  # type: ignore[arg-type]
    assert {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()} == official(
        f"parameters-lpips-{backbone}.tsv"
    )


def test_dists_has_the_official_names_and_shapes() -> None:
    with torch.device("meta"):
        network = DISTS()
    assert {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()} == official("parameters-dists.tsv")


@pytest.mark.parametrize(("backbone", "build"), [("alex", "alexnet"), ("vgg", "vgg16")])
def test_the_backbones_names_are_those_of_torchvision(backbone: str, build: str) -> None:
    with torch.device("meta"):
        theirs = getattr(torchvision.models, build)(weights=None).state_dict()
        network = LPIPS(backbone).state_dict()  # type: ignore[arg-type]
    kept = {name: tensor.shape for name, tensor in theirs.items() if not name.startswith("classifier.")}
    assert kept == {name: tensor.shape for name, tensor in network.items() if not name.startswith("lin")}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("backbone", ["alex", "vgg"])
def test_lpips_is_that_of_its_authors(backbone: str, pictures: tuple[torch.Tensor, torch.Tensor]) -> None:
    import lpips

    network = lpips_network(backbone)
    theirs = with_weights_of(network, lpips.LPIPS(net=backbone, pnet_rand=True, verbose=False))
    truth, restored = pictures
    with torch.inference_mode():
        expected = theirs(restored, truth, normalize=True).view(-1)
        torch.testing.assert_close(network(restored, truth), expected, rtol=1e-5, atol=1e-7)
        assert expected[0] > 1e-3


@pytest.mark.usefixtures("untrained")
@pytest.mark.filterwarnings("ignore")
def test_dists_is_that_of_its_authors(pictures: tuple[torch.Tensor, torch.Tensor]) -> None:
    from DISTS_pytorch import DISTS as AUTHORS

    network = dists_network()
    theirs = with_weights_of(network, AUTHORS(load_weights=False))
    truth, restored = pictures
    with torch.inference_mode():
        expected = theirs(restored, truth)
        torch.testing.assert_close(network(restored, truth), expected, rtol=0, atol=1e-6)
        assert expected[0] > 1e-3


@pytest.mark.usefixtures("untrained")
@pytest.mark.filterwarnings("ignore")
def test_both_are_those_of_pyiqa(pictures: tuple[torch.Tensor, torch.Tensor]) -> None:
    pytest.importorskip("pyiqa")
    from pyiqa.archs import dists_arch, lpips_arch

    networks: list[tuple[Any, nn.Module]] = [
        (lpips_network("alex"), lpips_arch.LPIPS(net="alex", pretrained=False)),
        (lpips_network("vgg"), lpips_arch.LPIPS(net="vgg", pretrained=False)),
        (dists_network(), dists_arch.DISTS(pretrained=False)),
    ]
    truth, restored = pictures
    for network, theirs in networks:
        with_weights_of(network, theirs)
        with torch.inference_mode():
            torch.testing.assert_close(network(restored, truth), theirs(restored, truth).view(-1), rtol=0, atol=1e-6)


@pytest.mark.parametrize("make", [partial(lpips_network, "alex"), dists_network], ids=["lpips", "dists"])
def test_a_distance_is_zero_for_the_same_and_symmetric_and_of_each_pair_alone(
    make: Callable[[], Any], pictures: tuple[torch.Tensor, torch.Tensor]
) -> None:
    network, (truth, restored) = make(), pictures
    with torch.inference_mode():
        together = network(restored, truth)
        assert together[2] == 0
        assert (together[:2] > 1e-3).all()
        torch.testing.assert_close(network(truth, restored), together, rtol=0, atol=1e-7)
        alone = torch.cat([network(restored[[row]], truth[[row]]) for row in range(3)])
        torch.testing.assert_close(alone, together, rtol=0, atol=1e-6)


@pytest.mark.parametrize("make", [partial(lpips_network, "vgg"), dists_network], ids=["lpips", "dists"])
def test_what_is_kept_of_the_ground_truth_is_not_changed(
    make: Callable[[], Any], pictures: tuple[torch.Tensor, torch.Tensor]
) -> None:
    network = make()
    truth, restored = (images[:1].clone() for images in pictures)
    with torch.inference_mode():
        kept = tuple(network.stages(truth))
        first = network.compare(network.stages(restored), kept)
        assert torch.equal(network.compare(network.stages(restored), kept), first)
        assert torch.equal(network(restored, truth), first)
        assert torch.equal(truth, pictures[0][:1])
        assert torch.equal(restored, pictures[1][:1])


@settings(max_examples=30, deadline=None)
@given(
    count=st.integers(1, 3),
    channels=st.integers(1, 70),
    height=st.integers(1, 40),
    width=st.integers(1, 300),
    seed=st.integers(0, 9),
)
def test_means_of_strips_are_means_of_the_whole(count: int, channels: int, height: int, width: int, seed: int) -> None:
    maps = fast_layout(torch.randn(count, channels, height, width, generator=torch.Generator().manual_seed(seed)))
    found = channel_means(lambda rows: maps[:, :, rows].square(), maps)
    torch.testing.assert_close(found, maps.double().square().mean((2, 3)).float(), rtol=1e-5, atol=1e-6)

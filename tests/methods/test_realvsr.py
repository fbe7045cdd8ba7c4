"""RealVSR as a method: colours, windows, enlargement, tiles, files."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from pydantic import ValidationError
from torch import Tensor

from mgld_bench.cards.loader import load_method
from mgld_bench.clips.clip import ArrayClip, Clip, Frame
from mgld_bench.errors import InputError
from mgld_bench.methods.bases.pictures import to_frame, to_pictures, window_around
from mgld_bench.methods.bicubic import enlarge
from mgld_bench.methods.compute import Compute
from mgld_bench.methods.realvsr import RealVSROptions, RealVSRRestorer, rgb_to_ycbcr, ycbcr_to_rgb
from mgld_bench.metrics.fidelity.luma import luma
from mgld_bench.networks.edvr import EDVRNoUp, ModulatedDeformableConvolution
from mgld_bench.networks.sizes.edvr import EDVRNoUpConfig
from mgld_bench.restoring.loading import load_untrained, parse_options

TINY = EDVRNoUpConfig(features=8, groups=2, front_blocks=1, back_blocks=1)


def restorer(compute: Compute | None = None, network: EDVRNoUpConfig = TINY, **options: Any) -> RealVSRRestorer:
    return RealVSRRestorer(RealVSROptions(network=network, **options), None, compute or Compute())


def moving(frames: int, height: int = 9, width: int = 14) -> ArrayClip:
    """Smooth colours that move, with noise."""
    random = np.random.default_rng(frames * height * width)
    place = np.add.outer(np.arange(height), np.arange(width))[None, :, :, None] + 3 * np.arange(frames)[:, None, None, None]
    colours = 128 + 90 * np.sin(place / np.array([3.0, 4.0, 5.0])) + random.normal(0, 8, (frames, height, width, 3))
    return ArrayClip("moving", np.clip(colours, 0, 255).astype(np.uint8))


@pytest.mark.parametrize(
    ("rgb", "ycbcr"),
    [
        # BT.601, studio range: black, white, the primaries.
        ((0, 0, 0), (16, 128, 128)),
        ((255, 255, 255), (235, 128, 128)),
        ((255, 0, 0), (81, 90, 240)),
        ((0, 255, 0), (145, 54, 34)),
        ((0, 0, 255), (41, 240, 110)),
    ],
)
def test_colours(rgb: tuple[int, ...], ycbcr: tuple[int, ...]) -> None:
    frame = np.array([[rgb]], np.uint8)
    assert tuple(rgb_to_ycbcr(frame)[0, 0]) == ycbcr
    back = ycbcr_to_rgb(to_pictures([rgb_to_ycbcr(frame)]))[0]
    assert np.abs(to_frame(back).astype(int) - frame).max() <= 2


def test_a_value_between_two_levels_goes_to_the_even_one_whatever_the_order_of_the_sum() -> None:
    # The authors' matrix, exact. Python's round() of a fraction is half to even.
    matrix = [("65.481", "128.553", "24.966"), ("-37.797", "-74.203", "112"), ("112", "-93.786", "-18.214")]
    rows = [[Fraction(weight) for weight in row] for row in matrix]
    colours = np.stack(np.meshgrid(np.arange(256), np.arange(256), np.arange(256), indexing="ij"), -1).reshape(-1, 3)
    between = [np.abs((colours @ np.array(row, float) / 255) % 1 - 0.5) < 1e-9 for row in matrix]
    assert [int(of_plane.sum()) for of_plane in between] == [194, 0, 12]
    assert any((colours[between[0]] == (217, 89, 91)).all(1))
    chosen = colours[between[0] | between[2]]
    exact = [
        [
            sum(w * int(c) for w, c in zip(row, colour, strict=True)) / 255 + offset
            for row, offset in zip(rows, (16, 128, 128), strict=True)
        ]
        for colour in chosen
    ]
    expected = [[round(level) for level in levels] for levels in exact]
    np.testing.assert_array_equal(rgb_to_ycbcr(chosen[None].astype(np.uint8))[0], expected)
    assert rgb_to_ycbcr(np.array([[[217, 89, 91]]], np.uint8))[0, 0, 0] == 126


def test_y_is_the_luma_of_the_metrics() -> None:
    frame = np.random.default_rng(1).integers(0, 256, (40, 50, 3), dtype=np.uint8)
    np.testing.assert_array_equal(rgb_to_ycbcr(frame)[..., 0], np.rint(luma(frame[None], "limited")[0]))


def test_the_way_back_has_the_authors_rounded_constants() -> None:
    # Y, Cb, Cr = 100, 150, 180 of 255, by hand: 255 * (0.00456621 * 100 + 0.00625893 * 180) - 222.921 and so on.
    picture = torch.tensor([100.0, 150.0, 180.0]).view(3, 1, 1) / 255
    rgb = 255 * ycbcr_to_rgb(picture).flatten()
    torch.testing.assert_close(rgb, torch.tensor([180.8022, 46.9159, 142.1870]), rtol=0, atol=2e-3)


def plainly(method: RealVSRRestorer, frames: list[Frame], border: str) -> list[Tensor]:
    """The network's outputs, each window by itself; frames with sides that are multiples of 4."""
    pictures = [to_pictures([rgb_to_ycbcr(frame)])[0] for frame in frames]
    outputs = []
    for index in range(len(frames)):
        window = torch.stack([pictures[other] for other in window_around(index, len(frames), 3, border)])  # type: ignore[arg-type]
        with torch.no_grad():
            outputs.append(method.network(window[None])[0])
    return outputs


@pytest.mark.parametrize("border", ["new_info", "replicate"])
def test_enlarged_first_each_window_is_sharpened_at_full_size(border: str) -> None:
    clip, method = moving(4, 5, 7), restorer(border=border)
    large = [enlarge(frame, 4) for frame in clip.frames()]
    expected = plainly(method, large, border)
    outputs = list(method.outputs(clip, 0))
    torch.testing.assert_close(torch.stack(outputs), torch.stack(expected), rtol=1e-4, atol=1e-5)
    frames = list(method.restore(clip))
    assert [frame.shape for frame in frames] == [(20, 28, 3)] * 4
    for frame, output, bicubic in zip(frames, outputs, large, strict=True):
        np.testing.assert_array_equal(frame, to_frame(ycbcr_to_rgb(output)))
        assert (frame != bicubic).any()


def test_enlarged_last_odd_sides_are_padded_with_their_last_rows_and_columns() -> None:
    clip, method = moving(3), restorer(enlarge="last")
    padded = [np.pad(frame, ((0, 3), (0, 2), (0, 0)), "edge") for frame in clip.frames()]
    expected = plainly(method, padded, "new_info")
    frames = list(method.restore(clip))
    assert [frame.shape for frame in frames] == [(36, 56, 3)] * 3
    for frame, output in zip(frames, expected, strict=True):
        sharpened = to_frame(ycbcr_to_rgb(output[:, :9, :14]))
        # The sums of windows that share features may differ in the last place, which can round to the next level.
        difference = np.abs(frame.astype(int) - enlarge(sharpened, 4))
        assert difference.max() <= 2
        assert (difference > 0).mean() < 0.02


def test_borders_differ_at_the_ends_only() -> None:
    clip = moving(4)
    new_info, replicate = (
        np.stack(list(restorer(border=border, enlarge="last").restore(clip))) for border in ("new_info", "replicate")
    )
    different = (new_info != replicate).any((1, 2, 3))
    assert different.tolist() == [True, False, False, True]


@pytest.mark.parametrize("frames", [1, 2])
def test_clips_shorter_than_the_window(frames: int) -> None:
    clip, method = moving(frames), restorer(enlarge="last")
    restored = np.stack(list(method.restore(clip)))
    assert restored.shape == (frames, 36, 56, 3)
    assert "shorter than a window of 3 frames" in method.notes(clip)["window"]
    assert method.notes(moving(3)) == {}
    if frames == 1:
        # As a clip that stands still.
        still = ArrayClip("still", np.repeat(clip.frame(0)[None], 3, 0))
        np.testing.assert_array_equal(restored[0], next(method.restore(still, 1)))


@pytest.mark.parametrize("border", ["new_info", "replicate"])
def test_any_start_gives_the_same_frames(border: str) -> None:
    clip, method = moving(5), restorer(border=border, enlarge="last")
    whole = np.stack(list(method.restore(clip)))
    for start in range(6):
        rest = list(method.restore(clip, start))
        assert len(rest) == 5 - start
        for frame, expected in zip(rest, whole[start:], strict=True):
            np.testing.assert_array_equal(frame, expected)


def test_clamping_before_the_way_back_to_rgb_changes_only_what_lies_outside() -> None:
    output = torch.tensor([[0.5, 1.2], [0.5, 0.5], [0.5, -0.3]]).view(3, 1, 2)
    free, clamped = (restorer(clamp_before_rgb=clamp).to_rgb(output) for clamp in (False, True))
    assert torch.equal(free[..., 0], clamped[..., 0])
    torch.testing.assert_close(clamped[..., 1], ycbcr_to_rgb(torch.tensor([1.0, 0.5, 0.0]).view(3, 1, 1))[..., 0])
    assert (free[..., 1] - clamped[..., 1]).abs().max() > 0.1


def long_clip() -> Clip:
    return moving(3, height=24, width=330)


def fitting(height: int, width: int) -> Compute:
    return Compute(max_memory=height * width * RealVSRRestorer.memory_per_pixel)


def test_tiles_equal_the_whole_frame_as_long_as_displacements_stay_within_what_is_seen() -> None:
    clip = long_clip()
    assert restorer(fitting(24, 332), enlarge="last").notes(clip) == {}
    # 44 pixels for what convolutions see of this small network, and 28 for motion.
    little = restorer(fitting(24, 64 + 2 * 72), enlarge="last")
    assert little.notes(clip)["tile"].startswith("64 px with 72 px around it, because a whole frame does not fit")
    whole = torch.stack(list(restorer(enlarge="last").outputs(clip, 0)))
    tiled = torch.stack(list(little.outputs(clip, 0)))
    assert tiled.shape == (3, 3, 24, 330)
    torch.testing.assert_close(tiled, whole, rtol=1e-4, atol=1e-5)
    np.testing.assert_array_equal(np.stack(list(little.restore(clip, 1))), np.stack(list(little.restore(clip)))[1:])


def test_tiles_differ_where_displacements_lead_out_of_what_is_seen() -> None:
    clip = long_clip()
    outputs = []
    for compute in (Compute(), fitting(24, 64 + 2 * 72)):
        method = restorer(compute, enlarge="last")
        for module in method.network.modules():
            if isinstance(module, ModulatedDeformableConvolution):
                module.conv_offset_mask.bias[1 : module.displacements : 2] = 40.0  # type: ignore[index]  # it has a bias
        outputs.append(torch.stack(list(method.outputs(clip, 0))))
    assert (outputs[0] - outputs[1]).abs().max() > 1e-3


def test_not_even_the_smallest_tile_fits() -> None:
    method = restorer(Compute(max_memory=10_000_000), enlarge="last")
    with pytest.raises(InputError, match=r"clip moving: a tile of 64 px .* allow more memory"):
        next(method.restore(long_clip()))


def test_an_official_file_is_read_with_and_without_the_prefix_of_parallel_training(tmp_path: Path) -> None:
    torch.manual_seed(1)
    network = EDVRNoUp(TINY)
    clip, path = moving(3), tmp_path / "edvr.pth"
    restored = []
    for prefix in ("", "module."):
        torch.save({prefix + name: tensor for name, tensor in network.state_dict().items()}, path)
        method = RealVSRRestorer(RealVSROptions(enlarge="last", network=TINY), {"network": path}, Compute())
        assert all(torch.equal(tensor, network.state_dict()[name]) for name, tensor in method.network.state_dict().items())
        restored.append(np.stack(list(method.restore(clip))))
    np.testing.assert_array_equal(restored[0], restored[1])
    with pytest.raises(InputError, match=r"edvr\.pth: not a checkpoint of RealVSR \(EDVR_NoUp\): .* has shape"):
        RealVSRRestorer(RealVSROptions(), {"network": path}, Compute())


def test_in_half_precision_deformable_convolutions_stay_in_float32() -> None:
    method, clip = restorer(enlarge="last"), moving(3)
    expected = torch.stack(list(method.outputs(clip, 0)))
    # A CPU is refused half precision as a device; the same placing in bfloat16 runs there nevertheless.
    method.dtype = torch.bfloat16
    method.network = method.place(method.network)  # type: ignore[assignment]
    types = {name: parameter.dtype for name, parameter in method.network.named_parameters()}
    assert {name for name, dtype in types.items() if dtype == torch.float32} == {name for name in types if "dcnpack" in name}
    outputs = torch.stack(list(method.outputs(clip, 0)))
    assert outputs.dtype == torch.float32
    assert 0 < (outputs - expected).abs().max() < 0.02


def test_a_window_needs_a_middle_and_groups_have_to_divide_the_features() -> None:
    with pytest.raises(ValidationError, match="an odd number of frames"):
        RealVSROptions.model_validate({"network": {"frames": 4}})
    with pytest.raises(ValidationError, match="a multiple of groups"):
        RealVSROptions.model_validate({"network": {"features": 20}})


def test_the_cards_name_the_two_readings_of_the_paper_s_row() -> None:
    first, last = load_method("realvsr"), load_method("realvsr-enlarge-last")
    assert parse_options(first).model_dump() == RealVSROptions().model_dump()
    assert parse_options(last).model_dump() == RealVSROptions(enlarge="last").model_dump()
    assert first.weights == last.weights
    assert first.publication.trained_on == ("RealVSR",)
    method = load_untrained(last, Compute())
    assert {
        role: sum(parameter.numel() for parameter in network.parameters()) for role, network in method.networks().items()
    } == {"network": 2_692_643}

"""BasicVSR and RealBasicVSR on their own."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from mgld_bench.methods.bases.network_restorer import fill_with_fixed_weights
from mgld_bench.networks.basicvsr import BasicVSR
from mgld_bench.networks.realbasicvsr import RealBasicVSR
from mgld_bench.networks.sizes.basicvsr import BasicVSRConfig, RealBasicVSRConfig
from mgld_bench.networks.spynet import basicsr_names
from tests.helpers.official_names import official_shapes
from tests.helpers.plain_realbasicvsr import basicvsr, realbasicvsr


def tiny(threshold: float = 255, passes: int = 3) -> RealBasicVSR:
    network = RealBasicVSR(RealBasicVSRConfig(6, 2, 1), threshold, passes)
    fill_with_fixed_weights(network, gain=0.9)
    for name, tensor in network.state_dict().items():
        if name.endswith("bias"):
            tensor.copy_(torch.linspace(-0.1, 0.2, tensor.numel()))
    return network


def clip(count: int, height: int = 35, width: int = 44) -> Tensor:
    return torch.rand(count, 3, height, width, generator=torch.Generator().manual_seed(count))


def run(network: torch.nn.Module, frames: Tensor) -> Tensor:
    with torch.inference_mode():
        output: Tensor = network(frames[None])[0]
    return output


def differ(one: Tensor, other: Tensor) -> float:
    return float((one - other).detach().abs().max() / other.detach().std())


def test_names_and_shapes_are_the_official_ones() -> None:
    with torch.device("meta"):
        network = RealBasicVSR(RealBasicVSRConfig())
    official = official_shapes("realbasicvsr")
    in_file = basicsr_names({name: torch.empty(shape, device="meta") for name, shape in official.items()})
    shapes = {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}
    constants = {f"basicvsr.spynet.{name}": (1, 3, 1, 1) for name in ("mean", "std")}
    assert shapes | constants == {name: tuple(tensor.shape) for name, tensor in in_file.items()}
    # The count of the papers: 6.3 M.
    assert sum(parameter.numel() for parameter in network.parameters()) == 6_294_834


@pytest.mark.parametrize("count", [1, 2, 4])
def test_one_recurrence_is_what_a_plain_implementation_computes(count: int) -> None:
    network, frames = tiny(), clip(count)
    expected = realbasicvsr(network.state_dict(), frames, threshold=255)
    assert expected.shape == (count, 3, 140, 176)
    assert differ(run(network, frames), expected) < 2e-5


def test_frames_that_are_cleaned_and_matched_together_as_on_a_gpu_are_those_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    network, frames = tiny(threshold=20), clip(4)
    expected, late = run(network, frames), torch.stack(list(network.basicvsr.stream(frames[:, None].unbind(), 2)))
    for module in ("basicvsr", "realbasicvsr"):
        monkeypatch.setattr(f"mgld_bench.networks.{module}.frames_at_once", lambda _frames: 3)
    assert differ(run(network, frames), expected) < 2e-5
    assert differ(torch.stack(list(network.basicvsr.stream(frames[:, None].unbind(), 2))), late) < 2e-5


def test_a_mirrored_clip_needs_no_shortcut() -> None:
    network, half = BasicVSR(BasicVSRConfig(6, 1)), clip(2)
    fill_with_fixed_weights(network)
    frames = torch.cat([half, half.flip(0)])
    assert differ(run(network, frames), basicvsr(network.state_dict(), frames)) < 2e-5


@pytest.mark.parametrize("passes", [1, 2, 3])
def test_cleaning_stops_once_the_mean_change_of_all_frames_is_below_the_threshold(passes: int) -> None:
    frames = clip(3)
    changes = []
    network = tiny(threshold=0)
    network.image_cleaning.register_forward_hook(lambda _module, _inputs, residue: changes.append(residue.abs().mean()))
    with torch.inference_mode():
        network.clean(frames.split(1))
    means = torch.stack(changes).view(3, 3).mean(1)
    # The frames of one pass differ, so that the threshold can lie between the mean and the largest of them.
    assert means[0] > means[1] > means[2]
    threshold = 255 * float(means[passes - 1]) * 1.0001
    counted: list[int] = []
    refined = tiny(threshold)
    refined.image_cleaning.register_forward_hook(lambda *_: counted.append(1))
    output = run(refined, frames)
    assert len(counted) == 3 * passes
    assert differ(output, realbasicvsr(refined.state_dict(), frames, threshold)) < 2e-5


def test_the_number_of_passes_has_a_limit() -> None:
    frames = clip(2)
    expected = realbasicvsr(tiny().state_dict(), frames, threshold=0, passes=2)
    assert differ(run(tiny(threshold=0, passes=2), frames), expected) < 2e-5


def test_the_caller_s_frames_stay_as_they_are() -> None:
    frames = clip(2)
    before = frames.clone()
    run(tiny(threshold=0), frames)
    assert torch.equal(frames, before)


def test_a_stream_from_later_on_gives_the_same_frames() -> None:
    network, frames = tiny().basicvsr, clip(4).split(1)
    with torch.inference_mode():
        whole = list(network.stream(frames))
        for first in range(1, 5):
            rest = list(network.stream(frames, first, torch.device("cpu")))
            assert len(rest) == 4 - first
            assert all(torch.equal(one, other) for one, other in zip(rest, whole[first:], strict=True))


def test_clips_of_a_batch_do_not_see_each_other() -> None:
    network = tiny()
    clips = torch.stack([clip(2), clip(2).flip(3)])
    with torch.inference_mode():
        together = network(clips)
    for alone, output in zip(clips, together, strict=True):
        assert differ(run(network, alone), output) < 2e-5


def test_frames_as_small_as_one_pixel_are_restored() -> None:
    assert run(tiny(), clip(2, 1, 1)).shape == (2, 3, 4, 4)


def test_trunks_in_half_precision_with_flow_in_full() -> None:
    network, frames = tiny(), clip(3)
    expected = run(network, frames)
    for part in (network.image_cleaning, *network.basicvsr.children()):
        if part is not network.basicvsr.spynet:
            part.bfloat16()
    types: set[torch.dtype] = set()
    network.basicvsr.spynet.register_forward_hook(lambda _module, inputs, flow: types.update((inputs[0].dtype, flow.dtype)))
    output = run(network, frames)
    assert types == {output.dtype} == {torch.float32}
    # bfloat16 has 8 significant bits.
    assert 1e-4 < differ(output, expected) < 0.5

"""The BasicVSR and RealBasicVSR restorers on small networks: windows, resuming, memory, refinement, checkpoints."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from mgld_bench.cards.loader import load_method
from mgld_bench.clips.clip import ArrayClip, Clip, Frame
from mgld_bench.errors import InputError
from mgld_bench.methods.bases.network_restorer import fill_with_fixed_weights
from mgld_bench.methods.bases.pictures import to_frame, to_pictures
from mgld_bench.methods.bases.recurrent import STEP_BYTES, RecurrenceMemory, plan_recurrence
from mgld_bench.methods.basicvsr import BasicVSROptions, BasicVSRRestorer
from mgld_bench.methods.compute import Compute
from mgld_bench.methods.realbasicvsr import RealBasicVSROptions, RealBasicVSRRestorer
from mgld_bench.networks.realbasicvsr import RealBasicVSR
from mgld_bench.networks.sizes.basicvsr import RealBasicVSRConfig
from mgld_bench.restoring.loading import parse_options

TINY = RealBasicVSRConfig(mid_channels=4, num_propagation_blocks=1, num_cleaning_blocks=1)


def realbasicvsr(compute: Compute | None = None, weights: dict[str, Path] | None = None, **options: Any) -> RealBasicVSRRestorer:
    # Biases are what the network was built with.
    torch.manual_seed(5)
    return RealBasicVSRRestorer(RealBasicVSROptions(network=TINY, **options), weights, compute or Compute())


@pytest.fixture(scope="module")
def clip(ground_truth: Clip) -> Clip:
    """Five frames of 24 x 32: a window that moves over a real frame."""
    frame = ground_truth.frame(0)
    return ArrayClip("moving", np.stack([frame[4 * i : 4 * i + 24, 6 * i : 6 * i + 32] for i in range(5)]))


def frames_of(restorer: RealBasicVSRRestorer | BasicVSRRestorer, clip: Clip, start: int = 0) -> np.ndarray:
    return np.stack(list(restorer.restore(clip, start)))


def part(clip: Clip, start: int, stop: int) -> Clip:
    return ArrayClip("part", np.stack(list(clip.frames(start, stop))))


def directly(network: torch.nn.Module, clip: Clip) -> list[Frame]:
    """What the network gives for the whole clip in one call."""
    frames = to_pictures(list(clip.frames()))
    with torch.inference_mode():
        return [to_frame(frame) for frame in network(frames[None])[0]]


def assert_nearly_equal(frames: np.ndarray, expected: list[Frame]) -> None:
    """But for sums in another order, which few pixels show."""
    difference = np.abs(frames.astype(int) - np.stack(expected))
    assert difference.max() <= 1
    assert difference.mean() < 1e-3


def test_a_whole_clip_is_one_call_of_the_network(clip: Clip) -> None:
    restorer = realbasicvsr()
    restored = frames_of(restorer, clip)
    assert restored.shape == (5, 96, 128, 3)
    np.testing.assert_array_equal(restored, directly(restorer.network, clip))
    np.testing.assert_array_equal(frames_of(realbasicvsr(window=99), clip), restored)


def test_a_window_is_a_clip_of_its_own(clip: Clip) -> None:
    restored = frames_of(realbasicvsr(window=2), clip)
    parts = [frames_of(realbasicvsr(), part(clip, start, min(start + 2, 5))) for start in (0, 2, 4)]
    np.testing.assert_array_equal(restored, np.concatenate(parts))
    assert not np.array_equal(restored[1], frames_of(realbasicvsr(), clip)[1])


@pytest.mark.parametrize("window", [0, 2, 3])
def test_any_start_gives_the_same_frames(clip: Clip, window: int) -> None:
    restorer = realbasicvsr(window=window, refinement_threshold=0)
    whole = frames_of(restorer, clip)
    for finished in range(1, 5):
        assert restorer.resume_point(finished) == finished
        np.testing.assert_array_equal(frames_of(restorer, clip, finished), whole[finished:])
    assert list(restorer.restore(clip, 5)) == []


def test_a_single_frame_is_restored(clip: Clip) -> None:
    single = part(clip, 2, 3)
    restorer = realbasicvsr()
    np.testing.assert_array_equal(frames_of(restorer, single), directly(restorer.network, single))


def test_refinement_changes_frames_and_has_a_limit(clip: Clip) -> None:
    once, often = frames_of(realbasicvsr(), clip), frames_of(realbasicvsr(refinement_threshold=0), clip)
    assert not np.array_equal(once, often)
    np.testing.assert_array_equal(frames_of(realbasicvsr(refinement_threshold=0, refinement_iterations=1), clip), once)
    refined = realbasicvsr(refinement_threshold=0)
    network = RealBasicVSR(TINY, dynamic_refine_thres=0)
    network.load_state_dict(refined.network.state_dict())
    assert_nearly_equal(often, directly(network, clip))


MEMORY = RecurrenceMemory(step=1000, frame=10, features=90)
CPU = "cpu"


def test_windows_are_equal_and_as_few_as_the_memory_allows(clip: Clip) -> None:
    pixels = 32 * 32
    for allowed, window in ((5, 5), (4, 3), (3, 3), (2, 2), (1, 1)):
        compute = Compute(max_memory=pixels * (1000 + allowed * 100))
        assert plan_recurrence(clip.size, 0, MEMORY, CPU, compute).window == window
        # A window that was asked for is taken.
        assert plan_recurrence(clip.size, 4, MEMORY, CPU, compute).window == 4
    with pytest.raises(InputError, match="one frame of 32 x 24 takes about 1 MB, 1 MB are allowed"):
        plan_recurrence(clip.size, 0, MEMORY, CPU, Compute(max_memory=pixels * 1000))


def test_another_device_keeps_features_in_the_host_s_memory_where_its_own_is_too_small(clip: Clip) -> None:
    pixels, device = 32 * 32, "cuda"
    plan = plan_recurrence(clip.size, 0, MEMORY, device, Compute(max_memory=pixels * 1500))
    assert (plan.window, plan.store) == (5, device)
    plan = plan_recurrence(clip.size, 0, MEMORY, device, Compute(max_memory=pixels * 1499))
    assert (plan.window, plan.store) == (5, CPU)
    plan = plan_recurrence(clip.size, 0, MEMORY, device, Compute(max_memory=pixels * 1049))
    assert (plan.window, plan.store) == (3, CPU)


def test_little_memory_brings_windows_and_a_note(clip: Clip) -> None:
    # Per frame and pixel: four channels of features and three of the frame before and after cleaning, all float32.
    needed = 32 * 32 * (STEP_BYTES + 5 * (4 * 4 + 2 * 3 * 4))
    assert "window" not in realbasicvsr(Compute(max_memory=needed)).notes(clip)
    little = Compute(max_memory=needed - 1)
    restorer = realbasicvsr(little)
    assert restorer.notes(clip)["window"].startswith("3 frames, because the whole clip of 5 does not fit the memory")
    np.testing.assert_array_equal(frames_of(restorer, clip), frames_of(realbasicvsr(window=3), clip))
    assert "window" not in realbasicvsr(little, window=3).notes(clip)
    with pytest.raises(InputError, match=r"clip moving: one frame of 32 x 24 takes about .* MB are allowed; allow more memory"):
        next(realbasicvsr(Compute(max_memory=10**6)).restore(clip))


def test_frames_below_what_the_authors_allow_are_noted(clip: Clip) -> None:
    assert realbasicvsr().notes(clip)["size"].startswith("frames of 32 x 24: the authors' network is meant for at least 64 px")
    assert realbasicvsr().notes(ArrayClip("large", np.zeros((1, 64, 64, 3), np.uint8))) == {}


def test_half_precision_leaves_the_flow_as_it_is() -> None:
    restorer = realbasicvsr()
    # A CPU refuses half precision by itself; placing is the same on every device.
    restorer.dtype = torch.bfloat16
    network = restorer.create_network(restorer.options).requires_grad_(False)
    flow = {name: tensor.clone() for name, tensor in network.state_dict().items() if "spynet" in name}
    placed = restorer.place(network).state_dict()
    assert all(torch.equal(placed[name], tensor) for name, tensor in flow.items())
    assert {tensor.dtype for name, tensor in placed.items() if name not in flow} == {torch.bfloat16}


def official_file(path: Path, prefixes: tuple[str, ...], gains: tuple[float, ...]) -> RealBasicVSR:
    """A file as OpenMMLab writes them, with a generator per prefix; returns the first of them."""
    networks, entries = [], {}
    for prefix, gain in zip(prefixes, gains, strict=True):
        network = RealBasicVSR(TINY)
        fill_with_fixed_weights(network, gain)
        networks.append(network)
        for name, tensor in network.state_dict().items():
            step = name.split(".")
            if "spynet" in name:
                step[5:6] = [str(int(step[5]) // 2), "conv"]
            entries[prefix + ".".join(step)] = tensor
        for constant in ("mean", "std"):
            entries[f"{prefix}basicvsr.spynet.{constant}"] = torch.ones(1, 3, 1, 1)
    if prefixes != ("",):
        entries |= {name: torch.zeros(1) for name in ("discriminator.conv.weight", "perceptual_loss.vgg.mean", "step_counter")}
    torch.save({"meta": {"epoch": 1}, "state_dict": entries}, path)
    return networks[0]


@pytest.mark.parametrize("prefixes", [("generator_ema.", "generator."), ("generator.",), ("",)], ids=["average", "plain", "bare"])
def test_files_of_every_layout_are_read(tmp_path: Path, clip: Clip, prefixes: tuple[str, ...]) -> None:
    path = tmp_path / "official.pth"
    network = official_file(path, prefixes, (0.8, 0.5)[: len(prefixes)])
    restorer = realbasicvsr(weights={"network": path})
    held = restorer.network.state_dict()
    assert all(torch.equal(held[name], tensor) for name, tensor in network.state_dict().items())
    assert_nearly_equal(frames_of(restorer, clip), directly(network.eval(), clip))


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda state: state.pop("generator.basicvsr.fusion.bias"), r"basicvsr\.fusion\.bias is missing"),
        (lambda state: state.update({"generator.extra": torch.zeros(1)}), "extra does not belong"),
        (
            lambda state: state.update({"generator.basicvsr.fusion.bias": torch.zeros(3)}),
            r"basicvsr\.fusion\.bias has shape \(3,\)",
        ),
    ],
)
def test_files_of_another_network_are_refused(tmp_path: Path, change: Any, problem: str) -> None:
    path = tmp_path / "official.pth"
    official_file(path, ("generator.",), (1.0,))
    state = torch.load(path)["state_dict"]
    change(state)
    torch.save({"state_dict": state}, path)
    with pytest.raises(InputError, match=f"not a checkpoint of RealBasicVSR: {problem}"):
        realbasicvsr(weights={"network": path})
    with pytest.raises(InputError, match="RealBasicVSR needs a weight file of role network"):
        realbasicvsr(weights={})


def test_basicvsr_restores_without_cleaning(tmp_path: Path, clip: Clip) -> None:
    options = BasicVSROptions.model_validate({"network": {"mid_channels": 4, "num_blocks": 1}, "window": 3})
    restorer = BasicVSRRestorer(options, None, Compute())
    expected = directly(restorer.network, part(clip, 0, 3)) + directly(restorer.network, part(clip, 3, 5))
    np.testing.assert_array_equal(frames_of(restorer, clip), expected)
    state = {f"generator.{name}": tensor for name, tensor in restorer.network.state_dict().items()}
    torch.save({"state_dict": state | {"step_counter": torch.zeros(1)}}, tmp_path / "basicvsr.pth")
    loaded = BasicVSRRestorer(options, {"network": tmp_path / "basicvsr.pth"}, Compute())
    np.testing.assert_array_equal(frames_of(loaded, clip), expected)


def test_what_the_authors_trained_leaves_out_the_flow() -> None:
    restorer = RealBasicVSRRestorer(RealBasicVSROptions(), None, Compute())
    assert restorer.trained() == {"network": 4_854_534}
    assert sum(parameter.numel() for parameter in restorer.networks()["network"].parameters()) == 6_294_834


def test_the_cards_say_what_runs() -> None:
    thresholds = {"realbasicvsr": 255, "realbasicvsr-authors": 255, "realbasicvsr-refined": 5, "realbasicvsr-wogan": 255}
    for name, threshold in thresholds.items():
        options = parse_options(load_method(name))
        assert isinstance(options, RealBasicVSROptions)
        assert (options.refinement_threshold, options.refinement_iterations, options.window) == (threshold, 3, 0)
    assert isinstance(parse_options(load_method("basicvsr")), BasicVSROptions)
    for name in ("realbasicvsr", "realbasicvsr-wogan", "basicvsr"):
        weight = load_method(name).weights["network"]
        # The digest's first digits stand in the names of OpenMMLab's files.
        assert weight.file.endswith(f"-{(weight.sha256 or weight.sha256_start)[:8]}.pth")
        assert weight.url[0].endswith(weight.file)
    assert load_method("realbasicvsr-authors").weights["network"].size == 210_479_802
    assert load_method("realbasicvsr-refined").weights == load_method("realbasicvsr").weights

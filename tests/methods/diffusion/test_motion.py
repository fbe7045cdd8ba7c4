"""The guidance by motion: its two losses and their gradients."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from mgld_bench.methods.bases.network_restorer import fill_with_fixed_weights
from mgld_bench.methods.diffusion.motion import (
    Motion,
    estimate_motion,
    estimate_motions,
    flow_pictures,
    guidance_gradient,
    guidance_loss,
    merged_motion,
)
from mgld_bench.methods.diffusion.options import GuidanceRule
from mgld_bench.networks.layers.optical_flow import resize_flow, warp
from mgld_bench.networks.raft.network import RAFT
from mgld_bench.networks.spynet import SPyNet

FRAMES, HEIGHT, WIDTH = 4, 9, 11


def motion(seed: int = 0, occluded: float = 0.3) -> Motion:
    generator = torch.Generator().manual_seed(seed)
    flows = 2 * torch.randn(2, FRAMES - 1, 2, HEIGHT, WIDTH, generator=generator)
    masks = torch.rand(2, FRAMES - 1, 1, HEIGHT, WIDTH, generator=generator) < occluded
    return Motion(flows[0], flows[1], masks[0], masks[1])


def latents(seed: int = 1) -> Tensor:
    return torch.randn(FRAMES, 4, HEIGHT, WIDTH, generator=torch.Generator().manual_seed(seed))


def test_flow_sees_a_quarter_of_the_padded_frames_and_motion_has_the_size_of_the_latents() -> None:
    padded = torch.rand(3, 3, 128, 192, generator=torch.Generator().manual_seed(3)) * 2 - 1
    pictures = flow_pictures(padded)
    assert pictures.shape == (3, 3, 32, 48)
    torch.testing.assert_close(flow_pictures(torch.full_like(padded, 0.5)), torch.full((3, 3, 32, 48), 0.75))
    network = SPyNet().eval()
    fill_with_fixed_weights(network)
    found = estimate_motion(network, padded)
    assert found.to_next.shape == found.to_previous.shape == (2, 2, 16, 24)
    assert found.occluded_in_next.shape == found.occluded_in_previous.shape == (2, 1, 16, 24)
    with torch.no_grad():
        onwards, back = network(pictures[:-1], pictures[1:]), network(pictures[1:], pictures[:-1])
    torch.testing.assert_close(found.to_next, resize_flow(onwards, (16, 24)))
    torch.testing.assert_close(found.to_previous, resize_flow(back, (16, 24)))


def test_raft_sees_the_same_neighbours_in_both_directions() -> None:
    padded = torch.rand(3, 3, 512, 544, generator=torch.Generator().manual_seed(4)) * 2 - 1
    network = RAFT(1, scale_input=False).eval()
    fill_with_fixed_weights(network)
    found = estimate_motion(network, padded)
    with torch.no_grad():
        features = network.features(flow_pictures(padded))
        for index in range(2):
            first, second = features[index : index + 1], features[index + 1 : index + 2]
            onwards, back = (resize_flow(network.flow(*pair), (64, 68)) for pair in ((first, second), (second, first)))
            torch.testing.assert_close(found.to_next[index], onwards[0], rtol=1e-3, atol=1e-3)
            torch.testing.assert_close(found.to_previous[index], back[0], rtol=1e-3, atol=1e-3)
            assert (onwards - back).abs().max() > 0.05


@pytest.mark.parametrize("budget", [2**30, 1], ids=["stored", "too large to store"])
def test_flows_of_all_segments_and_directions_at_once_are_those_one_by_one(budget: int) -> None:
    padded = torch.rand(4, 3, 512, 512, generator=torch.Generator().manual_seed(4)) * 2 - 1
    network = RAFT(1, scale_input=False, correlation_bytes=budget).eval()
    fill_with_fixed_weights(network)
    assert network.pairs_at_once(128, 128) == budget // (4 * 256 * (256 + 64 + 16 + 4))
    for one, two in zip(*(estimate_motions(network, padded, 2, together=together) for together in (False, True)), strict=True):
        torch.testing.assert_close(two.to_next, one.to_next, rtol=1e-4, atol=1e-4)
        torch.testing.assert_close(two.to_previous, one.to_previous, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("rule", ["official", "paper"])
def test_the_gradient_of_several_segments_at_once_is_that_of_each(rule: GuidanceRule) -> None:
    motions, given = [motion(seed) for seed in (0, 5)], [latents(seed) for seed in (1, 6)]
    together = guidance_gradient(torch.cat(given), merged_motion(motions), rule)
    assert torch.equal(together, torch.cat([guidance_gradient(*pair, rule) for pair in zip(given, motions, strict=True)]))


def test_the_official_loss_is_the_chain_of_the_authors_code() -> None:
    """Step by step, as the specification describes the chains: each starts from zeros."""
    given, moving = latents(), motion()
    expected = torch.zeros(())
    carried = torch.zeros_like(given[:1])
    for index in range(FRAMES - 2, -1, -1):
        seen = ~moving.occluded_in_next[index : index + 1]
        expected = expected + (seen * (carried - given[index : index + 1])).abs().mean()
        carried = warp(given[index : index + 1], moving.to_next[index : index + 1])
    carried = torch.zeros_like(given[:1])
    for index in range(1, FRAMES):
        seen = ~moving.occluded_in_previous[index - 1 : index]
        expected = expected + (seen * (carried - given[index : index + 1])).abs().mean()
        carried = warp(given[index : index + 1], moving.to_previous[index - 1 : index])
    torch.testing.assert_close(guidance_loss(given, moving, "official"), expected, rtol=1e-5, atol=1e-5)


def test_the_papers_loss_is_zero_for_latents_that_follow_the_motion() -> None:
    """A pattern that moves two pixels to the right per frame; what enters or leaves is occluded."""
    wide = torch.randn(1, 4, HEIGHT, WIDTH + 2 * FRAMES, generator=torch.Generator().manual_seed(2))
    moving = torch.cat([wide[..., 2 * (FRAMES - index) : 2 * (FRAMES - index) + WIDTH] for index in range(FRAMES)])
    right = torch.zeros(FRAMES - 1, 2, HEIGHT, WIDTH)
    right[:, 0] = 2
    leaves = torch.zeros(FRAMES - 1, 1, HEIGHT, WIDTH, dtype=torch.bool)
    leaves[..., -2:] = True
    enters = leaves.flip(-1)
    follows = Motion(right, -right, leaves, enters)
    assert guidance_loss(moving, follows, "paper") < 1e-3
    assert guidance_loss(moving, follows, "official") > 0.1
    assert guidance_loss(latents(), follows, "paper") > 100


@pytest.mark.parametrize("rule", ["official", "paper"])
def test_a_small_step_along_the_gradient_lowers_the_loss_by_what_it_promises(rule: GuidanceRule) -> None:
    given, moving = latents(), motion()
    gradient = guidance_gradient(given, moving, rule)
    step = 1e-3 / gradient.norm()
    fall = guidance_loss(given, moving, rule) - guidance_loss(given - step * gradient, moving, rule)
    torch.testing.assert_close(fall, step * gradient.square().sum(), rtol=0.05, atol=0)


@pytest.mark.parametrize("rule", ["official", "paper"])
def test_what_is_occluded_everywhere_has_no_gradient(rule: GuidanceRule) -> None:
    assert guidance_gradient(latents(), motion(occluded=1.1), rule).abs().max() == 0


def test_the_gradient_is_taken_also_where_gradients_are_off() -> None:
    with torch.no_grad():
        assert guidance_gradient(latents(), motion(), "official").abs().max() > 0


@pytest.mark.parametrize("rule", ["official", "paper"])
def test_the_gradient_is_that_of_double_precision_rounded(rule: GuidanceRule) -> None:
    """So the order in which a GPU adds up does not show."""
    given, moving = latents(), motion()
    variable = given.double().requires_grad_()
    (exact,) = torch.autograd.grad(guidance_loss(variable, moving.to(torch.float64), rule), variable)
    gradient = guidance_gradient(given, moving, rule)
    assert gradient.dtype == torch.float32
    assert torch.equal(gradient, exact.float())


def test_two_frames_are_compared_with_zeros_alone() -> None:
    """The shortest segment, whose chains end before anything is warped."""
    given, moving = latents()[:2], motion()
    short = Motion(*(part[:1] for part in vars(moving).values()))
    seen = [~mask[0] for mask in (short.occluded_in_next, short.occluded_in_previous)]
    expected = sum((mask * frame).abs().mean() for mask, frame in zip(seen, given, strict=True))
    torch.testing.assert_close(guidance_loss(given, short, "official"), expected)
    assert guidance_gradient(given, short, "official").abs().max() > 0

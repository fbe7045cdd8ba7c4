"""DOVER's network on its own."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mgld_bench.networks.dover import aesthetic as dover_aesthetic
from mgld_bench.networks.dover import technical as dover_technical
from mgld_bench.networks.dover.aesthetic import AestheticConfig
from mgld_bench.networks.dover.network import DOVER, DoverConfig, HeadConfig
from mgld_bench.networks.dover.technical import PositionBias, TechnicalConfig, region_mask, shift_regions
from mgld_bench.networks.layers.video_tokens import full_window_index, window_grid

PARAMETERS = Path(__file__).parent.parent / "parity/fixtures/dover/parameters.tsv"
SMALL = DoverConfig(
    TechnicalConfig(embed_dim=8, depths=(2, 2), num_heads=(1, 2), window_size=(2, 3, 3), fragment_bias_layers=(0,)),
    AestheticConfig(depths=(2, 1), dims=(8, 16)),
    HeadConfig(in_channels=16, hidden_channels=4),
)
SIZES = st.tuples(st.integers(1, 9), st.integers(1, 16), st.integers(1, 16))
FEW = settings(max_examples=30, deadline=None)


def filled(config: DoverConfig) -> DOVER:
    network, stream = DOVER(config).eval(), torch.Generator().manual_seed(1)
    for parameter in network.parameters():
        parameter.data = torch.randn(parameter.shape, generator=stream) / 3
    return network


@pytest.fixture(scope="module")
def network() -> DOVER:
    return filled(SMALL)


@pytest.fixture(scope="module")
def clips() -> torch.Tensor:
    return torch.randn(2, 5, 34, 50, 3, generator=torch.Generator().manual_seed(2))


def test_names_and_shapes_are_the_official_ones() -> None:
    with torch.device("meta"):
        network = DOVER(DoverConfig())
    rows = [line.split("\t") for line in PARAMETERS.read_text().splitlines()]
    official = {name: tuple(int(side) for side in shape.strip("()").split(",") if side) for name, shape in rows}
    assert {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()} == official
    index = network.technical_backbone.get_buffer("layers.0.blocks.0.attn.relative_position_index")
    assert index.dtype == torch.int64


def test_nothing_crosses_clips(network: DOVER, clips: torch.Tensor) -> None:
    with torch.inference_mode():
        for branch in (network.technical, network.aesthetic):
            one_by_one = torch.cat([branch(clip[None]) for clip in clips])
            torch.testing.assert_close(branch(clips), one_by_one, rtol=0, atol=1e-5)
            assert one_by_one[0].std() > 0.01


def test_how_many_tokens_are_computed_at_once_changes_nothing(
    network: DOVER, clips: torch.Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    with torch.inference_mode():
        whole = [network.technical(clips), network.aesthetic(clips)]
        for module in (dover_technical, dover_aesthetic):
            monkeypatch.setattr(module, "_TOKENS_AT_A_TIME", 37)
        parts = [network.technical(clips), network.aesthetic(clips)]
    torch.testing.assert_close(parts, whole, rtol=0, atol=1e-5)


def test_the_input_is_left_as_it_was(network: DOVER, clips: torch.Tensor) -> None:
    before = clips.clone()
    with torch.inference_mode():
        network.technical(clips)
        network.aesthetic(clips)
    assert torch.equal(clips, before)


@FEW
@given(SIZES, st.booleans())
def test_windows_cover_the_grid_and_are_never_larger(size: tuple[int, int, int], shifted: bool) -> None:
    grid = window_grid(size, (4, 5, 5), (2, 2, 2) if shifted else (0, 0, 0))
    for tokens, padded, window, shift in zip(size, grid.size, grid.window, grid.shift, strict=True):
        assert padded % window == 0
        assert tokens <= padded < tokens + window
        assert window <= tokens
        assert shift == 0 or tokens > window


@FEW
@given(SIZES)
def test_without_a_shift_no_token_is_masked(size: tuple[int, int, int]) -> None:
    assert not region_mask(shift_regions(window_grid(size, (4, 5, 5), (0, 0, 0)))).any()


@FEW
@given(SIZES, st.booleans())
def test_the_bias_of_every_window_is_that_of_the_whole_formula(size: tuple[int, int, int], shifted: bool) -> None:
    grid = window_grid(size, (2, 3, 3), (1, 1, 1) if shifted else (0, 0, 0))
    stream = torch.Generator().manual_seed(3)
    relative, fragment = (torch.randn(1, 2, grid.tokens, grid.tokens, generator=stream) for _ in range(2))
    # The fragment of each token from its own position, and its window from where it lies after the shift.
    places = [(torch.arange(length) * window // length) for length, window in zip(grid.size[1:], grid.window[1:], strict=True)]
    rows, columns = (place.float() for place in torch.meshgrid(*places, indexing="ij"))
    tokens = torch.stack([rows, columns], -1).expand(*grid.size, 2).roll([-shift for shift in grid.shift], (0, 1, 2))
    (times, down, across), (frames, height, width) = grid.counts, grid.window
    windows = tokens.reshape(times, frames, down, height, across, width, 2).permute(0, 2, 4, 1, 3, 5, 6).flatten(3, 5)
    gate = (windows[..., :, None, :] - windows[..., None, :, :]).abs().sum(-1)
    mask = region_mask(shift_regions(grid))
    expected = relative[0] * gate[:, :, :, None] + fragment[0] * (1 - gate[:, :, :, None]) + mask[:, :, :, None]
    biases = PositionBias(relative, fragment, grid)
    for row in range(down):
        for column in range(across):
            for time, bias in enumerate(biases.along_time(row, column)):
                torch.testing.assert_close(bias[0], expected[time, row, column], rtol=0, atol=1e-4)


def test_the_index_of_positions_is_by_difference() -> None:
    index = full_window_index((2, 3, 4))
    places = torch.cartesian_prod(torch.arange(2), torch.arange(3), torch.arange(4))
    differences = (places[:, None] - places[None, :]).flatten(0, 1)
    by_difference: dict[tuple[int, ...], set[int]] = {}
    for difference, row in zip(differences.tolist(), index.flatten().tolist(), strict=True):
        by_difference.setdefault(tuple(difference), set()).add(row)
    assert [len(rows) for rows in by_difference.values()] == [1] * (3 * 5 * 7)
    assert sorted(row for rows in by_difference.values() for row in rows) == list(range(3 * 5 * 7))

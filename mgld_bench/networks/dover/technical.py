"""DOVER's technical branch: Video Swin Transformer (tiny) with a position bias that takes fragments into account.

Source: VQAssessment/DOVER (S-Lab License 1.0). Liu et al., Video Swin Transformer, CVPR 2022; Wu et al., FAST-VQA, ECCV 2022.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import torch
from torch import Tensor, nn
from torch.nn import functional

from mgld_bench.networks.layers.blocks import MLP
from mgld_bench.networks.layers.video_tokens import OTHER_REGION, Size, TokenConv3d, WindowGrid, full_window_index, window_grid

_TOKENS_AT_A_TIME = 4096
"""Wide hidden layers are computed for this many tokens at a time, which keeps them in the processor's cache."""


@dataclass(frozen=True)
class TechnicalConfig:
    """Sizes of the technical branch; the defaults are the published ones."""

    in_channels: int = 3
    patch_size: Size = (2, 4, 4)
    embed_dim: int = 96
    """Channels of the first layer; they double from layer to layer."""
    depths: tuple[int, ...] = (2, 2, 6, 2)
    num_heads: tuple[int, ...] = (3, 6, 12, 24)
    window_size: Size = (8, 7, 7)
    mlp_ratio: int = 4
    qkv_bias: bool = True
    fragment_bias_layers: tuple[int, ...] = (0, 1, 2)
    """Layers with a second table of biases, for tokens of the same fragment."""


class TechnicalBackbone(nn.Module):
    """A clip's features, for inference (no dropout, no stochastic depth)."""

    def __init__(self, config: TechnicalConfig) -> None:
        super().__init__()
        self.patch_embed = PatchEmbedding(config)
        widths = [config.embed_dim * 2**layer for layer in range(len(config.depths))]
        self.layers = nn.ModuleList(Layer(config, layer, width) for layer, width in enumerate(widths))
        self.norm = nn.LayerNorm(widths[-1])

    def forward(self, clips: Tensor) -> Tensor:
        """(n, frames, height, width, 3), normalised, to (n, frames / 2, height / 32, width / 32, channels), rounded up."""
        tokens = self.patch_embed(clips)
        for layer in self.layers:
            tokens = layer(tokens)
        features: Tensor = self.norm(tokens)
        return features


class PatchEmbedding(nn.Module):
    """Patches of frames, rows and columns become tokens; zeros are appended to whole patches."""

    def __init__(self, config: TechnicalConfig) -> None:
        super().__init__()
        self.patch_size = config.patch_size
        self.proj = TokenConv3d(config.in_channels, config.embed_dim, kernel_size=config.patch_size, stride=config.patch_size)
        self.norm = nn.LayerNorm(config.embed_dim)

    def forward(self, clips: Tensor) -> Tensor:
        """(n, frames, height, width, in_channels) to (n, time, height', width', embed_dim)."""
        time, height, width = (-size % side for size, side in zip(clips.shape[1:4], self.patch_size, strict=True))
        tokens: Tensor = self.norm(self.proj(functional.pad(clips, (0, 0, 0, width, 0, height, 0, time))))
        return tokens


class Layer(nn.Module):
    """Blocks of one width, then, in all layers but the last, half the rows and columns with twice the channels.

    Args:
        config: of the branch.
        layer: its index.
        width: channels.
    """

    def __init__(self, config: TechnicalConfig, layer: int, width: int) -> None:
        super().__init__()
        half = tuple(side // 2 for side in config.window_size)
        shifts: tuple[Size, Size] = ((0, 0, 0), (half[0], half[1], half[2]))
        self.blocks = nn.ModuleList(Block(config, layer, width, shifts[place % 2]) for place in range(config.depths[layer]))
        self.downsample = PatchMerging(width) if layer + 1 < len(config.depths) else None

    def forward(self, tokens: Tensor) -> Tensor:
        """(n, time, height, width, channels) to the same, or to (n, time, height / 2, width / 2, 2 * channels), rounded up."""
        for block in self.blocks:
            tokens = block(tokens)
        return tokens if self.downsample is None else self.downsample(tokens)


class PatchMerging(nn.Module):
    """Four neighbours become one token; zeros are appended to an even number of rows and columns.

    Args:
        width: channels of the input.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(4 * width)
        self.reduction = nn.Linear(4 * width, 2 * width, bias=False)

    def forward(self, tokens: Tensor) -> Tensor:
        """(n, time, height, width, channels) to (n, time, height / 2, width / 2, 2 * channels), rounded up."""
        height, width = tokens.shape[2:4]
        even = functional.pad(tokens, (0, 0, 0, width % 2, 0, height % 2))
        neighbours = [even[:, :, row::2, column::2] for row, column in ((0, 0), (1, 0), (0, 1), (1, 1))]
        merged: Tensor = self.reduction(self.norm(torch.cat(neighbours, dim=-1)))
        return merged


class Block(nn.Module):
    """Attention within windows, then an MLP on each token, each added to its input.

    Args:
        config: of the branch.
        layer: index of the layer.
        width: channels.
        shift: of the windows.
    """

    def __init__(self, config: TechnicalConfig, layer: int, width: int, shift: Size) -> None:
        super().__init__()
        self.window_size = config.window_size
        self.shift = shift
        self.norm1 = nn.LayerNorm(width)
        self.attn = WindowAttention(config, layer, width)
        self.norm2 = nn.LayerNorm(width)
        self.mlp = MLP(width, config.mlp_ratio * width)

    def forward(self, tokens: Tensor) -> Tensor:
        """(n, time, height, width, channels) in and out."""
        time, height, width = tokens.shape[1:4]
        grid = window_grid((time, height, width), self.window_size, self.shift)
        behind = [padded - size for padded, size in zip(grid.size, (time, height, width), strict=True)]
        normed = self.norm1(tokens)
        if any(behind):
            normed = functional.pad(normed, (0, 0, 0, behind[2], 0, behind[1], 0, behind[0]))
        back = [-shift for shift in grid.shift]
        attended: Tensor = self.attn(normed.roll(back, (1, 2, 3)) if grid.shifted else normed, grid)
        restored = attended.roll(grid.shift, (1, 2, 3)) if grid.shifted else attended
        tokens = tokens + restored[:, :time, :height, :width]
        # tokens is a new tensor here, so adding in place does not change the caller's.
        for part in torch.split(tokens.view(-1, tokens.shape[-1]), _TOKENS_AT_A_TIME):
            part.add_(self.mlp(self.norm2(part)))
        return tokens


class WindowAttention(nn.Module):
    """Self-attention within windows, biased by the relative position of tokens and by the distance of their fragments.

    Args:
        config: of the branch.
        layer: index of the layer.
        width: channels.
    """

    relative_position_index: Tensor

    def __init__(self, config: TechnicalConfig, layer: int, width: int) -> None:
        super().__init__()
        self.heads = config.num_heads[layer]
        time, height, columns = config.window_size
        rows = (2 * time - 1) * (2 * height - 1) * (2 * columns - 1)
        self.relative_position_bias_table = nn.Parameter(torch.zeros(rows, self.heads))
        self.fragment_position_bias_table = (
            nn.Parameter(torch.zeros(rows, self.heads)) if layer in config.fragment_bias_layers else None
        )
        self.register_buffer("relative_position_index", full_window_index(config.window_size))
        self.qkv = nn.Linear(width, 3 * width, bias=config.qkv_bias)
        self.proj = nn.Linear(width, width)

    def forward(self, tokens: Tensor, grid: WindowGrid) -> Tensor:
        """``tokens`` (n, *grid.size, channels), rolled by the shift, in and out.

        Window by window, since the biases of all windows of a layer together would take hundreds of megabytes.
        """
        (batch, *_, channels), (times, rows, columns), window = tokens.shape, grid.counts, grid.window
        cut = (batch, times, window[0], rows, window[1], columns, window[2])
        qkv = self.qkv(tokens).view(*cut, 3, self.heads, channels // self.heads)
        attended = tokens.new_empty((*cut, channels))
        biases = PositionBias(self._table(self.relative_position_bias_table, grid), self._fragment_table(grid), grid)
        for row, column in product(range(rows), range(columns)):
            for time, bias in enumerate(biases.along_time(row, column)):
                place = (slice(None), time, slice(None), row, slice(None), column)
                query, key, value = qkv[place].reshape(batch, grid.tokens, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
                values = functional.scaled_dot_product_attention(query, key, value, bias)
                attended[place] = values.transpose(1, 2).reshape(batch, *window, channels)
        projected: Tensor = self.proj(attended.view(tokens.shape))
        return projected

    def _fragment_table(self, grid: WindowGrid) -> Tensor | None:
        table = self.fragment_position_bias_table
        return None if table is None else self._table(table, grid)

    def _table(self, table: Tensor, grid: WindowGrid) -> Tensor:
        """(1, heads, n, n) for the n tokens of a window.

        For a clipped window this is the corner of the full window's index, which is another geometry; kept from the published
        code.
        """
        index = self.relative_position_index[: grid.tokens, : grid.tokens].flatten()
        return table.t().index_select(1, index).view(1, self.heads, grid.tokens, grid.tokens)


class PositionBias:
    """What is added to the attention of each pair of tokens, computed for one window at a time.

    relative * gate + fragment * (1 - gate), where the gate is the distance of the two tokens' fragments, so that beyond
    neighbouring fragments it extrapolates; without ``fragment`` it is ``relative``.

    Args:
        relative: bias by relative position, (1, heads, n, n) for the n tokens of a window.
        fragment: bias between tokens of one fragment, of the same shape; None for layers without it.
        grid: the windows.
    """

    def __init__(self, relative: Tensor, fragment: Tensor | None, grid: WindowGrid) -> None:
        self._base = relative if fragment is None else fragment
        self._step = None if fragment is None else relative - fragment
        self._frames = grid.window[0]
        self._times = grid.counts[0]
        self._gate = fragment_distances(grid).to(relative.device)
        regions = shift_regions(grid)
        self._mixed = (regions != regions[..., :1]).any(-1).tolist()
        self._regions = regions.to(relative.device)

    def along_time(self, row: int, column: int) -> Iterator[Tensor]:
        """The bias (1, heads, n, n) of each window in time at this place in space, masked where a shift mixes regions."""
        bias = self._base if self._step is None else torch.addcmul(self._base, self._step, self._tiled_gate(row, column))
        for time in range(self._times):
            mixed = self._mixed[time][row][column]
            yield bias + region_mask(self._regions[time, row, column]) if mixed else bias

    def _tiled_gate(self, row: int, column: int) -> Tensor:
        """(n, n)."""
        return self._gate[row, column].to(self._base.dtype).repeat(self._frames, self._frames)


def fragment_distances(grid: WindowGrid) -> Tensor:
    """The distance |rows| + |columns| of two tokens' fragments: (windows down, windows across, n, n) uint8, n = height * width.

    Windows and tokens count in space only: along time the distance is the same. There are as many fragments along the whole grid
    as a window has tokens, which is the number of real fragments (7) for full windows only.
    """
    rows, columns = (_fragments(grid, axis) for axis in (1, 2))
    down, across = (_distances(of_windows) for of_windows in (rows, columns))
    gate = down[:, None, :, None, :, None] + across[None, :, None, :, None, :]
    area = grid.window[1] * grid.window[2]
    return gate.reshape(*grid.counts[1:], area, area).to(torch.uint8)


def shift_regions(grid: WindowGrid) -> Tensor:
    """Which tokens of a shifted window belong together: (windows in time, down, across, tokens of a window) uint8."""
    time, rows, columns = (_axis_regions(grid, axis) for axis in range(3))
    region = 9 * time[:, None, None, :, None, None] + 3 * rows[:, None, None, :, None] + columns[:, None, None, :]
    return region.reshape(*grid.counts, grid.tokens).to(torch.uint8)


def region_mask(regions: Tensor) -> Tensor:
    """(..., n, n) from (..., n): 0 within a region and -100 between two."""
    return (regions[..., :, None] != regions[..., None, :]) * OTHER_REGION


def _fragments(grid: WindowGrid, axis: int) -> Tensor:
    """(windows, tokens): the fragment of each token along an axis."""
    position = torch.arange(grid.size[axis]).roll(-grid.shift[axis])
    return (position * grid.window[axis] // grid.size[axis]).view(-1, grid.window[axis])


def _axis_regions(grid: WindowGrid, axis: int) -> Tensor:
    """(windows, tokens) 0, 1 or 2; without a shift along this axis all tokens are in one region."""
    size, window, shift = grid.size[axis], grid.window[axis], grid.shift[axis]
    regions = torch.zeros(size, dtype=torch.int64)
    if shift:
        regions[size - window : size - shift] = 1
        regions[size - shift :] = 2
    return regions.view(-1, window)


def _distances(fragments: Tensor) -> Tensor:
    """(windows, tokens, tokens) from (windows, tokens)."""
    return (fragments[:, :, None] - fragments[:, None, :]).abs()

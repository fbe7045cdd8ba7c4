"""Building blocks of RVRT: the two layouts of its features, convolutions of frames, and residual Swin blocks.

Features are tokens (n, frames, height, width, channels). Sources: models/network_rvrt.py of JingyunLiang/RVRT (CC-BY-NC 4.0); Liu
et al., Video Swin Transformer, CVPR 2022.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from itertools import product

import torch
from torch import Tensor, nn
from torch.nn import functional

from mgld_bench.networks.layers.blocks import MLP
from mgld_bench.networks.layers.video_tokens import OTHER_REGION, Size, WindowGrid, full_window_index, window_grid


def as_frames(tokens: Tensor) -> Tensor:
    """Tokens (n, d, h, w, c) as frames (n * d, c, h, w); a view where the tokens are contiguous."""
    return tokens.flatten(0, 1).permute(0, 3, 1, 2)


def as_tokens(frames: Tensor, batch: int) -> Tensor:
    """Frames (batch * d, c, h, w) as tokens (batch, d, h, w, c); a view."""
    tokens = frames.permute(0, 2, 3, 1)
    return tokens.view(batch, -1, *tokens.shape[1:])


class FrameConvolution(nn.Conv3d):
    """A convolution of single frames whose weight has an axis of length 1 for time, as in the authors' files.

    Args:
        in_channels: of the input.
        channels: of the output.
        side: of the kernel, odd; zeros around the frame keep its size.
        groups: of the convolution.
    """

    def __init__(self, in_channels: int, channels: int, side: int, groups: int = 1) -> None:
        super().__init__(in_channels, channels, (1, side, side), padding=(0, side // 2, side // 2), groups=groups)

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002 - the name of the base class
        """(n, in_channels, h, w) to (n, channels, h, w)."""
        padding = (self.weight.shape[-2] // 2, self.weight.shape[-1] // 2)
        return functional.conv2d(input, self.weight.squeeze(2), self.bias, padding=padding, groups=self.groups)


class InputConvolutionBlocks(nn.Module):
    """A convolution and residual Swin blocks between two normalisations: the authors' RSTBWithInputConv.

    Args:
        in_channels: of the input.
        channels: of everything after the convolution.
        window: frames, rows and columns of an attention window.
        blocks: number of residual Swin blocks.
        depth: Swin layers in each block.
        heads: of the attention.
        mlp_ratio: width of the MLPs' hidden layer, in channels.
        qkv_bias: whether queries, keys and values have a bias.
        groups: of the convolution.
    """

    def __init__(
        self,
        in_channels: int,
        channels: int,
        window: Size,
        blocks: int,
        depth: int,
        heads: int,
        mlp_ratio: float,
        qkv_bias: bool,
        groups: int,
    ) -> None:
        super().__init__()
        # The other numbers of the authors' names are rearrangements.
        self.main = nn.ModuleDict(
            {
                "1": FrameConvolution(in_channels, channels, 3, groups),
                "3": nn.LayerNorm(channels),
                "5": nn.Sequential(
                    *(ResidualSwinBlock(channels, window, depth, heads, mlp_ratio, qkv_bias) for _ in range(blocks))
                ),
                "7": nn.LayerNorm(channels),
            }
        )

    def forward(self, tokens: Tensor) -> Tensor:
        """(n, d, h, w, in_channels) to (n, d, h, w, channels)."""
        tokens = as_tokens(self.main["1"](as_frames(tokens)), tokens.shape[0])
        for name in ("3", "5", "7"):
            tokens = self.main[name](tokens)
        return tokens


class ResidualSwinBlock(nn.Module):
    """Swin layers and a linear layer, added to the input: the authors' RSTB. Arguments as of InputConvolutionBlocks."""

    def __init__(self, channels: int, window: Size, depth: int, heads: int, mlp_ratio: float, qkv_bias: bool) -> None:
        super().__init__()
        shifts: tuple[Size, Size] = ((0, 0, 0), (window[0] // 2, window[1] // 2, window[2] // 2))
        layers = (SwinLayer(channels, window, shifts[place % 2], heads, mlp_ratio, qkv_bias) for place in range(depth))
        self.residual_group = nn.Sequential(OrderedDict(blocks=nn.Sequential(*layers)))
        self.linear = nn.Linear(channels, channels)

    def forward(self, tokens: Tensor) -> Tensor:
        """(n, d, h, w, channels) in and out."""
        residue: Tensor = self.linear(self.residual_group(tokens))
        return tokens + residue


class SwinLayer(nn.Module):
    """Attention within windows, then an MLP on each token, each added to its input.

    After the normalisation, zeros are appended to whole windows; kept from the authors: they take part in the attention like
    other tokens. Arguments as of InputConvolutionBlocks; ``shift``: of the windows.
    """

    def __init__(self, channels: int, window: Size, shift: Size, heads: int, mlp_ratio: float, qkv_bias: bool) -> None:
        super().__init__()
        self.window, self.shift = window, shift
        self.norm1 = nn.LayerNorm(channels)
        self.attn = WindowAttention(channels, window, heads, qkv_bias)
        self.norm2 = nn.LayerNorm(channels)
        self.mlp = MLP(channels, int(channels * mlp_ratio))

    def forward(self, tokens: Tensor) -> Tensor:
        """(n, d, h, w, channels) in and out."""
        time, height, width = tokens.shape[1:4]
        grid = window_grid((time, height, width), self.window, self.shift)
        behind = [padded - size for padded, size in zip(grid.size, (time, height, width), strict=True)]
        normed = self.norm1(tokens)
        if any(behind):
            normed = functional.pad(normed, (0, 0, 0, behind[2], 0, behind[1], 0, behind[0]))
        if grid.shifted:
            normed = normed.roll([-shift for shift in grid.shift], (1, 2, 3))
        attended = _from_windows(self.attn(_to_windows(normed, grid), grid), grid)
        if grid.shifted:
            attended = attended.roll(grid.shift, (1, 2, 3))
        tokens = tokens + attended[:, :time, :height, :width]
        mixed: Tensor = self.mlp(self.norm2(tokens))
        return tokens + mixed


class WindowAttention(nn.Module):
    """Self-attention within windows, biased by the relative position of tokens. Arguments as of InputConvolutionBlocks."""

    relative_position_index: Tensor

    def __init__(self, channels: int, window: Size, heads: int, qkv_bias: bool) -> None:
        super().__init__()
        self.heads = heads
        rows = (2 * window[0] - 1) * (2 * window[1] - 1) * (2 * window[2] - 1)
        self.relative_position_bias_table = nn.Parameter(torch.zeros(rows, heads))
        self.register_buffer("relative_position_index", full_window_index(window))
        self.qkv_self = nn.Linear(channels, 3 * channels, bias=qkv_bias)
        self.proj = nn.Linear(channels, channels)

    def forward(self, windows: Tensor, grid: WindowGrid) -> Tensor:
        """``windows`` (n, *grid.counts, tokens of a window, channels) in and out."""
        bias = self._bias(grid.tokens)
        qkv = self.qkv_self(windows).view(*windows.shape[:-1], 3, self.heads, -1)
        attended = torch.empty_like(windows)
        for place, mixed in _alike(grid):
            query, key, value = qkv[place].flatten(0, 3).permute(2, 0, 3, 1, 4)
            mask = bias + OTHER_REGION * _apart(grid, mixed, bias.device).to(bias.dtype) if any(mixed) else bias
            values = functional.scaled_dot_product_attention(query, key, value, mask)
            attended[place] = values.transpose(1, 2).reshape(attended[place].shape)
        projected: Tensor = self.proj(attended)
        return projected

    def _bias(self, tokens: int) -> Tensor:
        """(1, heads, n, n) for the n tokens of a window.

        Kept from the authors: a window smaller than the nominal one takes the corner of the nominal index, which is another
        geometry.
        """
        index = self.relative_position_index[:tokens, :tokens].flatten()
        bias = self.relative_position_bias_table.t().index_select(1, index)
        return bias.view(1, self.heads, tokens, tokens)


def _to_windows(tokens: Tensor, grid: WindowGrid) -> Tensor:
    """(n, *grid.size, c) to (n, *grid.counts, tokens of a window, c)."""
    (times, rows, columns), (time, height, width) = grid.counts, grid.window
    cut = tokens.reshape(-1, times, time, rows, height, columns, width, tokens.shape[-1])
    return cut.permute(0, 1, 3, 5, 2, 4, 6, 7).flatten(4, 6)


def _from_windows(windows: Tensor, grid: WindowGrid) -> Tensor:
    """(n, *grid.counts, tokens of a window, c) to (n, *grid.size, c)."""
    cut = windows.view(-1, *grid.counts, *grid.window, windows.shape[-1])
    return cut.permute(0, 1, 4, 2, 5, 3, 6, 7).reshape(-1, *grid.size, windows.shape[-1])


def _alike(grid: WindowGrid) -> Iterator[tuple[tuple[slice, ...], tuple[bool, ...]]]:
    """Windows with the same mask: their place among (n, *counts), and along which axes they hold tokens of two regions.

    Those are the last windows of a shifted axis.
    """
    axes = []
    for count, shift in zip(grid.counts, grid.shift, strict=True):
        last = (slice(count - 1, count), True)
        axes.append([(slice(0, count - 1), False), last] if shift else [(slice(None), False)])
    for combination in product(*axes):
        yield (slice(None), *(place for place, _ in combination)), tuple(mixed for _, mixed in combination)


def _apart(grid: WindowGrid, mixed: tuple[bool, ...], device: torch.device) -> Tensor:
    """(n, n) bool for the n tokens of a window: whether only the shift along the ``mixed`` axes put two into one window."""
    region = torch.zeros(grid.window, dtype=torch.int64, device=device)
    for axis in range(3):
        if mixed[axis]:
            side = grid.window[axis]
            wrapped = torch.arange(side, device=device) >= side - grid.shift[axis]
            region += wrapped.view([-1 if place == axis else 1 for place in range(3)]) * 2**axis
    flat = region.flatten()
    return flat[:, None] != flat[None, :]

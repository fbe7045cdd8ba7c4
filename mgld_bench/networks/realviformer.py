"""RealViformer: a recurrent transformer for real-world video whose attention is over channels, not over places."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

import torch
from torch import Tensor, nn
from torch.nn import functional

from mgld_bench.networks.layers.optical_flow import warp
from mgld_bench.networks.sizes.realviformer import RealViformerConfig
from mgld_bench.networks.spynet import SPyNet

_EPSILON = 1e-5


class RealViformer(nn.Module):
    """Zhang and Yao, RealViformer: Investigating Attention for Real-World Video Super-Resolution, ECCV 2024.

    Each frame's shallow features are merged with those of the frame before, warped to it; a U of transformer blocks gives the
    features that go on to the next frame, and the restored frame. There is no way back in time: frames can be streamed. Names and
    arithmetic as archs/realviformer_arch.py of Yuehan717/RealViformer (MIT).

    Args:
        config: the size of the network.
    """

    def __init__(self, config: RealViformerConfig) -> None:
        super().__init__()
        wide, (full, half, quarter) = config.num_feat, config.heads

        def blocks(level: int, heads: int, count: int) -> nn.Sequential:
            return nn.Sequential(
                *(
                    TransformerBlock(wide * 2**level, heads, config.ffn_expansion_factor, config.squeeze_factor, masked=True)
                    for _ in range(count)
                )
            )

        self.shallow_extraction = nn.Sequential(
            nn.Conv2d(3, wide, kernel_size=3, padding=1),
            TransformerBlock(wide, full, config.ffn_expansion_factor, squeeze=1, masked=False),
        )
        self.spynet = _SPyNetOfNarrowFrames()
        self.attn_merge = Merge(wide, config.merge_head)
        at_full, at_half, at_quarter, refining = config.num_blocks
        self.encoder_level1 = blocks(0, full, at_full)
        self.down1_2 = _Resize(wide, wide // 2, nn.PixelUnshuffle(2))
        self.encoder_level2 = blocks(1, half, at_half)
        self.down2_3 = _Resize(2 * wide, wide, nn.PixelUnshuffle(2))
        self.latent = blocks(2, quarter, at_quarter)
        self.up3_2 = _Resize(4 * wide, 8 * wide, nn.PixelShuffle(2))
        self.reduce_chan_level2 = nn.Conv2d(4 * wide, 2 * wide, kernel_size=1, bias=False)
        self.decoder_level2 = blocks(1, half, at_half)
        self.up2_1 = _Resize(2 * wide, 4 * wide, nn.PixelShuffle(2))
        # At full size the way up keeps twice the channels, with the heads of the way down.
        self.decoder_level1 = blocks(1, full, at_full)
        self.refinement = blocks(1, full, refining)
        self.compress = nn.Conv2d(2 * wide, wide, kernel_size=1)
        self.upconv1 = nn.Conv2d(2 * wide, 4 * wide, kernel_size=3, padding=1)
        self.upconv2 = nn.Conv2d(wide, 4 * 64, kernel_size=3, padding=1)
        self.conv_hr = nn.Conv2d(64, 64, kernel_size=3, padding=1)
        self.conv_last = nn.Conv2d(64, 3, kernel_size=3, padding=1)

    def forward(self, frames: Tensor) -> Tensor:
        """(n, t, 3, h, w) RGB in [0, 1], sides multiples of 4, to (n, t, 3, 4h, 4w), not clamped."""
        return torch.stack(list(self.stream(frames.unbind(1))), dim=1)

    def stream(self, frames: Iterable[Tensor]) -> Iterator[Tensor]:
        """The restored frame for each of ``frames``, (n, 3, h, w) each, as soon as that frame is there."""
        before: Tensor | None = None
        carried: Tensor | None = None
        for frame in frames:
            shallow = self.shallow_extraction(frame)
            if carried is None or before is None:
                carried = torch.zeros_like(shallow)
            else:
                carried = warp(carried, self.spynet(frame, before))
            features = self._refined(self.attn_merge(shallow, carried))
            carried, before = self.compress(features), frame
            yield self._picture(features) + functional.interpolate(frame, scale_factor=4, mode="bilinear", align_corners=False)

    def _refined(self, merged: Tensor) -> Tensor:
        """The U: (n, num_feat, h, w) to (n, 2 num_feat, h, w)."""
        full = self.encoder_level1(merged)
        half = self.encoder_level2(self.down1_2(full))
        latent = self.latent(self.down2_3(half))
        half = self.decoder_level2(self.reduce_chan_level2(torch.cat([self.up3_2(latent), half], dim=1)))
        refined: Tensor = self.refinement(self.decoder_level1(torch.cat([self.up2_1(half), full], dim=1)))
        return refined

    def _picture(self, features: Tensor) -> Tensor:
        """The correction of the enlarged frame, (n, 3, 4h, 4w)."""
        twice = functional.leaky_relu(functional.pixel_shuffle(self.upconv1(features), 2), 0.1)
        four_times = functional.leaky_relu(functional.pixel_shuffle(self.upconv2(twice), 2), 0.1)
        correction: Tensor = self.conv_last(functional.leaky_relu(self.conv_hr(four_times), 0.1))
        return correction


class _SPyNetOfNarrowFrames(SPyNet):
    """SPyNet as these authors have it: one level fewer for frames of up to 32 columns."""

    def _level_count(self, width: int) -> int:
        return super()._level_count(width) if width > 32 else int(math.log2(width) - 1) + 1


class TransformerBlock(nn.Module):
    """Attention over channels, squeezed for it, then a gated feed-forward network; each added to what came in."""

    def __init__(self, width: int, heads: int, expansion: float, squeeze: int, masked: bool) -> None:
        super().__init__()
        self.norm1 = _NormWithoutBias(width // squeeze)
        self.attn = ChannelAttention(width // squeeze, heads, masked)
        self.norm2 = _NormWithoutBias(width)
        self.ffn = GatedFeedForward(width, expansion)
        self.squeezed = squeeze > 1
        if self.squeezed:
            self.compress = nn.Conv2d(width, width // squeeze, kernel_size=3, padding=1, bias=False)
            self.expand = nn.Conv2d(width // squeeze, width, kernel_size=3, padding=1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """(n, width, h, w) to the same shape."""
        squeezed = self.compress(x) if self.squeezed else x
        attended = self.attn(self.norm1(squeezed))
        x = x + (self.expand(attended) if self.squeezed else attended)
        after: Tensor = x + self.ffn(self.norm2(x))
        return after


class ChannelAttention(nn.Module):
    """Each channel looks at all channels of its head; with a mask, a sigmoid of what it saw scales what it takes."""

    def __init__(self, width: int, heads: int, masked: bool) -> None:
        super().__init__()
        self.temperature = nn.Parameter(torch.ones(heads, 1, 1))
        self.qkv = nn.Conv2d(width, 3 * width, kernel_size=1, bias=False)
        self.qkv_dwconv = _depthwise(3 * width)
        self.project_out = nn.Conv2d(width, width, kernel_size=1, bias=False)
        self.masked = masked
        if masked:
            self.linear1 = nn.Linear(2, 1, bias=False)
            self.linear2 = nn.Linear(width // heads, width // heads, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """(n, width, h, w) to the same shape."""
        query, key, value = self.qkv_dwconv(self.qkv(x)).chunk(3, dim=1)
        logits, taken = _over_channels(query, key, value, self.temperature)
        if self.masked:
            seen = torch.stack([logits.amax(dim=-1), logits.mean(dim=-1)], dim=-1)
            summary = functional.gelu(self.linear1(seen)).transpose(-2, -1)
            taken = taken * torch.sigmoid(self.linear2(summary).transpose(-2, -1))
        attended: Tensor = self.project_out(taken.reshape(x.shape))
        return attended


class Merge(nn.Module):
    """A frame's features with those carried to it: the frame's channels look at the carried ones."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.norm_q = _NormWithoutBias(width)
        self.norm_kv = _NormWithoutBias(width)
        self.attn = CrossChannelAttention(width, heads)
        self.norm_out = _NormWithoutBias(width)
        self.ffn = nn.Sequential(
            nn.Conv2d(2 * width, width, kernel_size=1, bias=False),
            _depthwise(width),
            nn.GELU(),
            nn.Conv2d(width, width, kernel_size=1, bias=False),
        )

    def forward(self, frame: Tensor, carried: Tensor) -> Tensor:
        """Features of the frame and carried ones, (n, width, h, w) each, to merged ones of that shape."""
        normed = self.norm_q(frame)
        attended = self.attn(normed, self.norm_kv(carried))
        merged: Tensor = self.ffn(torch.cat([normed, self.norm_out(attended)], dim=1))
        return merged


class CrossChannelAttention(nn.Module):
    """Channels of one map look at those of another."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.temperature = nn.Parameter(torch.ones(heads, 1, 1))
        self.kv = nn.Conv2d(width, 2 * width, kernel_size=1, bias=False)
        self.kv_dwconv = _depthwise(2 * width)
        self.q = nn.Conv2d(width, width, kernel_size=3, padding=1, bias=False)
        self.project_out = nn.Conv2d(width, width, kernel_size=1, bias=False)

    def forward(self, asking: Tensor, asked: Tensor) -> Tensor:
        """Two maps (n, width, h, w) to one."""
        key, value = self.kv_dwconv(self.kv(asked)).chunk(2, dim=1)
        _, taken = _over_channels(self.q(asking), key, value, self.temperature)
        attended: Tensor = self.project_out(taken.reshape(asking.shape))
        return attended


class GatedFeedForward(nn.Module):
    """Two halves of depthwise features; the GELU of one opens the other."""

    def __init__(self, width: int, expansion: float) -> None:
        super().__init__()
        hidden = int(width * expansion)
        self.project_in = nn.Conv2d(width, 2 * hidden, kernel_size=1, bias=False)
        self.dwconv = _depthwise(2 * hidden)
        self.project_out = nn.Conv2d(hidden, width, kernel_size=1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """(n, width, h, w) to the same shape."""
        gate, content = self.dwconv(self.project_in(x)).chunk(2, dim=1)
        passed: Tensor = self.project_out(functional.gelu(gate) * content)
        return passed


class _NormWithoutBias(nn.Module):
    """Channels of each place divided by their standard deviation; the mean stays, but does not count for the deviation."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.body = nn.ParameterDict({"weight": torch.ones(width)})

    def forward(self, x: Tensor) -> Tensor:
        """(n, width, h, w) to the same shape."""
        deviation = torch.sqrt(x.var(dim=1, keepdim=True, unbiased=False) + _EPSILON)
        normed: Tensor = x / deviation * self.body["weight"][:, None, None]
        return normed


class _Resize(nn.Module):
    """A convolution whose channels are then dealt out to pixels, or the other way round."""

    def __init__(self, before: int, after: int, deal: nn.Module) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(before, after, kernel_size=3, padding=1, bias=False), deal)

    def forward(self, x: Tensor) -> Tensor:
        """(n, before, h, w) to the other size."""
        resized: Tensor = self.body(x)
        return resized


def _depthwise(width: int) -> nn.Conv2d:
    return nn.Conv2d(width, width, kernel_size=3, padding=1, groups=width, bias=False)


def _over_channels(query: Tensor, key: Tensor, value: Tensor, temperature: Tensor) -> tuple[Tensor, Tensor]:
    """Attention whose tokens are channels, as long as the map has places.

    Returns:
        The logits (n, heads, c, c) and what is taken (n, heads, c, h * w), c being the channels of a head.
    """
    heads = temperature.shape[0]
    query, key, value = (part.unflatten(1, (heads, -1)).flatten(3) for part in (query, key, value))
    query, key = functional.normalize(query, dim=-1), functional.normalize(key, dim=-1)
    logits = query @ key.transpose(-2, -1) * temperature
    return logits, logits.softmax(dim=-1) @ value

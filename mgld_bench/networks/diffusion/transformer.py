"""The transformer of Stable Diffusion's U-Net: pixels attend to each other and to a text."""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor, nn
from torch.nn import functional

from mgld_bench.networks.layers.fused import gated_gelu
from mgld_bench.networks.layers.group_norm import GroupNorm32
from mgld_bench.networks.layers.speed_up import Quick, merged

EXPANSION = 4


class KeysValues(NamedTuple):
    """What queries attend to, each (rows, heads, tokens, channels of a head)."""

    keys: Tensor
    values: Tensor


class Attention(nn.Module, Quick):
    """Multi-head attention, softmax(q k / sqrt(d)) v, of tokens to each other or to tokens of another width.

    Args:
        channels: of the tokens.
        head_channels: of each head.
        context_channels: of the tokens attended to; None: ``channels``.
    """

    def __init__(self, channels: int, head_channels: int, context_channels: int | None = None) -> None:
        super().__init__()
        source = channels if context_channels is None else context_channels
        self.head_channels = head_channels
        self.to_q = nn.Linear(channels, channels, bias=False)
        self.to_k = nn.Linear(source, channels, bias=False)
        self.to_v = nn.Linear(source, channels, bias=False)
        self.to_out = nn.Sequential(nn.Linear(channels, channels))
        self._all_three: Tensor | None = None

    def prepare(self) -> None:
        """Merge the projections of tokens that attend to each other."""
        self._all_three = None
        if self.speedups.merged_projections and self.to_q.in_features == self.to_k.in_features:
            self._all_three = merged(self.to_q.weight, self.to_k.weight, self.to_v.weight)

    def keys_values(self, tokens: Tensor) -> KeysValues:
        """Keys and values of tokens (rows, tokens, channels or context_channels)."""
        return KeysValues(self._heads(self.to_k(tokens)), self._heads(self.to_v(tokens)))

    def forward(self, tokens: Tensor, seen: KeysValues | None = None) -> Tensor:
        """The attended tokens (n, tokens, channels).

        Args:
            tokens: (n, tokens, channels).
            seen: what they attend to; None: each other. It may have fewer rows, a divisor of n: each is then shared by n / rows
                consecutive rows of tokens.
        """
        if seen is None and self._all_three is not None:
            three = functional.linear(tokens, self._all_three).chunk(3, dim=-1)
            queries, keys, values = (self._heads(each) for each in three)
            return self._projected(functional.scaled_dot_product_attention(queries, keys, values), tokens)
        if seen is None:
            seen = self.keys_values(tokens)
        # Queries do not see each other: those of rows that share keys are put side by side, so that no key is repeated.
        queries = self._heads(self.to_q(tokens).reshape(len(seen.keys), -1, tokens.shape[-1]))
        return self._projected(functional.scaled_dot_product_attention(queries, seen.keys, seen.values), tokens)

    def _projected(self, taken: Tensor, tokens: Tensor) -> Tensor:
        """What the heads took, in the shape of ``tokens``."""
        attended: Tensor = self.to_out(taken.transpose(1, 2).reshape(tokens.shape))
        return attended

    def _heads(self, tokens: Tensor) -> Tensor:
        heads: Tensor = tokens.unflatten(-1, (-1, self.head_channels)).transpose(1, 2)
        return heads


class GEGLU(nn.Module, Quick):
    """A linear layer whose first half is gated by the GELU of its second half.

    Args:
        channels: of the input.
        hidden_channels: of the output.
    """

    def __init__(self, channels: int, hidden_channels: int) -> None:
        super().__init__()
        self.proj = nn.Linear(channels, 2 * hidden_channels)

    def forward(self, tokens: Tensor) -> Tensor:
        """(..., channels) to (..., hidden_channels)."""
        both: Tensor = self.proj(tokens)
        if self.speedups.fused_gates:
            gated: Tensor = gated_gelu(both)
            return gated
        value, gate = both.chunk(2, dim=-1)
        return value * functional.gelu(gate)


class FeedForward(nn.Module):
    """GEGLU to four times the width, and a linear layer back.

    Args:
        channels: in and out.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        hidden = EXPANSION * channels
        # The second place is that of a dropout, which is off; it keeps the last layer's name.
        self.net = nn.Sequential(GEGLU(channels, hidden), nn.Identity(), nn.Linear(hidden, channels))

    def forward(self, tokens: Tensor) -> Tensor:
        """(..., channels) in and out."""
        fed: Tensor = self.net(tokens)
        return fed


class TransformerBlock(nn.Module):
    """Self-attention, attention to the text, feed-forward network; each normalised before the branch.

    Args:
        channels: of the tokens.
        head_channels: of each attention head.
        context_channels: of the text.
    """

    def __init__(self, channels: int, head_channels: int, context_channels: int) -> None:
        super().__init__()
        self.attn1 = Attention(channels, head_channels)
        self.ff = FeedForward(channels)
        self.attn2 = Attention(channels, head_channels, context_channels)
        self.norm1 = nn.LayerNorm(channels)
        self.norm2 = nn.LayerNorm(channels)
        self.norm3 = nn.LayerNorm(channels)

    def forward(self, tokens: Tensor, text: KeysValues) -> Tensor:
        """Tokens (n, tokens, channels) in and out; ``text`` as of SpatialTransformer.forward()."""
        tokens = self.attn1(self.norm1(tokens)) + tokens
        tokens = self.attn2(self.norm2(tokens), text) + tokens
        fed: Tensor = self.ff(self.norm3(tokens)) + tokens
        return fed


class SpatialTransformer(nn.Module):
    """One transformer block over the pixels of each image, plus the input.

    Args:
        channels: of the images.
        head_channels: of each attention head.
        context_channels: of the text.
    """

    def __init__(self, channels: int, head_channels: int, context_channels: int) -> None:
        super().__init__()
        # Unlike the other normalisations of the U-Net.
        self.norm = GroupNorm32(channels, eps=1e-6)
        self.proj_in = nn.Linear(channels, channels)
        self.transformer_blocks = nn.ModuleList([TransformerBlock(channels, head_channels, context_channels)])
        self.proj_out = nn.Linear(channels, channels)

    def forward(self, x: Tensor, text: KeysValues) -> Tensor:
        """Images (n, channels, h, w) in and out. ``text``: keys and values of ``attn2``, whose rows divide n, as in Attention."""
        count, channels, height, width = x.shape
        tokens = self.proj_in(self.norm(x).permute(0, 2, 3, 1).flatten(1, 2).contiguous())
        for block in self.transformer_blocks:
            tokens = block(tokens, text)
        projected: Tensor = self.proj_out(tokens).view(count, height, width, channels).permute(0, 3, 1, 2)
        # The input first: the sum keeps its memory format.
        return x + projected

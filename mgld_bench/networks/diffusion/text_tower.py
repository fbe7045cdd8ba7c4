"""The text tower of OpenCLIP ViT-H-14, as Stable Diffusion 2 uses it."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from mgld_bench.networks.sizes.diffusion import TextTowerConfig


class CausalSelfAttention(nn.Module):
    """Each token attends to itself and those before it. Names and shapes as in torch's MultiheadAttention.

    Args:
        width: channels of the tokens.
        heads: of the attention.
    """

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.in_proj_weight = nn.Parameter(torch.randn(3 * width, width) / math.sqrt(width))
        self.in_proj_bias = nn.Parameter(torch.zeros(3 * width))
        self.out_proj = nn.Linear(width, width)

    def forward(self, tokens: Tensor) -> Tensor:
        """(n, tokens, width) in and out."""
        projected = functional.linear(tokens, self.in_proj_weight, self.in_proj_bias)
        queries, keys, values = projected.view(*tokens.shape[:2], 3, self.heads, -1).transpose(1, 3).unbind(2)
        taken = functional.scaled_dot_product_attention(queries, keys, values, is_causal=True)
        attended: Tensor = self.out_proj(taken.transpose(1, 2).flatten(2))
        return attended


class FeedForward(nn.Module):
    """A hidden layer with the exact GELU.

    Args:
        width: channels in and out.
        expansion: width of the hidden layer, in widths.
    """

    def __init__(self, width: int, expansion: int) -> None:
        super().__init__()
        self.c_fc = nn.Linear(width, expansion * width)
        self.c_proj = nn.Linear(expansion * width, width)

    def forward(self, tokens: Tensor) -> Tensor:
        """(..., width) in and out."""
        fed: Tensor = self.c_proj(functional.gelu(self.c_fc(tokens)))
        return fed


class ResidualAttentionBlock(nn.Module):
    """Attention and a feed-forward network, each normalised before the branch."""

    def __init__(self, config: TextTowerConfig) -> None:
        super().__init__()
        self.ln_1 = nn.LayerNorm(config.width)
        self.attn = CausalSelfAttention(config.width, config.heads)
        self.ln_2 = nn.LayerNorm(config.width)
        self.mlp = FeedForward(config.width, config.expansion)

    def forward(self, tokens: Tensor) -> Tensor:
        """(n, tokens, width) in and out."""
        tokens = tokens + self.attn(self.ln_1(tokens))
        fed: Tensor = tokens + self.mlp(self.ln_2(tokens))
        return fed


class Transformer(nn.Module):
    """The blocks, under the name that they have in the checkpoints."""

    def __init__(self, config: TextTowerConfig) -> None:
        super().__init__()
        self.resblocks = nn.ModuleList(ResidualAttentionBlock(config) for _ in range(config.layers))


class TextTower(nn.Module):
    """Tokens to the embedding that the U-Net attends to.

    Names as in open_clip_torch (MIT) for ViT-H-14, and below ``cond_stage_model.model.`` in the checkpoints of StableSR and
    MGLD-VSR. ``text_projection``, ``logit_scale`` and the last block are in the checkpoints but not used.
    """

    def __init__(self, config: TextTowerConfig) -> None:
        super().__init__()
        self.positional_embedding = nn.Parameter(torch.randn(config.context_length, config.width) / 100)
        self.text_projection = nn.Parameter(torch.randn(config.width, config.projection) / math.sqrt(config.width))
        self.logit_scale = nn.Parameter(torch.ones(()))
        self.transformer = Transformer(config)
        self.token_embedding = nn.Embedding(config.vocabulary, config.width)
        self.ln_final = nn.LayerNorm(config.width)

    def embed(self, tokens: Tensor) -> Tensor:
        """Token ids to the normalised output of the last block but one ("penultimate") at each token; not projected or pooled.

        Args:
            tokens: (n, context_length) int64.

        Returns:
            (n, context_length, width), in the dtype of the weights.
        """
        hidden: Tensor = self.token_embedding(tokens) + self.positional_embedding
        for block in self.transformer.resblocks[:-1]:
            hidden = block(hidden)
        embedding: Tensor = self.ln_final(hidden)
        return embedding

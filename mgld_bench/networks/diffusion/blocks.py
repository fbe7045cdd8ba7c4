"""Building blocks of the denoising U-Net and the structure encoder of StableSR and MGLD-VSR."""

from __future__ import annotations

from itertools import accumulate
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from mgld_bench.networks.diffusion.timesteps import PackedEmbedding, TimeEmbedding
from mgld_bench.networks.layers.doubling import DoublingConvolution
from mgld_bench.networks.layers.fused import modulated_norm
from mgld_bench.networks.layers.group_norm import GroupNorm32
from mgld_bench.networks.layers.speed_up import Quick, merged

SPADE_CHANNELS = 128


class TimedResidualBlock(nn.Module, Quick):
    """Two convolutions that know the timestep and, with ``structure_channels``, follow a structure feature.

    SPADE comes after the last convolution, not before the first; kept, since the checkpoints were trained that way.

    Args:
        in_channels: of the input.
        channels: of the output.
        embedding_width: of the timestep's embedding.
        structure_channels: of the structure feature; None: there is none.
    """

    def __init__(self, in_channels: int, channels: int, embedding_width: int, structure_channels: int | None = None) -> None:
        super().__init__()
        self.in_layers = nn.Sequential(GroupNorm32(in_channels), nn.SiLU(), convolution(in_channels, channels))
        self.emb_layers = nn.Sequential(nn.SiLU(), nn.Linear(embedding_width, channels))
        # The third place is that of a dropout, which is off; it keeps the convolution's name.
        self.out_layers = nn.Sequential(GroupNorm32(channels), nn.SiLU(), nn.Identity(), convolution(channels, channels))
        self.spade = None if structure_channels is None else SPADE(channels, structure_channels)
        self.skip_connection = nn.Identity() if in_channels == channels else nn.Conv2d(in_channels, channels, 1)
        self._offsets: Tensor | None = None

    def prepare(self) -> None:
        """Sum what SPADE's convolutions and the skip connection add to every pixel."""
        self._offsets = None
        if self.spade is not None and self.speedups.fused_norms and self.speedups.fused_modulation:
            skip = bias_of(self.skip_connection).float() if isinstance(self.skip_connection, nn.Conv2d) else 0
            gamma, beta = bias_of(self.spade.mlp_gamma).float(), bias_of(self.spade.mlp_beta).float()
            self._offsets = torch.stack([1 + gamma, beta + skip])

    def forward(self, x: Tensor, embedding: Tensor | PackedEmbedding, structure: Tensor | None = None) -> Tensor:
        """(n, in_channels, h, w) to (n, channels, h, w).

        Args:
            x: the features.
            embedding: of the timestep, (1 or n, embedding_width), or packed.
            structure: (n, structure_channels, h, w), for blocks that follow one.
        """
        if self.speedups.fused_norms:
            return self._fused(x, embedding, structure)
        timestep = embedding.of(self) if isinstance(embedding, PackedEmbedding) else self.emb_layers(embedding)
        hidden: Tensor = self.in_layers(x) + timestep[:, :, None, None]
        hidden = self.out_layers(hidden)
        if self.spade is not None:
            hidden = self.spade(hidden, structure)
        skipped: Tensor = self.skip_connection(x)
        return hidden + skipped

    @property
    def first_convolution(self) -> nn.Conv2d:
        """After which the timestep is added."""
        return cast("nn.Conv2d", self.in_layers[2])

    @property
    def step_layer(self) -> nn.Linear:
        """What makes the embedding of a timestep the block's own."""
        return cast("nn.Linear", self.emb_layers[1])

    def _fused(self, x: Tensor, embedding: Tensor | PackedEmbedding, structure: Tensor | None) -> Tensor:
        """The same, with what convolutions and the timestep add left to the normalisation that follows."""
        first_norm, first = cast("GroupNorm32", self.in_layers[0]), self.first_convolution
        last_norm, last = cast("GroupNorm32", self.out_layers[0]), cast("nn.Conv2d", self.out_layers[3])
        added = embedding.of(self) if isinstance(embedding, PackedEmbedding) else self.emb_layers(embedding) + bias_of(first)
        hidden = without_bias(last, last_norm.activated(without_bias(first, first_norm.activated(x)), added))
        if self.spade is not None and self._offsets is not None:
            skip = without_bias(self.skip_connection, x) if isinstance(self.skip_connection, nn.Conv2d) else x
            return self.spade.fused(hidden, structure, bias_of(last)[None], self._offsets, skip)
        if self.spade is not None:
            hidden = self.spade(hidden, structure, bias_of(last)[None])
        else:
            hidden += bias_of(last)[:, None, None]
        skipped: Tensor = self.skip_connection(x)
        return hidden + skipped


class SPADE(nn.Module, Quick):
    """Normalised features, scaled and shifted at each position according to a structure feature.

    Park et al., Semantic Image Synthesis with Spatially-Adaptive Normalization, CVPR 2019. Unlike there, and in spite of its
    name, ``param_free_norm`` has a weight and a bias of its own: kept, since the checkpoints contain them.

    Args:
        channels: of the features.
        structure_channels: of the structure feature.
    """

    def __init__(self, channels: int, structure_channels: int) -> None:
        super().__init__()
        self.param_free_norm = GroupNorm32(channels)
        self.mlp_shared = nn.Sequential(convolution(structure_channels, SPADE_CHANNELS), nn.ReLU())
        self.mlp_gamma = convolution(SPADE_CHANNELS, channels)
        self.mlp_beta = convolution(SPADE_CHANNELS, channels)
        self._both: tuple[Tensor, Tensor] | None = None

    def prepare(self) -> None:
        """Merge the convolutions of scale and shift."""
        self._both = None
        if self.speedups.merged_projections:
            gamma, beta = self.mlp_gamma, self.mlp_beta
            self._both = merged(gamma.weight, beta.weight), merged(bias_of(gamma), bias_of(beta))

    def forward(self, x: Tensor, structure: Tensor, added: Tensor | None = None) -> Tensor:
        """``x`` (n, channels, h, w) modulated by ``structure`` (n, structure_channels, h, w).

        ``added`` (1 or n, channels): what is still to be added to ``x``, where normalisations are fused.
        """
        gamma, beta = self._modulation(structure, biased=True)
        normed = self.param_free_norm(x) if added is None else self.param_free_norm.fused(x, added)
        modulated: Tensor = normed * (1 + gamma) + beta
        return modulated

    def fused(self, x: Tensor, structure: Tensor | None, added: Tensor, offsets: Tensor, skip: Tensor) -> Tensor:
        """``x`` + ``added`` (1, channels), modulated, plus ``skip``, in one pass.

        ``offsets`` (2, channels) float32: the scale where its convolution gives 0, and what is added to all of it.
        """
        if structure is None:
            raise TypeError("a block with SPADE needs a structure feature")
        norm, (gamma, beta) = self.param_free_norm, self._modulation(structure, biased=False)
        modulated: Tensor = modulated_norm(
            x, added, norm.weight, norm.bias, norm.num_groups, norm.eps, gamma, beta, offsets, skip
        )
        return modulated

    def _modulation(self, structure: Tensor, *, biased: bool) -> tuple[Tensor, Tensor]:
        """Scale less 1 and shift, each (n, channels, h, w), with their biases or without."""
        hidden = self.mlp_shared(structure)
        if self._both is not None:
            gamma, beta = functional.conv2d(hidden, self._both[0], self._both[1] if biased else None, padding=1).chunk(2, dim=1)
        elif biased:
            gamma, beta = self.mlp_gamma(hidden), self.mlp_beta(hidden)
        else:
            gamma, beta = without_bias(self.mlp_gamma, hidden), without_bias(self.mlp_beta, hidden)
        return gamma, beta


class Downsample(nn.Module):
    """Half the size, by a convolution of stride 2.

    Args:
        channels: in and out.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.op = convolution(channels, channels, stride=2)

    def forward(self, x: Tensor) -> Tensor:
        """(n, channels, h, w) to (n, channels, ceil(h / 2), ceil(w / 2))."""
        halved: Tensor = self.op(x)
        return halved


class Upsample(nn.Module):
    """Twice the size, by nearest neighbour and a convolution.

    Args:
        channels: in and out.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = DoublingConvolution(channels)

    def forward(self, x: Tensor) -> Tensor:
        """(n, channels, h, w) to (n, channels, 2 h, 2 w)."""
        doubled: Tensor = self.conv(x)
        return doubled


def convolution(in_channels: int, channels: int, stride: int = 1) -> nn.Conv2d:
    """A 3x3 convolution with one pixel of zeros around the image."""
    return nn.Conv2d(in_channels, channels, 3, stride=stride, padding=1)


def without_bias(layer: nn.Conv2d, maps: Tensor) -> Tensor:
    """What a convolution gives without its bias, which is added elsewhere."""
    return functional.conv2d(maps, layer.weight, None, layer.stride, layer.padding)


def bias_of(layer: nn.Conv2d) -> Tensor:
    """The bias, which all convolutions here have."""
    if layer.bias is None:
        raise TypeError("a convolution without bias")
    return layer.bias


class TimedNetwork(nn.Module, Quick):
    """A network of timed residual blocks, which can take what all of them make of a timestep at once."""

    time_embed: TimeEmbedding

    def prepare(self) -> None:
        """Merge what the blocks make of the embedding of a timestep."""
        if not self.speedups.prepared_steps:
            return
        blocks = [module for module in self.modules() if isinstance(module, TimedResidualBlock)]
        layers = [block.step_layer for block in blocks]
        self._step_weight = merged(*(layer.weight for layer in layers))
        self._step_bias = torch.cat([layer.bias for layer in layers])
        if self.speedups.fused_norms:
            # What the first convolution would have added.
            self._step_bias += torch.cat([bias_of(block.first_convolution) for block in blocks])
        ends = list(accumulate(layer.out_features for layer in layers))
        places = (slice(end - layer.out_features, end) for layer, end in zip(layers, ends, strict=True))
        self._step_columns: dict[nn.Module, slice] = dict(zip(blocks, places, strict=True))

    @property
    def step_width(self) -> int:
        """Channels of all blocks."""
        return len(self._step_bias)

    def packed(self, values: Tensor) -> PackedEmbedding:
        """``values`` of step_values() as forward() takes them."""
        return PackedEmbedding(values, self._step_columns)

    def step_values(self, timesteps: Tensor) -> Tensor:
        """What all blocks make of timesteps (n,): (n, channels of all blocks). Only with the speedup ``prepared_steps``."""
        return functional.linear(functional.silu(self.time_embed(timesteps)), self._step_weight, self._step_bias)

    def embedding(self, timesteps: Tensor | PackedEmbedding) -> Tensor | PackedEmbedding:
        """Of timesteps (n,): (n, width); what is packed stays so."""
        if isinstance(timesteps, PackedEmbedding):
            return timesteps
        embedded: Tensor = self.time_embed(timesteps)
        return embedded

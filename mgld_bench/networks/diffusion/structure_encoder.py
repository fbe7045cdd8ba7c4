"""The encoder of StableSR and MGLD-VSR that gives the U-Net the structure of the low-resolution frames at each timestep."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional

from mgld_bench.networks.diffusion.blocks import (
    Downsample,
    TimedNetwork,
    TimedResidualBlock,
    convolution,
)
from mgld_bench.networks.diffusion.timesteps import PackedEmbedding, TimeEmbedding
from mgld_bench.networks.layers.group_norm import GroupNorm32
from mgld_bench.networks.sizes.diffusion import LATENT_CHANNELS, StructureEncoderConfig


class PointwiseConv1d(nn.Conv1d):
    """A 1-D convolution of kernel 1, applied to tokens, whose channels come last.

    Args:
        in_channels: of the input.
        channels: of the output.
    """

    def __init__(self, in_channels: int, channels: int) -> None:
        super().__init__(in_channels, channels, 1)

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002 - the name of the base class
        """(..., in_channels) to (..., channels)."""
        return functional.linear(input, self.weight.squeeze(-1), self.bias)


class AttentionBlock(nn.Module):
    """Attention of the pixels of each image to each other, plus the input.

    The channels of ``qkv`` come head by head, each with its queries, keys and values (kept: the checkpoints' order).

    Args:
        channels: in and out.
        heads: of the attention.
    """

    def __init__(self, channels: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm = GroupNorm32(channels)
        self.qkv = PointwiseConv1d(channels, 3 * channels)
        self.proj_out = PointwiseConv1d(channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        """(n, channels, h, w) in and out."""
        count, channels, height, width = x.shape
        tokens = self.norm(x).permute(0, 2, 3, 1).flatten(1, 2).contiguous()
        queries, keys, values = self.qkv(tokens).view(count, height * width, self.heads, 3, -1).transpose(1, 2).unbind(3)
        taken = functional.scaled_dot_product_attention(queries, keys, values).transpose(1, 2).flatten(2)
        attended: Tensor = self.proj_out(taken).view(count, height, width, channels).permute(0, 3, 1, 2)
        # The input first: the sum keeps its memory format.
        return x + attended


class TimedSequential(nn.ModuleList):
    """Modules one after the other; residual blocks are given the timestep."""

    def forward(self, x: Tensor, embedding: Tensor | PackedEmbedding) -> Tensor:
        """Features (n, channels, h, w) through all modules, given the timestep's embedding (1 or n, width)."""
        for module in self:
            x = module(x, embedding) if isinstance(module, TimedResidualBlock) else module(x)
        return x


class StructureEncoder(TimedNetwork):
    """Latents and a timestep to one feature for each level of the U-Net.

    EncoderUNetModelWT in IceClear/StableSR and InflatedEncoderUNetModelWT in IanYeung/MGLD-VSR (in spite of that name frames do
    not see each other; it is the same network), prefix ``structcond_stage_model.`` in their checkpoints; S-Lab License 1.0.
    """

    def __init__(self, config: StructureEncoderConfig) -> None:
        super().__init__()
        widths = [config.model_channels * multiplier for multiplier in config.channel_multipliers]
        self.time_embed = TimeEmbedding(config.model_channels)
        embedding_width = self.time_embed.width
        first = TimedSequential([convolution(LATENT_CHANNELS, config.model_channels)])
        self.input_blocks = nn.ModuleList([first])
        channels = config.model_channels
        for level, width in enumerate(widths):
            for _ in range(config.blocks_per_level):
                modules: list[nn.Module] = [TimedResidualBlock(channels, width, embedding_width)]
                channels = width
                if 2**level in config.attention_reductions:
                    modules.append(AttentionBlock(channels, config.heads))
                self.input_blocks.append(TimedSequential(modules))
            if level < len(widths) - 1:
                self.input_blocks.append(TimedSequential([Downsample(channels)]))
        self.middle_block = TimedSequential(
            [
                TimedResidualBlock(channels, channels, embedding_width),
                AttentionBlock(channels, config.heads),
                TimedResidualBlock(channels, channels, embedding_width),
            ]
        )
        self.fea_tran = nn.ModuleList(TimedResidualBlock(width, config.structure_channels, embedding_width) for width in widths)

    def forward(self, latent: Tensor, timesteps: Tensor | PackedEmbedding) -> dict[int, Tensor]:
        """The structure features by their width, from the finest level.

        Args:
            latent: latents of the enlarged low-resolution frames, times 0.18215, (n, 4, h, w), any float type; w large enough for
                the widths of all levels to differ.
            timesteps: (1,) for all rows or (n,), 0 to 999: of the full schedule, also where steps are skipped; or
                what packed() made of them.

        Returns:
            (n, structure_channels, h', w') by w', in the dtype of the weights.
        """
        embedding = self.embedding(timesteps)
        hidden = latent.to(self.time_embed.dtype)
        levels = []
        for block in self.input_blocks:
            if isinstance(next(block.children()), Downsample):
                levels.append(hidden)
            hidden = block(hidden, embedding)
        levels.append(self.middle_block(hidden, embedding))
        features = (transfer(level, embedding) for transfer, level in zip(self.fea_tran, levels, strict=True))
        return {feature.shape[-1]: feature for feature in features}

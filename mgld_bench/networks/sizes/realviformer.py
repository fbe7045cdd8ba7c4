"""The size of a RealViformer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from mgld_bench.networks.layers.sizes import check_heads, check_positive

MULTIPLE: Final = 4
"""Both sides of the frames have to be multiples of it: features are halved twice."""


@dataclass(frozen=True)
class RealViformerConfig:
    """The size of a RealViformer; the default is the published one. ValueError where sizes do not fit together.

    Source: inference_realviformer.py of Yuehan717/RealViformer (MIT).
    """

    num_feat: int = 48
    """Channels at full size; twice and four times as many at the two smaller sizes."""
    num_blocks: tuple[int, int, int, int] = (2, 3, 4, 1)
    """Transformer blocks at full, half and quarter size, and of the refinement."""
    heads: tuple[int, int, int] = (1, 2, 4)
    """Attention heads at full, half and quarter size."""
    ffn_expansion_factor: float = 2.66
    merge_head: int = 2
    """Heads of the attention that merges a frame with what came before it."""
    squeeze_factor: int = 4
    """By how much channels are squeezed for attention."""

    def __post_init__(self) -> None:
        check_positive(num_feat=self.num_feat, ffn_expansion_factor=self.ffn_expansion_factor, squeeze_factor=self.squeeze_factor)
        check_positive(**{f"num_blocks[{index}]": count for index, count in enumerate(self.num_blocks)})
        check_heads([self.num_feat], self.squeeze_factor, "times fewer channels (squeeze_factor)")
        check_heads([self.num_feat], self.merge_head, "heads (merge_head)")
        for level, heads in enumerate(self.heads):
            check_heads([self.num_feat * 2**level // self.squeeze_factor], heads, f"heads (heads[{level}])")

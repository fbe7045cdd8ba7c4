"""The size of RVRT, and what it takes of a device's memory at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from mgld_bench.networks.layers.sizes import check_positive

BRANCHES: Final = ("backward_1", "forward_1", "backward_2", "forward_2")
"""The four recurrences, in the order in which they run."""
UPSAMPLED_CHANNELS: Final = 64


@dataclass(frozen=True)
class RVRTConfig:
    """The size of an RVRT, in the authors' names; the default is that of the published x4 checkpoints.

    Fields of three entries: shallow extractor, the four branches, reconstruction. ValueError where sizes do not fit together.
    """

    window_size: tuple[int, int, int] = (2, 8, 8)
    """Frames, rows and columns of an attention window."""
    num_blocks: tuple[int, int, int] = (1, 2, 1)
    """Residual Swin blocks."""
    depths: tuple[int, int, int] = (2, 2, 2)
    """Swin layers of each block."""
    embed_dims: tuple[int, int, int] = (144, 144, 144)
    """Channels; the first two have to be the same."""
    num_heads: tuple[int, int, int] = (6, 6, 6)
    """Of the attention within windows."""
    mlp_ratio: float = 2
    """Width of the MLPs' hidden layer, in channels."""
    qkv_bias: bool = True
    inputconv_groups: tuple[int, int, int, int, int, int] = (1, 1, 1, 1, 1, 1)
    """Convolution groups of the shallow extractor, the four branches and the reconstruction."""
    deformable_groups: int = 12
    """Groups of channels that are sampled at offsets of their own."""
    attention_heads: int = 12
    """Of the deformable attention."""
    attention_window: tuple[int, int] = (3, 3)
    """Rows and columns of points around a pixel that the deformable attention samples."""
    max_residue_magnitude: float = 10
    """Largest offset from the optical flow, in pixels."""

    def __post_init__(self) -> None:
        check_positive(
            mlp_ratio=self.mlp_ratio,
            deformable_groups=self.deformable_groups,
            attention_heads=self.attention_heads,
            max_residue_magnitude=self.max_residue_magnitude,
        )
        channels = self.embed_dims[1]
        if self.embed_dims[0] != channels:
            raise ValueError(f"embed_dims {list(self.embed_dims)}: the first two have to be the same")
        if any(width % heads for width, heads in zip(self.embed_dims, self.num_heads, strict=True)):
            raise ValueError(f"embed_dims {list(self.embed_dims)}: have to be multiples of num_heads {list(self.num_heads)}")
        if 2 * channels % self.attention_heads:
            raise ValueError(f"attention_heads {self.attention_heads}: have to divide twice the channels, {2 * channels}")
        if 4 * channels % self.deformable_groups:
            raise ValueError(
                f"deformable_groups {self.deformable_groups}: have to divide four times the channels, {4 * channels}"
            )


def usual_sampled_bytes(device: str) -> int:
    """Bytes of keys and values that are sampled at a time on this device by default; ``device``: cpu, cuda."""
    # On a CPU what fits its cache was fastest.
    return 2**21 if device == "cpu" else 2**28

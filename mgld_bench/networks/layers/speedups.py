"""Which of the ways to compute faster on a GPU are used: one switch each, so that a benchmark can show what each one brings."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from typing import ClassVar


@dataclass(frozen=True)
class Speedups:
    """Ways in which the diffusion methods compute the same faster; each moves frames by no more than rounding.

    The defaults are what users get on a CUDA GPU; nothing of it is used elsewhere unless it is asked for. The order of the fields
    is that of what they should bring.
    """

    fused_norms: bool = True
    """Group normalisation, what is added before it (a convolution's bias, the timestep) and SiLU in one pass over maps with
    channels last, in Triton; statistics in float32."""
    segments_at_once: int = 8
    """The most segments that are restored together; for methods without segments, five frames for each."""
    merged_projections: bool = True
    """Queries, keys and values in one product; scale and shift of a SPADE in one convolution."""
    fused_modulation: bool = True
    """SPADE's normalisation, scale, shift and the block's input in one pass, in Triton."""
    fused_gates: bool = True
    """The gate of a GEGLU in one pass, in Triton."""
    low_upsampling: bool = True
    """A 3x3 convolution of a map doubled by nearest neighbour as four 2x2 convolutions of the map itself."""
    batched_motion: bool = True
    """Optical flow of all segments and both directions in one call; guidance of all segments in one call."""
    shared_encoder: bool = True
    """One pass of one encoder where first stage and decoder have the same."""
    prepared_steps: bool = True
    """What networks make of a timestep is computed once for each step, for all of its blocks in one product, and kept."""
    batched_encoders: bool = True
    """Encoders see five frames at a time, not one."""
    matrix_attention: bool = True
    """The autoencoders' attention by matrix products, for whose 512 channels there is no fast fused one."""
    whole_mixing: bool = True
    """The decoder mixes whole frames of a clip at once, not bands of rows, frame by frame."""
    graphs: bool = True
    """U-Net and structure encoder as one CUDA graph per shape: nothing waits for launches."""

    FEWEST_SEGMENTS: ClassVar[int] = 4
    """Segments that are restored together without any of these."""

    @classmethod
    def none(cls) -> Speedups:
        """The plain way."""
        switched = {field.name: False for field in fields(cls) if field.name != "segments_at_once"}
        return cls(**switched, segments_at_once=cls.FEWEST_SEGMENTS)

    @classmethod
    def cumulative(cls) -> Iterator[tuple[str, Speedups]]:
        """("plain", none), then each way by its name with all ways before it; the last one has all.

        >>> [name for name, _ in Speedups.cumulative()][:3]
        ['plain', 'fused_norms', 'segments_at_once']
        >>> list(Speedups.cumulative())[-1][1] == Speedups()
        True
        """
        now, everything = cls.none(), cls()
        yield "plain", now
        for field in fields(cls):
            now = replace(now, **{field.name: getattr(everything, field.name)})
            yield field.name, now

"""Which frame stands for a clip in pictures."""

from __future__ import annotations

from mgld_bench.cards.schemas import ProtocolCard


def middle_frame(protocol: ProtocolCard, frame_count: int) -> int:
    """The middle one of the frames that the protocol scores and that the clip has."""
    chosen = range(frame_count) if protocol.frames == "all" else [index for index in protocol.frames if index < frame_count]
    return sorted(chosen)[len(chosen) // 2] if chosen else frame_count // 2

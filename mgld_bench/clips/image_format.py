"""What an image file holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class ImageFormat:
    """The facts of one image file, from its header."""

    height: int
    width: int
    samples: str
    """What is stored per pixel, in words."""
    lossy: bool = False
    alpha: bool = False
    """An alpha channel is stored; it may be dropped only where it is opaque."""
    conversion: Mapping[str, str] = field(default_factory=dict)
    """As ClipFacts.conversion."""

"""The plan of a pair: every parameter that was drawn, as plain data that goes to JSON and back unchanged."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from mgld_bench.degradation.kernels import BlurKernel
from mgld_bench.degradation.noise import NoiseKind
from mgld_bench.degradation.profiles import ProfileName
from mgld_bench.degradation.resizing import Interpolation
from mgld_bench.degradation.video import Codec

PROTOCOL: Literal["pairs-v1"] = "pairs-v1"

Size = tuple[int, int]
"""(height, width)"""


class PlanPart(BaseModel):
    """Base of every part of a plan: frozen, and closed to unknown fields."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ResizeFrame(PlanPart):
    """How one frame is resized."""

    mode: Interpolation
    size: Size


class NoiseFrame(PlanPart):
    """The noise of one frame."""

    kind: NoiseKind
    gray: bool
    level: float
    """gaussian: standard deviation on the 0..255 scale; poisson: factor of the noise."""


class JpegFrame(PlanPart):
    """The compression of one frame."""

    quality: int


class Blur(PlanPart):
    """Filter each frame with a kernel of its own."""

    op: str
    kind: Literal["blur"] = "blur"
    applied: bool
    frames: tuple[BlurKernel, ...]


class Resize(PlanPart):
    """Resize each frame."""

    op: str
    kind: Literal["resize"] = "resize"
    applied: bool
    frames: tuple[ResizeFrame, ...]


class Noise(PlanPart):
    """Add noise to each frame."""

    op: str
    kind: Literal["noise"] = "noise"
    applied: bool
    frames: tuple[NoiseFrame, ...]


class Jpeg(PlanPart):
    """A JPEG round trip of each frame."""

    op: str
    kind: Literal["jpeg"] = "jpeg"
    applied: bool
    frames: tuple[JpegFrame, ...]


class Video(PlanPart):
    """Encode the whole clip and decode it again."""

    op: str
    kind: Literal["video"] = "video"
    applied: bool
    codec: Codec
    bit_rate: int
    """Nominal bits per frame."""
    size: Size
    """Every frame is brought to the size of the first one."""


FrameOperation = Blur | Resize | Noise | Jpeg
Operation = Annotated[FrameOperation | Video, Field(discriminator="kind")]


class Plan(PlanPart):
    """Everything that is drawn for one clip, before any pixel is touched. An operation that is not applied has no frames."""

    protocol: Literal["pairs-v1"] = PROTOCOL
    profile: ProfileName
    seed_text: str
    """protocol|profile|dataset|clip|salt; the profile with -b<pixels> where bit rates are scaled."""
    seed: int
    """CRC-32 of ``seed_text``."""
    frame_count: int
    source_size: Size
    target_size: Size
    operations: tuple[Operation, ...]

    @property
    def videos(self) -> list[Video]:
        """The video compressions in order."""
        return [operation for operation in self.operations if isinstance(operation, Video)]

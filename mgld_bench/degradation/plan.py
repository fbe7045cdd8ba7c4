"""The plan of a clip's degradation: every parameter that is drawn, as plain data that goes to JSON and back unchanged."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import Field

from mgld_bench.plain_data import PlainData

PROTOCOL: Literal["pairs-v1"] = "pairs-v1"
"""Names how plans are drawn. A change in the drawing is a new protocol, and a new instance of every test set."""

ProfileName = Literal["mgld", "realbasicvsr"]
KernelType = Literal["iso", "aniso", "generalized_iso", "generalized_aniso", "plateau_iso", "plateau_aniso", "sinc"]
Interpolation = Literal["bilinear", "area", "bicubic"]
NoiseKind = Literal["gaussian", "poisson"]
Codec = Literal["libx264", "h264", "mpeg4"]

Size = tuple[int, int]
"""(height, width)"""


class BlurKernel(PlainData):
    """The parameters of one frame's blur kernel; those that its type does not have are None."""

    type: KernelType
    size: int
    """Rows and columns, odd, in pixels."""
    sigma_x: float | None = None
    """Standard deviation along x (before the rotation), in pixels; isotropic kernels: along both axes."""
    sigma_y: float | None = None
    angle: float | None = None
    """Rotation in radians."""
    beta: float | None = None
    """The exponent of generalized and plateau kernels."""
    omega: float | None = None
    """Cut-off frequency of a sinc kernel, in radians per pixel."""


class ResizeFrame(PlainData):
    """How one frame is resized."""

    mode: Interpolation
    size: Size


class NoiseFrame(PlainData):
    """The noise of one frame."""

    kind: NoiseKind
    gray: bool
    level: float
    """gaussian: standard deviation on the 0..255 scale; poisson: factor of the noise."""


class JpegFrame(PlainData):
    """The compression of one frame."""

    quality: int


class BlurOperation(PlainData):
    """Filter each frame with a kernel of its own."""

    op: str
    kind: Literal["blur"] = "blur"
    applied: bool
    frames: tuple[BlurKernel, ...]


class ResizeOperation(PlainData):
    """Resize each frame."""

    op: str
    kind: Literal["resize"] = "resize"
    applied: bool
    frames: tuple[ResizeFrame, ...]


class NoiseOperation(PlainData):
    """Add noise to each frame."""

    op: str
    kind: Literal["noise"] = "noise"
    applied: bool
    frames: tuple[NoiseFrame, ...]


class JpegOperation(PlainData):
    """A JPEG round trip of each frame."""

    op: str
    kind: Literal["jpeg"] = "jpeg"
    applied: bool
    frames: tuple[JpegFrame, ...]


class VideoOperation(PlainData):
    """Encode the whole clip and decode it again."""

    op: str
    kind: Literal["video"] = "video"
    applied: bool
    codec: Codec
    bit_rate: int
    """Nominal bits per frame."""
    size: Size
    """Every frame is first resized to the size of the clip's first frame."""


FrameOperation = BlurOperation | ResizeOperation | NoiseOperation | JpegOperation
"""What is done to each frame by itself."""

Operation = Annotated[FrameOperation | VideoOperation, Field(discriminator="kind")]


class DegradationPlan(PlainData):
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
    """Of the LR frames: a quarter of the source."""
    operations: tuple[Operation, ...]

    @property
    def videos(self) -> list[VideoOperation]:
        """The video compressions in order."""
        return [operation for operation in self.operations if isinstance(operation, VideoOperation)]


class DrawnPlan(PlainData):
    """What a degradation without operations of the suite's has drawn for one clip: plain data, {} where nothing is random."""

    protocol: Literal["pairs-v1"] = PROTOCOL
    seed_text: str
    """protocol|module:Class|dataset|clip|salt."""
    seed: int
    """CRC-32 of ``seed_text``."""
    frame_count: int
    source_size: Size
    target_size: Size
    """Of the LR frames: the source's divided by the scale."""
    drawn: dict[str, Any]

    @property
    def videos(self) -> list[VideoOperation]:
        """None: LR is made again from the ground truth."""
        return []


AnyPlan: TypeAlias = DegradationPlan | DrawnPlan

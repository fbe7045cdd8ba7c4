"""DBVSR: each frame is deblurred, then refined with the two frames before and the two after it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, cast

from mgld_bench.clips.clip import Clip, Frame
from mgld_bench.errors import InputError
from mgld_bench.memory import over_budget
from mgld_bench.methods.bases.network_restorer import NetworkRestorer
from mgld_bench.methods.bases.pictures import sliding, to_frame, to_pictures
from mgld_bench.methods.compute import Compute
from mgld_bench.methods.restorer import RestorerOptions
from mgld_bench.networks.sizes.dbvsr import WINDOW, DBVSRConfig

if TYPE_CHECKING:
    from torch import nn

    from mgld_bench.networks.dbvsr.network import DBVSR, DescribedFrame


class DBVSROptions(RestorerOptions):
    """Only the size of the network: the authors' program has no other options."""

    network: DBVSRConfig = DBVSRConfig()


class DBVSRRestorer(NetworkRestorer[DBVSROptions]):
    """DBVSR x4: /255, network on a window of 5 whole frames, clamp to [0, 1], times 255, round half to even.

    Every frame is restored, as with the authors' --border; for the ends of a clip see `window_at`. What depends on one frame is
    computed once for all windows that hold it, the blur only for the frame that is restored, and the last four convolutions as
    the single one that they amount to: the same values up to rounding, in 0.46 TFLOP instead of the 1.24 TFLOP of the authors'
    program (a frame of 320 x 180). There are no tiles: blur and deconvolution are those of a whole frame.

    In half precision, optical flow and blur stay in float32 and the deconvolution in float64. It needs a device with float64.

    Weights: role ``network``, a plain state dict. Source: code/inference.py of csbhr/Deep-Blind-VSR (MIT).
    """

    title = "DBVSR"
    revision: ClassVar[int] = 1
    memory_per_pixel: ClassVar[int] = 12_000
    """Bytes of intermediate results per LR pixel in float32, without the optical flow (measured on a CPU, rounded up)."""
    flow_memory_per_pixel: ClassVar[int] = 3_000
    """The same for the optical flow, per pixel of a frame whose sides are rounded up to multiples of 64."""

    network: DBVSR

    def __init__(self, options: DBVSROptions, weights: Mapping[str, Path] | None, compute: Compute) -> None:
        if compute.device.startswith("mps"):
            raise InputError(f"device {compute.device}: {self.title} needs float64, which Metal does not have; use cpu")
        super().__init__(options, weights, compute)

    def create_network(self, options: DBVSROptions) -> DBVSR:
        """DBVSR of the options' size."""
        from mgld_bench.networks.dbvsr.network import DBVSR

        return DBVSR(options.network)

    def place(self, network: nn.Module) -> nn.Module:
        """Optical flow and blur stay in float32; the kernel of the enlargement is derived before weights are rounded."""
        from mgld_bench.networks.dbvsr.network import DBVSR

        dbvsr = cast(DBVSR, network.to(self.device))
        dbvsr.compose_enlargement()
        for part in dbvsr.trunk():
            part.to(self.dtype)
        return dbvsr

    def restore(self, clip: Clip, start: int = 0) -> Iterator[Frame]:
        """Restored frames, one at a time; any start gives the same ones."""
        import torch

        self._check_memory(clip)
        windows = [window_at(index, clip.frame_count) for index in range(start, clip.frame_count)]
        if not windows:
            return
        first = min(windows[0])
        for window in sliding(map(self._describe, clip.frames(first)), first, windows):
            with torch.inference_mode():
                restored = self.network.restore(window)
            yield to_frame(restored[0])

    def notes(self, clip: Clip) -> Mapping[str, str]:
        """Whether a window is larger than the clip."""
        if clip.frame_count >= WINDOW:
            return {}
        return {"window": f"the clip is shorter than a window of {WINDOW} frames, so frames are repeated in it"}

    def _describe(self, frame: Frame) -> DescribedFrame:
        import torch

        picture = to_pictures([frame]).to(self.device)
        with torch.inference_mode():
            return self.network.describe(picture)

    def _check_memory(self, clip: Clip) -> None:
        """Raise InputError if a frame, which cannot be cut into tiles, does not fit."""
        needed = self._memory(clip.height, clip.width)
        allowed = self.compute.memory_budget()
        if needed > allowed:
            what = f"clip {clip.name}: one frame of {clip.width} x {clip.height}, which {self.title} cannot restore in parts,"
            raise over_budget(what, needed, allowed)

    def _memory(self, height: int, width: int) -> int:
        """Bytes of intermediate results for frames of this size."""
        import torch

        from mgld_bench.networks.pwcnet import MULTIPLE

        trunk = height * width * self.memory_per_pixel * self.dtype.itemsize // torch.float32.itemsize
        flow = (height + -height % MULTIPLE) * (width + -width % MULTIPLE) * self.flow_memory_per_pixel
        return trunk + flow


def window_at(index: int, frame_count: int) -> tuple[int, ...]:
    """The five frames of which frame ``index`` is the middle one, in a clip of ``frame_count``.

    The clip is extended at the front by its first two frames and at the end by its last two, each pair in its own order, as the
    authors' --border does: 0, 1, 0, 1, 2, ... n - 2, n - 1, n - 2, n - 1. This neither repeats the border nor mirrors at it. For
    a clip of one frame, for which the authors' rule gives too few, it is that frame five times.

    >>> window_at(0, 10), window_at(9, 10), window_at(0, 2)
    ((0, 1, 0, 1, 2), (7, 8, 9, 8, 9), (0, 1, 0, 1, 0))
    """
    half = WINDOW // 2
    if frame_count == 1:
        return (0,) * WINDOW
    return tuple(_continued(place, frame_count) for place in range(index - half, index + half + 1))


def _continued(place: int, frame_count: int) -> int:
    if place < 0:
        return place + WINDOW // 2
    if place >= frame_count:
        return place - WINDOW // 2
    return place

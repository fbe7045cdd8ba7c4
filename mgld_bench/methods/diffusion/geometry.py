"""The geometry of a clip's frames: from LR frames to the padded pictures that networks see, and back to the saved frame.

Source: the tile scripts of StableSR (sr_val_ddpm_text_T_vqganfin_oldcanvas_tile.py) and of MGLD-VSR (vsr_val_… of the same name),
which do the same in this.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from mgld_bench.clips.clip import Frame
from mgld_bench.methods.bases.pictures import NOT_FINITE, require_finite, to_levels
from mgld_bench.methods.restorer import NotFiniteError

UPSCALE: Final = 4
LEAST_SIDE: Final = 512
"""Frames are enlarged at least until their shorter side has this many pixels."""
MULTIPLE: Final = 32


@dataclass(frozen=True)
class Geometry:
    """The sizes of one clip's frames on their way through a diffusion method; sizes are (height, width) in pixels."""

    height: int
    width: int
    """Of the LR frames."""
    faithful: bool = True
    """As the authors' scripts, with the three faults that made the published numbers: an axis that needs no padding gets 32
    pixels if the other axis needs some; the enlarged size is truncated, not rounded, to whole pixels (511 for a side of 49, 98,
    103 or 107); frames below 128 pixels are shrunk with their padding on. What the last fault adds is cut off here."""
    least_side: int = LEAST_SIDE
    multiple: int = MULTIPLE

    @property
    def scale(self) -> float:
        """How many times frames are enlarged: 4, or more for frames whose shorter side is below 128 pixels."""
        return max(self.least_side / min(self.height, self.width), float(UPSCALE))

    @property
    def enlarged(self) -> tuple[int, int]:
        """Height and width after enlarging."""
        exact = (self.height * self.scale, self.width * self.scale)
        return (int(exact[0]), int(exact[1])) if self.faithful else (round(exact[0]), round(exact[1]))

    @property
    def padded(self) -> tuple[int, int]:
        """Height and width after padding, which the networks see."""
        height, width = self.enlarged
        if height % self.multiple == 0 and width % self.multiple == 0:
            return height, width
        extra = self.multiple if self.faithful else self.multiple - 1
        return _multiple_below(height + extra, self.multiple), _multiple_below(width + extra, self.multiple)

    def enlarge(self, pictures: Tensor) -> Tensor:
        """LR frames (n, 3, h, w) in [0, 1], enlarged (bicubic, without antialiasing), mapped to [-1, 1], clamped and padded."""
        enlarged = functional.interpolate(2 * pictures - 1, self.enlarged, mode="bicubic", align_corners=False).clamp(-1, 1)
        (height, width), (down, right) = self.enlarged, self.padded
        return functional.pad(enlarged, (0, right - width, 0, down - height), mode="reflect")

    def saved(self, restored: Tensor) -> Tensor:
        """One restored frame (3, h, w) of the padded size in [-1, 1] as the authors' script saves it, in [0, 1].

        If frames were enlarged more than four times and padded, some of the padding stays: the result is then larger than four
        times the LR frame.
        """
        picture = ((restored + 1) / 2).clamp(0, 1)
        if self.scale > UPSCALE:
            picture = _shrunk(picture, self._shrunk_size())
        height, width = self.enlarged
        return picture[:, :height, :width]

    def finish_all(self, restored: Tensor, chosen: Sequence[int]) -> Iterator[Frame]:
        """finish() of some of the restored frames (n, 3, h, w), which are taken from a GPU together, as 8 bits.

        Raises NotFiniteError at the first one that is no picture.
        """
        if restored.device.type != "cuda":
            yield from (self.finish(restored[index]) for index in chosen)
        else:
            yield from self._finish_together(restored, chosen)

    def _finish_together(self, restored: Tensor, chosen: Sequence[int]) -> Iterator[Frame]:
        finite = torch.isfinite(restored.abs().amax(dim=(1, 2, 3)))
        levels = torch.stack([self._levels(restored[index]) for index in chosen])
        # To memory that a GPU can write itself.
        frames = torch.empty(levels.shape, dtype=levels.dtype, pin_memory=levels.is_cuda).copy_(levels).numpy()
        known = None if bool(finite.all()) else finite.tolist()
        for frame, index in zip(frames, chosen, strict=True):
            if known is not None and not known[index]:
                raise NotFiniteError(NOT_FINITE)
            yield frame

    def finish(self, restored: Tensor) -> Frame:
        """One restored frame (3, h, w) of the padded size in [-1, 1] as (4 h, 4 w, 3) uint8 of the LR frame's size.

        Kept where faithful: 8-bit values are truncated, not rounded. Raises NotFiniteError for what is no picture.
        """
        require_finite(restored)
        return np.ascontiguousarray(self._levels(restored).cpu().numpy())

    def _levels(self, restored: Tensor) -> Tensor:
        """The frame of finish(), as a tensor (4 h, 4 w, 3) uint8 on the device."""
        if self.faithful:
            kept = self.saved(restored)[:, : UPSCALE * self.height, : UPSCALE * self.width]
            return truncated(kept)
        height, width = self.enlarged
        picture = ((restored[:, :height, :width] + 1) / 2).clamp(0, 1)
        if self.scale > UPSCALE:
            picture = _shrunk(picture, (UPSCALE * self.height, UPSCALE * self.width))
        return to_levels(picture)

    def _shrunk_size(self) -> tuple[int, int]:
        """The padded frame's size when shrunk; at least four times the LR frame, as rounding may lose a pixel of that."""
        height, width = (int(side * UPSCALE / self.scale) for side in self.padded)
        return max(height, UPSCALE * self.height), max(width, UPSCALE * self.width)


def truncated(picture: Tensor) -> Tensor:
    """(3, h, w) float RGB in [0, 1] as (h, w, 3) uint8: times 255, truncated."""
    return (picture.float() * 255).to(torch.uint8).permute(1, 2, 0)


def _shrunk(picture: Tensor, size: tuple[int, int]) -> Tensor:
    return functional.interpolate(picture[None], size, mode="bicubic", align_corners=False)[0].clamp(0, 1)


def _multiple_below(length: int, multiple: int) -> int:
    return length // multiple * multiple

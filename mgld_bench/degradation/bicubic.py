"""The degradation BI: MATLAB's bicubic reduction with anti-aliasing."""

from __future__ import annotations

from collections.abc import Iterator

from mgld_bench.clips.bicubic import resize_bicubic, to_levels
from mgld_bench.clips.clip import Frame
from mgld_bench.degradation.degradation import Degradation, DegradationOptions
from mgld_bench.degradation.plan import DrawnPlan


class Bicubic(Degradation[DegradationOptions]):
    """imresize(im2double(frame), 1 / scale, 'bicubic') of MATLAB, rounded once, half away from zero.

    Source: BasicVSR's authors (open-mmlab/mmagic, issue 487) and generate_LR_Vimeo90K.m of cszn/KAIR, to which RVRT refers. The
    kernel is Keys' with a = -0.5, widened by the scale (at x4: 16 taps); borders are mirrored with the edge repeated. At x2 and
    x4 every weight is a multiple of a power of two, so that sums are exact and all machines give the same bytes.
    """

    def degrade(self, frames: Iterator[Frame], plan: DrawnPlan) -> Iterator[Frame]:
        """One frame at a time."""
        for frame in frames:
            yield to_levels(resize_bicubic(frame, *plan.target_size))
